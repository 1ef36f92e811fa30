"""Wire shapes of External Identity."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, CustomerNumber, RequestBody, UniqueId

ExternalId = Annotated[str, Meta(min_length=1, max_length=60, description="The third party's id of the user.")]
ExternalCredentialType = Annotated[
    Literal["D", "E", "H", "I", "L", "M", "X", "Z"],
    Meta(
        description="D: aID, E: Egmont ID, H: Byggföretagen OpenID, I: Coruscant ID, L: LRF Media ID, "
        "M: Mentor ID, X: another external system, Z: Zephr."
    ),
]


class ExternalIdRequest(RequestBody):
    """Who the user is at the third party."""

    external_id: ExternalId
    credential_type: ExternalCredentialType


class ExternalIdCustomerRequest(ExternalIdRequest):
    """Which customer that user is."""

    customer_number: CustomerNumber


class ExternalIdAnswer(Answer, kw_only=True):
    """The user's handle here."""

    credential: Annotated[str, Meta(max_length=60, description="Prefix of the type, colon, external id.")]
    external_id: ExternalId
    credential_type: ExternalCredentialType
    can_login: bool
    customer_number: CustomerNumber | None = None
    unique_id: UniqueId
    enabled: bool
    new_user: Annotated[bool, Meta(description="True when this call created the handle.")]
    extid_code: Annotated[str, Meta(description="To be traded for a user's token; good once, for ten minutes.")]
