"""What can be known of one row by itself: whether all of it is right, and how it will be stored."""

from collections.abc import Iterator
from typing import Any

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.addresses.forms import AddressData, check_address
from kolofon.engine.customers.checking import check_permissions, check_privacy, checked_credential, stored_birth_date
from kolofon.engine.customers.importing.checked import CheckedRow, Reference, Terms
from kolofon.engine.customers.importing.reading import NOT_STORABLE, RawRow
from kolofon.engine.customers.importing.rows import (
    ImportAddress,
    ImportName,
    ImportRow,
    from_cells,
    in_columns,
)
from kolofon.engine.customers.importing.tables import NOTHING, Lines, line_of
from kolofon.engine.customers.importing.user_checks import checked_users
from kolofon.engine.customers.national_id import checked_national_id, seal_national_id
from kolofon.engine.customers.party import PartyPermission, PartyPrivacy
from kolofon.engine.customers.references import (
    EXTERNAL_ID_FORM,
    REFERENCE_CODE_FORM,
    checked_external_id,
    checked_reference_code,
)
from kolofon.engine.customers.registering import permission_rows
from kolofon.platform.credentials import EMAIL, PHONE
from kolofon.platform.problems import Problems
from kolofon.platform.schemas import without_blanks

_ADDRESS_NAMES = {
    "care_of": "careOfAddress",
    "street": "streetAddress",
    "street_number": "streetNumber",
    "entrance": "entrance",
    "floor_type": "floorType",
    "floor": "floor",
    "suite": "suite",
    "postal_code": "postalCode",
    "postal_place": "postalPlace",
    "country_code": "countryCode",
    "postal_address": "postalAddress",
    "postal_address_postal_code": "postalAddressPostalCode",
    "postal_address_postal_place": "postalAddressPostalPlace",
}
_ADDRESS_PATHS = {column: f"address.{name}" for column, name in _ADDRESS_NAMES.items()}


def check_row(raw: RawRow, terms: Terms) -> CheckedRow:
    """The row as it will be stored, with all that is wrong with it in the words of its file."""
    problems = Problems()
    try:
        members = _members(raw, terms)
    except ValueError as error:
        problems.add("row", str(error))
        return CheckedRow(raw.line, None, problems.found, [], [], NOTHING)
    checked = _check(raw.line, _read(members, problems), terms, problems)
    if checked.problems and terms.columns:
        return msgspec.structs.replace(checked, problems=[in_columns(problem) for problem in checked.problems])
    return checked


def _read(members: dict[str, Any], problems: Problems) -> ImportRow:
    try:
        return msgspec.convert(members, ImportRow, strict=False)
    except msgspec.ValidationError:
        return _read_each(members, problems)


def _members(raw: RawRow, terms: Terms) -> dict[str, Any]:
    if raw.trouble is not None:
        raise ValueError(raw.trouble)
    if raw.cells is not None:
        if len(raw.cells) != len(terms.columns):
            raise ValueError(f"expected {len(terms.columns)} cells as in the header, got {len(raw.cells)}")
        members = from_cells(terms.columns, raw.cells)
    else:
        try:
            members = msgspec.json.decode((raw.json or b"").decode())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ValueError("expected a JSON object in UTF-8") from None
        if not isinstance(members, dict):
            raise ValueError("expected a JSON object")
    if _may_hold_nul(raw) and any("\0" in text for text in _texts(members)):
        raise ValueError(NOT_STORABLE)
    return members


def _may_hold_nul(raw: RawRow) -> bool:
    """Whether it is worth while to look through all texts. In JSON a NUL can only be escaped."""
    return b"\\u0000" in raw.json if raw.json is not None else "\0" in "".join(raw.cells or [])


