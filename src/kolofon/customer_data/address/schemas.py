"""Wire shapes of Address."""

from typing import Annotated, Literal

from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import BodyKwarg
from msgspec import Meta

from kolofon.engine.customers.party import Digits
from kolofon.platform.schemas import Answer, EpochMilliseconds, RequestBody

ChangeType = Literal["update", "delete", "create", "createPermanent"]
AddressType = Literal["current", "future", "historical"]

PRODUCTS = 20  # that are changed at once
_LIST = f"^[^,]{{1,12}}(,[^,]{{1,12}}){{1,{PRODUCTS - 1}}}$"
# One code, or several in one text: the limit of 12 is that of each.
Products = Annotated[
    str,
    Meta(max_length=PRODUCTS * 13, description="Product code, or several separated by commas. Needed by create."),
    BodyKwarg(
        schema_extra={
            "any_of": [
                Schema(type=OpenAPIType.STRING, max_length=12),
                Schema(type=OpenAPIType.STRING, pattern=_LIST),
            ]
        }
    ),
]
# Litestar leaves limits out of its document where there is a choice, so they are told to it once more.
PostalCode = (
    Annotated[str, Meta(max_length=10), BodyKwarg(max_length=10)] | Annotated[int, Meta(ge=0, le=9_999_999_999)]
)


class ChangePeriod(RequestBody):
    """From when until when. What is left out: see the operation."""

    start_time: (
        Annotated[EpochMilliseconds, Meta(description="It begins with the day of this time, at the earliest today.")]
        | None
    ) = None
    end_time: (
        Annotated[EpochMilliseconds, Meta(description="The day of this time is its last, whatever the hour.")] | None
    ) = None


class AddressChange(RequestBody, kw_only=True):
    """A change of addresses. Which members it takes depends on changeType."""

    change_type: Annotated[
        ChangeType,
        Meta(
            description=(
                "update: correct the home address, or with id and period move the dates of a change. delete: cancel a "
                "change that has not begun. create: have products delivered elsewhere for a time. createPermanent: "
                "move house."
            )
        ),
    ]
    product: Products | None = None
    id: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=2**53 - 1,
                description=(
                    "Which change to move or delete; which address to use again, instead of the members below. "
                    "Not that of the home address, other than in an update without period."
                ),
            ),
        ]
        | None
    ) = None
    care_of_address: Annotated[str, Meta(max_length=40, description="The c/o line.")] | None = None
    street_address: Annotated[str, Meta(max_length=40, description="Street, without the number.")] | None = None
    street_number: Annotated[Digits | None, Meta(description="Number of the house, or its digits.")] = None
    entrance: Annotated[str, Meta(max_length=12, description="Letter of the house or its entrance.")] | None = None
    postal_code: Annotated[
        PostalCode | None, Meta(description="Postal code; as a number it may lack its zeros: 150 is 0150.")
    ] = None
    postal_place: Annotated[str, Meta(max_length=30, description="Postal place, as it is to be printed.")] | None = None
    postal_address: Annotated[str, Meta(max_length=40, description="Another address for post: a box.")] | None = None
    postal_address_postal_code: Annotated[PostalCode | None, Meta(description="Its postal code.")] = None
    postal_address_postal_place: Annotated[str, Meta(max_length=30, description="Its postal place.")] | None = None
    country_code: (
        Annotated[str, Meta(max_length=3, description="ISO 3166 alpha-2. Needed by update and create.")] | None
    ) = None
    period: Annotated[ChangePeriod, Meta(description="The dates of a change. Not for the home address.")] | None = None


class Period(Answer):
    """When a change or a former address counts."""

    start_time: Annotated[EpochMilliseconds, Meta(description="00:00:00 on the first day.")]
    end_time: (
        Annotated[EpochMilliseconds, Meta(description="23:59:59 on the last day; left out when there is none.")] | None
    ) = None


class ListedAddress(Answer, kw_only=True):
    """One address. Lines that came with an order may be longer than those that can be sent here."""

    id: Annotated[int, Meta(description="What Change addresses takes as id.")]
    product: Annotated[str, Meta(max_length=12, description="Product of a temporary change.")] | None = None
    care_of_address: Annotated[str, Meta(description="The c/o line.")] | None = None
    street_address: Annotated[str, Meta(description="Street, without the number.")] | None = None
    street_number: Annotated[int, Meta(description="Number of the house.")] | None = None
    entrance: Annotated[str, Meta(description="Letter of the house or its entrance.")] | None = None
    floor_type: Annotated[str, Meta(description="Letter of the kind of floor.")] | None = None
    floor: Annotated[int, Meta(description="Floor.")] | None = None
    suite: Annotated[str, Meta(description="Flat or suite.")] | None = None
    postal_code: Annotated[str, Meta(description="Postal code, in bare digits in the Nordic countries.")] | None = None
    postal_place: Annotated[str, Meta(description="Postal place.")] | None = None
    postal_address: Annotated[str, Meta(description="Another address for post: a box.")] | None = None
    postal_address_postal_code: Annotated[str, Meta(description="Its postal code.")] | None = None
    postal_address_postal_place: Annotated[str, Meta(description="Its postal place.")] | None = None
    country_code: Annotated[str, Meta(description="ISO 3166 alpha-2.")] | None = None
    address_type: Annotated[
        AddressType,
        Meta(description="current: it counts today. future: it will. historical: it did, and can be used again."),
    ]
    permanent: Annotated[bool, Meta(description="true: a home address. false: a temporary change for a product.")]
    period: Annotated[Period, Meta(description="Left out on the present home address.")] | None = None


class Addresses(Answer):
    """Home first, then the running changes, then what is planned, then former addresses, the latest first."""

    addresses: list[ListedAddress]
