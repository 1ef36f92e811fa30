"""Wire shapes of External Reference."""

from typing import Annotated

from msgspec import Meta

from kolofon.engine.customers.references import EXTERNAL_ID_LENGTH, REFERENCE_CODE, REFERENCE_CODE_LENGTH
from kolofon.platform.schemas import Answer, RequestBody

ReferenceCode = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=REFERENCE_CODE_LENGTH,
        description="Names the other system: letters, digits, dots, hyphens and underscores, as CRM.",
        extra_json_schema={"pattern": REFERENCE_CODE},
    ),
]
ExternalId = Annotated[
    str, Meta(min_length=1, max_length=EXTERNAL_ID_LENGTH, description="What that system calls the customer.")
]


class ExternalReferenceRequest(RequestBody):
    """A reference to store."""

    reference_code: ReferenceCode
    external_id: ExternalId


class ExternalReferenceChange(RequestBody):
    """The identifier to have instead."""

    external_id: ExternalId


class ExternalReference(Answer):
    """What one system calls the customer."""

    reference_code: ReferenceCode
    external_id: ExternalId


class ExternalReferences(Answer):
    """All references of a customer, in the order of their codes."""

    external_references: list[ExternalReference]


class ExternalReferenceAnswer(Answer):
    """Whether it is so now."""

    success: Annotated[bool, Meta(description="Whether it was done, or was so before; false: nothing was changed.")]
