"""Wire shapes of Credential."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, RequestBody, UniqueId

CredentialType = Annotated[
    Literal["A", "B", "D", "E", "H", "I", "L", "M", "X", "Z"],
    Meta(
        description="A: e-mail address, B: mobile number, D: aID, E: Egmont ID, H: Byggföretagen OpenID, I: Coruscant "
        "ID, L: LRF Media ID, M: Mentor ID, X: another external system, Z: Zephr."
    ),
]


class CredentialRequest(RequestBody):
    """What to look for."""

    credential: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=60,
            description="E-mail address, phone number in E.164 or of the partner's country, or an external identity "
            "such as `AID:<id>`.",
        ),
    ]
    credential_type: (
        Annotated[CredentialType, Meta(description="Needed for an external identity without its prefix.")] | None
    ) = None


class CredentialAnswer(Answer, kw_only=True):
    """Whether it is somebody's."""

    credential: Annotated[str, Meta(description="As it is stored: e-mail in small letters, phone number in E.164.")]
    credential_type: CredentialType
    exists: Annotated[bool, Meta(description="Whether a user has it, of whatever partner: users are shared.")]
    unique_id: UniqueId | None = None
    is_password_set: Annotated[bool, Meta(description="Whether that user has a password.")] | None = None
