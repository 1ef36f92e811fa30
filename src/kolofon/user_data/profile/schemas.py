"""Wire shapes of Profile."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kolofon.platform.schemas import Answer, CustomerNumber, EpochMilliseconds, UniqueId

ExternalSource = Literal["Facebook", "Google", "Vipps", "Apple"]
EmailAddress = Annotated[str, Meta(max_length=255, extra_json_schema={"format": "email"})]


class Credential(Answer):
    """A credential of the user, its type in words."""

    credential: Annotated[str, Meta(description="E-mail address, phone number in E.164 or external identity.")]
    credential_type: Annotated[str, Meta(description="email, phone or external.")]
    verification_level: str


class Name(Answer):
    """A person's or a company's name."""

    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    department_name: str | None = None


class PhoneNumber(Answer):
    """A phone number to reach the user at."""

    phone_number: Annotated[str, Meta(description="In E.164.")]
    phone_number_type: Annotated[str, Meta(description="personal, company, home or mobile.")]


class UserProfile(Answer, kw_only=True):
    """The account. Contact data can hold more than the credentials do."""

    unique_id: UniqueId
    login_credential: Annotated[Credential, Meta(description="The credential of the current login.")] | None = None
    user_credentials: list[Credential]
    name: Name
    phone_numbers: list[PhoneNumber]
    emails: list[EmailAddress]
    external_sources: list[ExternalSource]


class LegacyCredential(Answer):
    """A credential, its type as a letter: A e-mail, B phone, others external identities."""

    credential: str
    credential_type: str


class LegacyProfile(Answer, kw_only=True):
    """The profile as clients read it before List user profile; `userId` and `uniqueId` are the same."""

    user_id: UniqueId
    unique_id: UniqueId
    customer_number: CustomerNumber | None = None
    credential: LegacyCredential | None = None
    name: Name
    phone_numbers: list[PhoneNumber]
    emails: list[EmailAddress]


class ExternalAddress(Answer):
    """An address that an outside source told."""

    address_type: Annotated[str, Meta(description="work, home or other.")] | None = None
    street_address: str | None = None
    postal_code: str | None = None
    postal_place: str | None = None
    country_code: Annotated[str, Meta(description="Two letters.")] | None = None


class ExternalName(Answer):
    """A name that an outside source told."""

    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None


class ExternalInfo(Answer):
    """What an outside source told of the user."""

    birth_date: EpochMilliseconds | None = None
    name: ExternalName | None = None
    phone_numbers: list[str] = msgspec.field(default_factory=list)
    emails: list[EmailAddress] = msgspec.field(default_factory=list)
    addresses: list[ExternalAddress] = msgspec.field(default_factory=list)


class ExternalProfile(Answer):
    """One outside source the user is linked to."""

    source: ExternalSource
    info: ExternalInfo


class ExternalProfiles(Answer):
    """All outside sources; empty when there is none."""

    external_profile_list: list[ExternalProfile]
