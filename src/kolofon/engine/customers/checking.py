"""What can be known of a party without the database: its parts are right, its codes are the partner's."""

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.addresses.forms import stored_country, stored_postal_code
from kolofon.engine.customers.national_id import checked_national_id
from kolofon.engine.customers.party import Party, PartyPermission, PartyPrivacy
from kolofon.platform.credentials import EMAIL, PHONE, normalised_credential
from kolofon.platform.dates import day_of, read_time
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.problems import Problems
from kolofon.platform.schemas import without_blanks

_CREDENTIAL_LENGTH = {EMAIL: 255, PHONE: 20}
_EXPECTED = {EMAIL: "expected an e-mail address", PHONE: "expected a phone number"}


def checked_party(party: Party, partner: PartnerCatalogue, where: str, problems: Problems) -> Party:
    """The party as it is kept: empty texts left out, addresses and numbers in their stored form.

    `where` is what the paths of its members begin with: `payer.`, or nothing. What is wrong is added to the problems;
    the answer is of use when there are none.
    """
    party = without_blanks(party)
    told_country = party.country_code or partner.offers.country_code
    country = stored_country(told_country, f"{where}countryCode", problems)
    members = {
        "country_code": country if party.country_code is not None else None,
        "postal_code": stored_postal_code(party.postal_code, country, f"{where}postalCode", problems),
        "postal_address_postal_code": stored_postal_code(
            party.postal_address_postal_code, country, f"{where}postalAddressPostalCode", problems
        ),
        "street_number": int(party.street_number) if party.street_number is not None else None,
        "floor": int(party.floor) if party.floor is not None else None,
        "birth_date": stored_birth_date(party.birth_date, partner, f"{where}birthDate", problems),
        "emails": _credentials(party.emails, EMAIL, country, f"{where}emails", problems),
        "phone_numbers": _credentials(party.phone_numbers, PHONE, country, f"{where}phoneNumbers", problems),
        "invoice_email_address": _invoice_email(party, f"{where}invoiceEmailAddress", problems),
        "persons_social_security_number": checked_national_id(
            party.persons_social_security_number, country, f"{where}personsSocialSecurityNumber", problems
        ),
    }
    check_permissions(party.permissions or [], partner, f"{where}permissions", problems)
    check_privacy(party.privacy or [], partner, f"{where}privacy", problems)
    for index, category in enumerate(party.categories or []):
        if not category.address_category:
            problems.add(f"{where}categories[{index}].addressCategory", "expected the code of a category")
    return msgspec.structs.replace(party, **members)


def check_payer(party: Party, where: str, problems: Problems) -> None:
    """The least that is needed of who pays, unless it is a customer already."""
    check_receiver(party, where, problems)
    if not party.emails and not party.phone_numbers:
        problems.add(f"{where}emails", "expected an e-mail address here or a number in phoneNumbers")


def check_receiver(party: Party, where: str, problems: Problems) -> None:
    """The least that is needed of who gets something, unless it is a customer already."""
    if party.company_name is None and party.last_name is None:
        problems.add(f"{where}lastName", "expected a name here or in companyName")
    if party.postal_code is None:
        problems.add(f"{where}postalCode", "expected the postal code")


def stored_birth_date(told: int | str | None, partner: PartnerCatalogue, field: str, problems: Problems) -> str | None:
    """The day as yyyy-mm-dd: a time is one of the partner's time zone."""
    if told is None:
        return None
    try:
        day = day_of(read_time(told, partner.offers.time_zone), partner.offers.time_zone)
    except (ValueError, OverflowError):
        problems.add(field, "expected milliseconds since 1970, or a date as yyyy-mm-dd")
        return None
    return day.isoformat()


def _credentials(texts: list[str] | None, kind: str, country: str, field: str, problems: Problems) -> list[str] | None:
    stored: dict[str, None] = {}
    for index, text in enumerate(texts or []):
        if text.strip():
            found = checked_credential(text, kind, country, f"{field}[{index}]", problems)
            if found is not None:
                stored[found] = None
    return list(stored) or None


def stored_credential(text: str, kind: str, country: str) -> str | None:
    """An e-mail address or phone number in its stored form; None for what is not one."""
    try:
        stored, found = normalised_credential(text, country)
    except InvalidRequest:
        return None
    return stored if found == kind and len(stored) <= _CREDENTIAL_LENGTH[kind] else None


def checked_credential(text: str, kind: str, country: str, field: str, problems: Problems) -> str | None:
    """As stored_credential; what is not one is added to the problems."""
    stored = stored_credential(text, kind, country)
    if stored is None:
        problems.add(field, _EXPECTED[kind])
    return stored


def _invoice_email(party: Party, field: str, problems: Problems) -> str | None:
    if party.invoice_email_address is None:
        return None
    return checked_credential(party.invoice_email_address, EMAIL, "", field, problems)


def check_permissions(
    permissions: list[PartyPermission], partner: PartnerCatalogue, field: str, problems: Problems
) -> None:
    """Whether levels and channels are the partner's."""
    for index, permission in enumerate(permissions):
        where = f"{field}[{index}]."
        _check_level(permission, partner, where, problems)
        if permission.permission_type is None:
            problems.add(f"{where}permissionType", "expected permission or shield")
        named = [(f"channels[{place}]", code) for place, code in enumerate(permission.channels or [])]
        if permission.channel_code:
            named.append(("channelCode", permission.channel_code))
        if not named:
            problems.add(f"{where}channels", "expected codes of channels here or one in channelCode")
        for member, code in named:
            if code not in partner.marketing_channels:
                problems.add(f"{where}{member}", f"there is no channel {code}")


def check_privacy(purposes: list[PartyPrivacy], partner: PartnerCatalogue, field: str, problems: Problems) -> None:
    """Whether levels and purposes are the partner's."""
    for index, permitted in enumerate(purposes):
        where = f"{field}[{index}]."
        _check_level(permitted, partner, where, problems)
        if permitted.purpose not in partner.privacy_purposes:
            problems.add(f"{where}purpose", f"there is no purpose {permitted.purpose or ''}".rstrip())


def _check_level(
    level: PartyPermission | PartyPrivacy, partner: PartnerCatalogue, where: str, problems: Problems
) -> None:
    order_types = partner.enterprises.get(level.enterprise_code or "")
    if order_types is None:
        problems.add(f"{where}enterpriseCode", f"there is no enterprise {level.enterprise_code or ''}".rstrip())
    elif level.order_type_code and level.order_type_code not in order_types:
        problems.add(
            f"{where}orderTypeCode",
            f"there is no order type {level.order_type_code} in the enterprise {level.enterprise_code}",
        )
