"""From a party to the partner's customer: found by what proves it, else made."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers import registering_queries
from kolofon.engine.customers.party import Party, PartyPermission
from kolofon.engine.customers.queries import find_customer_number, lock_customer
from kolofon.engine.customers.registering_queries import Details
from kolofon.engine.customers.service import lock_remaining
from kolofon.events.feed.service import Event, publish
from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of


class Found(msgspec.Struct, frozen=True):
    """The customer, and what it was found by. `credential`: the address that whoever ordered only typed."""

    customer_number: int
    is_new: bool
    by: Literal["number", "user", "credential", "new"] = "new"
    credential: str | None = None


async def find_or_create_customer(
    connection: Connection, partner: PartnerCatalogue, now: datetime, party: Party, unique_id: UUID | None
) -> Found:
    """The customer that a party is, by its number, its user or a verified credential; never by a name.

    What is not known of a customer yet is added, what is there stays. A number that was merged into another one leads
    there. A user who is no customer of the partner yet is
    tied to the one that was named by number or made. `party` is as kept. Holds the customer's row until the
    transaction ends.
    """
    found = await _find(connection, partner.partner_id, party, unique_id)
    if found is not None and found.credential is not None:
        party = _as_typed(party, found.credential)
    columns, details = _columns(party), _details(party)
    if found is None:
        number = await _create(connection, partner.partner_id, now, columns, unique_id)
        found, changed = Found(number, is_new=True), True
    else:
        number = found.customer_number
        if unique_id is not None and found.by == "number":
            await registering_queries.link_user(connection, partner.partner_id, unique_id, number, now)
        changed = await registering_queries.fill_columns(connection, partner.partner_id, number, columns)
    if not details.is_empty:
        today = day_of(now, partner.offers.time_zone)
        changed |= await registering_queries.add_details(connection, partner.partner_id, number, details, now, today)
    if changed:
        event = Event("customer", "new" if found.is_new else "update", {"customerNumber": number})
        await publish(connection, partner.partner_id, now, [event])
    return found


async def _find(connection: Connection, partner_id: int, party: Party, unique_id: UUID | None) -> Found | None:
    if party.customer_number is not None:
        # A number that is gone leads to the customer that it was merged into.
        named = await lock_remaining(connection, partner_id, party.customer_number)
        if named is not None:
            return Found(named, is_new=False, by="number")
    while True:
        found = await _find_unnamed(connection, partner_id, party, unique_id)
        if found is None or await lock_customer(connection, partner_id, found.customer_number):
            return found
        # It was merged into another one meanwhile, which is found next.


async def _find_unnamed(connection: Connection, partner_id: int, party: Party, unique_id: UUID | None) -> Found | None:
    if unique_id is None:
        return await _find_by_credential(connection, partner_id, party)
    # A credential is of one user at most, so that of another user would only mix up two people.
    number = await _find_by_user(connection, partner_id, unique_id)
    return Found(number, is_new=False, by="user") if number is not None else None


async def _find_by_credential(connection: Connection, partner_id: int, party: Party) -> Found | None:
    credentials = [*(party.emails or []), *(party.phone_numbers or [])]
    found = await registering_queries.find_by_credentials(connection, partner_id, credentials, VERIFIED_LEVELS)
    return Found(found[0], is_new=False, by="credential", credential=found[1]) if found is not None else None


async def _find_by_user(connection: Connection, partner_id: int, unique_id: UUID) -> int | None:
    number = await find_customer_number(connection, partner_id, unique_id)
    if number is None:
        # Two orders of one user at once: the second waits here and finds what the first has made.
        await registering_queries.lock_user_at_partner(connection, partner_id, unique_id)
        number = await find_customer_number(connection, partner_id, unique_id)
    return number


async def _create(
    connection: Connection, partner_id: int, now: datetime, columns: dict[str, Any], unique_id: UUID | None
) -> int:
    while True:
        number = await registering_queries.add_customer(connection, partner_id, columns, unique_id, now)
        if number is not None:
            return number
        await registering_queries.skip_taken_numbers(connection, partner_id)


def _as_typed(party: Party, credential: str) -> Party:
    """What a party tells of a customer who was found by an address that anybody could type.

    Nothing by which the customer's post would go to whoever ordered, or that says who the customer is.
    """
    return msgspec.structs.replace(
        party,
        emails=[credential] if credential in (party.emails or []) else None,
        phone_numbers=[credential] if credential in (party.phone_numbers or []) else None,
        invoice_email_address=None,
        persons_social_security_number=None,
    )


def _columns(party: Party) -> dict[str, Any]:
    return {
        "first_name": party.first_name,
        "middle_name": party.middle_name,
        "last_name": party.last_name,
        "company_name": party.company_name,
        "department_name": party.department_name,
        "company_registration_number": party.company_registration_number,
        "department": party.department,
        "sealed_national_id": party.persons_social_security_number,
        "birth_date": party.birth_date,
        "sex": party.sex,
        "invoice_email": party.invoice_email_address,
    }


def _details(party: Party) -> Details:
    address = _address(party)
    return Details(
        emails=party.emails or [],
        phone_numbers=party.phone_numbers or [],
        categories=[
            {"category_code": category.address_category, "free_value": category.free_value}
            for category in party.categories or []
        ],
        permissions=permission_rows(party.permissions or []),
        purposes=[
            {
                "enterprise_code": permitted.enterprise_code,
                "order_type": permitted.order_type_code or "",
                "purpose": permitted.purpose,
            }
            for permitted in party.privacy or []
        ],
        address=[address] if any(value is not None for value in address.values()) else [],
    )


def _address(party: Party) -> dict[str, Any]:
    return {
        "care_of": party.care_of_address or party.co_address,
        "street": party.street,
        "street_number": party.street_number,
        "entrance": party.entrance,
        "floor_type": party.floor_type,
        "floor": party.floor,
        "suite": party.suite,
        "postal_code": party.postal_code,
        "postal_place": party.postal_place,
        "country_code": party.country_code,
        "postal_address": party.postal_address,
        "postal_address_postal_code": party.postal_address_postal_code,
        "postal_address_postal_place": party.postal_address_postal_place,
    }


def permission_rows(permissions: list[PartyPermission]) -> list[dict[str, Any]]:
    """One for each level and channel; a shield counts more than a permission beside it."""
    wanted: dict[tuple[str | None, str, str], str] = {}
    for told in permissions:
        state = "SHIELD" if told.permission_type == "shield" else "PERMISSION"
        for channel in [*(told.channels or []), *([told.channel_code] if told.channel_code else [])]:
            level = (told.enterprise_code, told.order_type_code or "", channel)
            wanted[level] = "SHIELD" if "SHIELD" in {wanted.get(level), state} else state
    return [
        {"enterprise_code": enterprise_code, "order_type": order_type, "channel": channel, "permission": state}
        for (enterprise_code, order_type, channel), state in wanted.items()
    ]
