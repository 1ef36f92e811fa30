"""Wire shapes of Privacy."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer, RequestBody

Purpose = Annotated[str, Meta(max_length=20, description="Code of the purpose permitted, e.g. DM or EM.")]


class PurposePermission(RequestBody):
    """One purpose, as sent."""

    purpose: Purpose | None = None


class PrivacyRequest(RequestBody):
    """The purposes to permit. They replace those permitted before; without the list nothing changes."""

    permission: list[PurposePermission] | None = None


class PermittedPurpose(Answer):
    """One purpose that is permitted."""

    purpose: Purpose


class PrivacyAnswer(Answer):
    """The purposes permitted on one level. One that is not in the list is not permitted."""

    permission: list[PermittedPurpose]
