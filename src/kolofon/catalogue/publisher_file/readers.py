"""The shape of demo readers in a publisher file: sign-ins for trying the system out, never real people.

They are made once. What they do afterwards, such as changing a permission, is theirs: no later load touches it.
"""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.catalogue.publisher_file.offers import CouponKey
from kolofon.catalogue.publisher_file.types import Code, Country, File, Name, PurposeCode, Time

AddressLine = Annotated[str, Meta(min_length=1, max_length=60)]
ReaderPostalCode = Annotated[str, Meta(min_length=1, max_length=10)]

VerificationLevel = Literal[
    "notVerified",
    "notRepeatedCredential",
    "repeatedCredential",
    "externallyVerified",
    "verificationLink",
    "verificationCode",
    "enteredPassword",
]


class ReaderName(File):
    """What a person or company is called."""

    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    company_name: Name | None = None
    department_name: Name | None = None


class Credential(File, kw_only=True):
    """What a reader signs in with. The type may be left out: it shows in the credential."""

    credential: Annotated[str, Meta(min_length=3, max_length=255)]
    type: Literal["email", "phone", "external"] | None = None
    verification_level: VerificationLevel = "notVerified"


class PhoneNumber(File):
    """A number to call, not to sign in with."""

    number: Annotated[str, Meta(min_length=3, max_length=30)]
    type: Literal["personal", "company", "home", "mobile"] = "mobile"


class ReaderAddress(File, kw_only=True):
    """Where a customer is found; the postal address is another one for post, such as a box."""

    care_of: AddressLine | None = None
    street: AddressLine | None = None
    street_number: Annotated[int, Meta(ge=0, le=99999)] | None = None
    entrance: AddressLine | None = None
    postal_code: ReaderPostalCode | None = None
    postal_place: AddressLine | None = None
    country: Country | None = None
    postal_address: AddressLine | None = None
    postal_address_postal_code: ReaderPostalCode | None = None
    postal_address_postal_place: AddressLine | None = None


class ReaderSubscription(File, kw_only=True):
    """A subscription; without an end it never ends. It renews by its coupon, else by the product's own price."""

    product: Code
    coupon: CouponKey | None = None
    category: Code | None = None
    state: Literal["waiting", "active", "stopping", "paused", "stopped"] = "active"
    start: Time
    end: Time | None = None
    paid: bool = True


class ReaderAccess(File, kw_only=True):
    """One single thing to read for a time: an article, a category type or a product."""

    article: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    category_type: Code | None = None
    product: Code | None = None
    start: Time
    end: Time


class ReaderPrivacy(File, kw_only=True):
    """The purposes that the reader permits an enterprise, or one of its order types."""

    enterprise: Code
    order_type: Code | None = None
    purposes: tuple[PurposeCode, ...]


class ReaderMarketing(File, kw_only=True):
    """Channels permitted and shielded: globally (no enterprise), for an enterprise or for one of its order types."""

    enterprise: Code | None = None
    order_type: Code | None = None
    permission: tuple[Code, ...] = ()
    shield: tuple[Code, ...] = ()


class ReaderCustomer(File, kw_only=True):
    """The customer that a reader is. Readers who share one: the first who says more than the number describes it."""

    customer_number: Annotated[int, Meta(ge=1, le=999_999_999)]
    name: ReaderName | None = None
    address: ReaderAddress | None = None
    subscriptions: tuple[ReaderSubscription, ...] = ()
    access: tuple[ReaderAccess, ...] = ()
    privacy: tuple[ReaderPrivacy, ...] = ()
    marketing: tuple[ReaderMarketing, ...] = ()


class Reader(File, kw_only=True):
    """A user account, recognised by its credentials: files of several partners may have the same reader."""

    about: Name | None = None
    name: ReaderName | None = None
    credentials: Annotated[tuple[Credential, ...], Meta(min_length=1)]
    password: Annotated[str, Meta(min_length=10, max_length=200)] | None = None
    phone_numbers: tuple[PhoneNumber, ...] = ()
    emails: tuple[Annotated[str, Meta(max_length=255)], ...] = ()
    disabled: bool = False
    customer: ReaderCustomer | None = None