def _texts(value: object) -> Iterator[str]:
    """All texts of a JSON value, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def _read_each(members: dict[str, Any], problems: Problems) -> ImportRow:
    """Member by member, so that each that is wrong is told."""
    right: dict[str, Any] = {}
    for name, value in members.items():
        try:
            msgspec.convert({name: value}, ImportRow, strict=False)
        except msgspec.ValidationError as error:
            text, _, path = str(error).replace("`", "").partition(" - at $.")
            unknown = text.removeprefix("Object contains unknown field ")
            if unknown != text:
                path, text = f"{path}.{unknown}".removeprefix("."), "there is no such member"
            if "matching regex" in text:  # house numbers and floors, as texts
                text = "expected up to 5 digits and nothing else"
            problems.add(path or name, text[:1].lower() + text[1:])
        else:
            right[name] = value
    return msgspec.convert(right, ImportRow, strict=False)


def _check(line: int, row: ImportRow, terms: Terms, problems: Problems) -> CheckedRow:
    partner = terms.partner
    row = without_blanks(row)
    name = without_blanks(row.name or ImportName())
    if name.last_name is None and name.company_name is None and not _is_told("name", problems):
        problems.add("name.lastName", "expected a name here or in companyName")
    address = _address(row.address, partner.offers.country_code, problems)
    country = (address.country_code if address is not None else None) or partner.offers.country_code
    references = _references(row.external_references or {}, problems)
    _check_identity(row, references, terms, problems)
    emails, phone_numbers = _emails(row, problems), _phone_numbers(row, country, problems)
    lines = Lines(
        customer=_customer(row, name, country, terms, problems),
        emails=[line_of((email, place)) for place, email in enumerate(emails, 1)],
        phone_numbers=[line_of((*phone, place)) for place, phone in enumerate(phone_numbers.items(), 1)],
        address=[line_of(msgspec.structs.astuple(address))] if address is not None else [],
        references=[line_of((reference.code, reference.external_id)) for reference in references],
        categories=_categories(row, partner, problems),
        permissions=_permissions(row, partner, problems),
        purposes=_purposes(row, partner, problems),
    )
    names = (name.first_name, name.middle_name, name.last_name)
    users = checked_users(row.users or [], names, emails, country, terms, problems)
    return CheckedRow(line, row.customer_number, problems.found, references, users, lines)


def _check_identity(row: ImportRow, references: list[Reference], terms: Terms, problems: Problems) -> None:
    """A row that comes again has to be known again."""
    if _is_told("customerNumber", problems) or _is_told("externalReferences", problems):
        return
    if terms.numbered and row.customer_number is None:
        problems.add("customerNumber", "expected a number, since the first customer of the file has one")
    if not terms.numbered and row.customer_number is not None:
        problems.add("customerNumber", "expected none, since the first customer of the file has none")
    if not terms.numbered and not references:
        problems.add("externalReferences", "expected one, by which a customer without a number is known again")


def _is_told(member: str, problems: Problems) -> bool:
    """Whether something is wrong with a member, so that it is no use to miss it."""
    return any(problem.startswith(member) for problem in problems.found)


def _customer(row: ImportRow, name: ImportName, country: str, terms: Terms, problems: Problems) -> str:
    invoice_email = row.invoice_email_address
    if invoice_email is not None:
        invoice_email = checked_credential(invoice_email, EMAIL, country, "invoiceEmailAddress", problems)
    return line_of(
        (
            name.first_name,
            name.middle_name,
            name.last_name,
            name.company_name,
            name.department_name,
            row.company_registration_number,
            row.department,
            _sealed(row.national_identity_number, country, terms, problems),
            stored_birth_date(row.birth_date or None, terms.partner, "birthDate", problems),
            row.sex,
            invoice_email,
        )
    )


def _sealed(told: str | None, country: str, terms: Terms, problems: Problems) -> str | None:
    number = checked_national_id(told, country, "nationalIdentityNumber", problems)
    return seal_national_id(number, terms.key) if number is not None else None


def _emails(row: ImportRow, problems: Problems) -> list[str]:
    """E-mail addresses in their order, each once."""
    told = enumerate(row.emails or [])
    stored = [checked_credential(text, EMAIL, "", f"emails[{index}]", problems) for index, text in told if text.strip()]
    return list(dict.fromkeys(text for text in stored if text is not None))


def _phone_numbers(row: ImportRow, country: str, problems: Problems) -> dict[str, str]:
    """Phone numbers in their order with the kind of each."""
    once: dict[str, str] = {}
    for index, phone in enumerate(row.phone_numbers or []):
        number = checked_credential(phone.phone_number, PHONE, country, f"phoneNumbers[{index}].phoneNumber", problems)
        if number is not None:
            once.setdefault(number, phone.phone_number_type or "personal")
    return once


def _address(told: ImportAddress | None, country: str, problems: Problems) -> AddressData | None:
    if told is None:
        return None
    members = msgspec.structs.asdict(told)
    for name in ("street_number", "floor"):
        text = str(members[name] if members[name] is not None else "").strip()
        members[name] = int(text) if text else None
    members["street"] = members.pop("street_address")
    members["care_of"] = members.pop("care_of_address")
    if not any(value.strip() if isinstance(value, str) else value for value in members.values()):
        return None
    return check_address(AddressData(**members), country, problems, _ADDRESS_PATHS)


def _references(told: dict[str, str | int], problems: Problems) -> list[Reference]:
    found: list[Reference] = []
    for code, external_id in told.items():
        stored_code, stored_id = checked_reference_code(code), checked_external_id(str(external_id))
        if stored_code is None:
            problems.add("externalReferences", f"expected as its code {REFERENCE_CODE_FORM}")
        elif stored_id is None:
            problems.add(f"externalReferences.{code}", f"expected {EXTERNAL_ID_FORM}")
        elif any(reference.code == stored_code for reference in found):
            problems.add(f"externalReferences.{code}", "the code is there twice")
        else:
            found.append(Reference(stored_code, stored_id))
    return found


def _categories(row: ImportRow, partner: PartnerCatalogue, problems: Problems) -> list[str]:
    if not row.categories:
        return []
    codes = {code for kind in partner.category_types.values() for code in kind.codes}
    once: dict[str, str | None] = {}
    for index, category in enumerate(row.categories):
        code = category.address_category or ""
        if code not in codes:
            problems.add(f"categories[{index}].addressCategory", f"there is no category {code}".rstrip())
        once[code] = category.free_value
    return [line_of(category) for category in once.items()]


def _permissions(row: ImportRow, partner: PartnerCatalogue, problems: Problems) -> list[str]:
    told: list[PartyPermission] = [*(row.permissions or [])]
    check_permissions(told, partner, "permissions", problems)
    return [
        line_of((found["enterprise_code"], found["order_type"], found["channel"], found["permission"]))
        for found in permission_rows(told)
    ]


def _purposes(row: ImportRow, partner: PartnerCatalogue, problems: Problems) -> list[str]:
    told: list[PartyPrivacy] = [*(row.privacy or [])]
    check_privacy(told, partner, "privacy", problems)
    once = dict.fromkeys((one.enterprise_code, one.order_type_code or "", one.purpose) for one in told)
    return [line_of(purpose) for purpose in once]
