"""What a row of an import may hold: members nested as in the API, or the columns of a table."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from kolofon.catalogue.publisher_file.readers import VerificationLevel
from kolofon.engine.customers.party import (
    DateOrTime,
    Digits,
    Email,
    PartyCategory,
    PartyPermission,
    PartyPrivacy,
    PhoneNumber,
)
from kolofon.platform.schemas import CustomerNumber, RequestBody

_MOST = 50

Text = Annotated[str, Meta(max_length=255)]


class _Member(RequestBody, forbid_unknown_fields=True, kw_only=True):
    """What is misspelled in a file is told: it would be missed in every row."""


class ImportName(_Member):
    """How a customer is called."""

    first_name: Text | None = None
    middle_name: Text | None = None
    last_name: Text | None = None
    company_name: Text | None = None
    department_name: Text | None = None


class ImportPhone(_Member):
    """A phone number of the customer, personal unless said."""

    phone_number: PhoneNumber
    phone_number_type: Literal["personal", "company", "home", "mobile"] | None = None


class ImportAddress(_Member):
    """The home address, by the names of Change addresses and of orders."""

    care_of_address: Text | None = None
    street_address: Text | None = None
    street_number: Digits | None = None
    entrance: Annotated[str, Meta(max_length=20)] | None = None
    floor_type: Annotated[str, Meta(max_length=1)] | None = None
    floor: Digits | None = None
    suite: Annotated[str, Meta(max_length=20)] | None = None
    postal_code: Annotated[str, Meta(max_length=10)] | None = None
    postal_place: Text | None = None
    postal_address: Text | None = None
    postal_address_postal_code: Annotated[str, Meta(max_length=10)] | None = None
    postal_address_postal_place: Text | None = None
    country_code: Annotated[str, Meta(max_length=3)] | None = None


class ImportCategory(PartyCategory, forbid_unknown_fields=True, kw_only=True):
    """A category of the customer."""


class ImportPermission(PartyPermission, forbid_unknown_fields=True, kw_only=True):
    """A marketing permission or shield."""


class ImportPrivacy(PartyPrivacy, forbid_unknown_fields=True, kw_only=True):
    """A purpose that is permitted."""


class ImportCredential(_Member):
    """What a user signs in with, and how sure the other system is that it is the user's."""

    credential: Email
    verification_level: VerificationLevel | None = None


class ImportUser(_Member):
    """Somebody who signs in as the customer. The password as its hash in the other system."""

    credentials: Annotated[list[ImportCredential], Meta(min_length=1, max_length=20)]
    password_hash: Annotated[str, Meta(max_length=500)] | None = None


class ImportRow(_Member):
    """A customer."""

    customer_number: CustomerNumber | None = None
    name: ImportName | None = None
    company_registration_number: Annotated[str, Meta(max_length=40)] | None = None
    department: Text | None = None
    national_identity_number: Annotated[str, Meta(max_length=200)] | None = None
    birth_date: DateOrTime | None = None
    sex: Literal["male", "female"] | None = None
    emails: Annotated[list[Email], Meta(max_length=_MOST)] | None = None
    phone_numbers: Annotated[list[ImportPhone], Meta(max_length=_MOST)] | None = None
    invoice_email_address: Annotated[str, Meta(max_length=60)] | None = None
    address: ImportAddress | None = None
    external_references: Annotated[dict[str, str | int], Meta(max_length=_MOST)] | None = None
    categories: Annotated[list[ImportCategory], Meta(max_length=_MOST)] | None = None
    permissions: Annotated[list[ImportPermission], Meta(max_length=_MOST)] | None = None
    privacy: Annotated[list[ImportPrivacy], Meta(max_length=_MOST)] | None = None
    users: Annotated[list[ImportUser], Meta(max_length=20)] | None = None


REFERENCE_COLUMN = "externalReferences."
BETWEEN = "|"  # the texts of a list in one cell
_NAME = ("firstName", "middleName", "lastName", "companyName", "departmentName")
_ADDRESS = tuple(field.encode_name for field in msgspec.structs.fields(ImportAddress))
_OWN = (
    "customerNumber",
    "companyRegistrationNumber",
    "department",
    "nationalIdentityNumber",
    "birthDate",
    "sex",
    "invoiceEmailAddress",
)
_LISTS = ("emails", "phoneNumbers", "categories")
_USER = ("credentials", "verificationLevel", "passwordHash")
COLUMNS = (*_OWN, *_NAME, *_LISTS, *_ADDRESS, *_USER)


def from_cells(columns: list[str], cells: list[str]) -> dict[str, Any]:
    """The members of a row of a table; an empty cell is none. `columns` are known ones."""
    told = {column: cell for column, cell in zip(columns, map(str.strip, cells), strict=True) if cell}
    row: dict[str, Any] = {name: told[name] for name in _OWN if name in told}
    row["name"] = {name: told[name] for name in _NAME if name in told}
    row["address"] = {name: told[name] for name in _ADDRESS if name in told}
    row["externalReferences"] = {
        column.removeprefix(REFERENCE_COLUMN): cell
        for column, cell in told.items()
        if column.startswith(REFERENCE_COLUMN)
    }
    row["emails"] = _list(told, "emails")
    row["phoneNumbers"] = [_phone(text) for text in _list(told, "phoneNumbers")]
    row["categories"] = [_category(text) for text in _list(told, "categories")]
    row["users"] = _users(told)
    return {name: value for name, value in row.items() if value}


def _list(told: Mapping[str, str], column: str) -> list[str]:
    texts = (text.strip() for text in told.get(column, "").split(BETWEEN))
    return [text for text in texts if text]


def _phone(text: str) -> dict[str, str]:
    kind, colon, number = text.partition(":")
    return {"phoneNumber": number.strip(), "phoneNumberType": kind.strip()} if colon else {"phoneNumber": text}


def _category(text: str) -> dict[str, str]:
    code, equals, value = text.partition("=")
    return {"addressCategory": code.strip(), "freeValue": value.strip()} if equals else {"addressCategory": text}


def _users(told: Mapping[str, str]) -> list[dict[str, Any]]:
    """The one user of a row. Levels are one for all credentials, or one for each."""
    if not any(column in told for column in _USER):
        return []
    texts, levels = _list(told, "credentials"), _list(told, "verificationLevel")
    if len(levels) != len(texts):
        # One for all of them, or none. Anything else is no level, and refused as such.
        levels = [told.get("verificationLevel", "")] * len(texts)
    credentials = [
        {"credential": text, "verificationLevel": level} if level else {"credential": text}
        for text, level in zip(texts, levels, strict=True)
    ]
    user: dict[str, Any] = {"credentials": credentials}
    return [user | {"passwordHash": told["passwordHash"]} if "passwordHash" in told else user]


# From the members of a row to the columns of a table. A message begins with the path of what it is about.
_TO_COLUMNS = (
    (re.compile(r"^(?:name|address)\."), ""),
    (re.compile(r"^(phoneNumbers|categories)(\[\d+\])\.\w+"), r"\1\2"),
    (re.compile(r"^users\[0\]\.credentials(?:\[\d+\])?\.verificationLevel"), "verificationLevel"),
    (re.compile(r"^users\[0\]\.credentials(\[\d+\])?(?:\.credential)?"), r"credentials\1"),
    (re.compile(r"^users\[0\]\."), ""),
    (re.compile(r"^users\[0\]:"), "credentials:"),
)


def in_columns(problem: str) -> str:
    """A problem of a member in the words of a table."""
    for pattern, replacement in _TO_COLUMNS:
        found, times = pattern.subn(replacement, problem, count=1)
        if times:
            return found
    return problem
