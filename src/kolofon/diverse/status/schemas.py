"""Wire shapes of Status."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer, EpochMilliseconds


class StatusMessage(Answer, kw_only=True):
    """Something to be shown to the customer."""

    code: Annotated[str, Meta(max_length=40, description="What it is: the notice's own code, or invoiceOverdue.")]
    message: Annotated[str, Meta(description="The text, to be shown as text.")]
    product: Annotated[str, Meta(max_length=12, description="Code of the product, if it is about one.")] | None = None
    date: Annotated[EpochMilliseconds, Meta(description="Since when: the notice's start, or the day it was due.")]
    end_time: (
        Annotated[EpochMilliseconds, Meta(description="Until when it is to be shown, if that is known.")] | None
    ) = None


class StatusMessages(Answer):
    """What concerns the customer now, what began first before the rest."""

    status_messages: list[StatusMessage]
