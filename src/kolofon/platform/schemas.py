"""What every wire shape is made from."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta


class RequestBody(msgspec.Struct, rename="camel"):
    """A body that a caller sends. Unknown members are ignored: the API promises compatible growth."""


StructT = TypeVar("StructT", bound=msgspec.Struct)


def without_blanks(body: StructT) -> StructT:
    """A body's own texts without spaces around them; a text of nothing else counts as not sent."""
    texts = {name: getattr(body, name) for name in body.__struct_fields__}
    stripped = {name: text.strip() or None for name, text in texts.items() if type(text) is str}
    return msgspec.structs.replace(body, **stripped)


class Answer(msgspec.Struct, rename="camel", omit_defaults=True):
    """A body that a caller gets. Members that have nothing to say are left out."""


CustomerNumber = Annotated[int, Meta(ge=1, le=2**53 - 1, description="Number of a customer of the partner.")]
EpochMilliseconds = Annotated[int, Meta(description="Milliseconds since 1970-01-01 00:00 UTC.")]
UniqueId = Annotated[str, Meta(pattern="^[0-9a-fA-F]{32}$", description="A user's permanent id: 32 hex digits.")]
Code = Annotated[str, Meta(min_length=1, max_length=12)]
