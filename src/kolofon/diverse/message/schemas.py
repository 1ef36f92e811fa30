"""Wire shapes of Message."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, Code, CustomerNumber, EpochMilliseconds, RequestBody

CaseType = Annotated[
    Literal["A", "B"],
    Meta(
        description="A: follow-up of a complaint, B: cancellation; none: no special matter.",
        extra_json_schema={"maxLength": 1},
    ),
]
Subject = Annotated[str, Meta(max_length=40, description="What it is about, in a few words.")]
Content = Annotated[str, Meta(min_length=1, max_length=32000, description="The text; never read as HTML.")]
Product = Annotated[Code, Meta(description="Code of the product it is about.")]


class MessageRequest(RequestBody, kw_only=True):
    """What a customer writes to customer service."""

    product: Product
    case_type: CaseType | None = None
    message_subject: Subject | None = None
    message_content: Content


class ClientMessageRequest(RequestBody, kw_only=True):
    """What somebody writes to customer service, as by a contact form; the sender need not be named."""

    product: Product | None = None
    case_type: CaseType | None = None
    message_subject: Subject | None = None
    message_content: Content
    customer_number: CustomerNumber | None = None
    name: Annotated[str, Meta(max_length=255, description="Name of who writes.")] | None = None
    email: (
        Annotated[
            str, Meta(max_length=255, description="Where the answer is sent, unless the customer has an address.")
        ]
        | None
    ) = None
    phone_number: (
        Annotated[str, Meta(max_length=40, description="E.164, or a number of the partner's country.")] | None
    ) = None


class Message(Answer, kw_only=True):
    """One entry of a case."""

    id: Annotated[int, Meta(description="Number of the case: a question and its answers share it.")]
    date: Annotated[EpochMilliseconds, Meta(description="When it was written, in milliseconds since 1970.")]
    direction: Annotated[Literal["IN", "OUT"], Meta(description="IN: to customer service, OUT: from there.")]
    message_subject: Subject | None = None
    message_content: Annotated[str, Meta(max_length=32000, description="The text, to be shown as text.")]


class Messages(Answer):
    """Cases, the oldest first, and the entries of each together, the oldest first."""

    messages: list[Message]
