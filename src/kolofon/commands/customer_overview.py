"""What is shown of a customer at the command line, in words."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.commands.partners import chosen_partners, local_time
from kolofon.engine.calls import partner_clock
from kolofon.engine.customers import overview_queries as queries
from kolofon.engine.customers.addresses.queries import list_addresses
from kolofon.engine.customers.addresses.rules import AddressRow
from kolofon.engine.customers.contact_queries import CustomerContact, find_contact
from kolofon.engine.customers.overview_queries import HeldSubscription, OpenInvoice, Recorded
from kolofon.engine.customers.queries import find_remaining
from kolofon.engine.customers.service import check_customer, no_such_customer
from kolofon.failures import Failure
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of
from kolofon.platform.errors import NotFound
from kolofon.platform.money import decimals
from kolofon.platform.templating import one_line

_RECENT = 10
MOST_CHANGES = 1000
Rows = list[tuple[str, ...]]


class Section(msgspec.Struct, frozen=True):
    """A table: its headings and its lines."""

    headings: tuple[str, ...]
    rows: Rows


class Overview(msgspec.Struct, frozen=True):
    """A customer in words: its members by name, then tables."""

    members: Rows
    sections: list[Section]


async def show(connection: Connection, clock: Clock, partner_code: str, customer_number: int) -> Overview:
    """A customer at a glance. Raises Failure."""
    (partner,) = await chosen_partners(connection, partner_code)
    key = (connection, partner.partner_id, customer_number)
    known = await find_contact(*key)
    if known is None:
        raise Failure((await no_such_customer(*key)).message)
    today = day_of(partner_clock(partner, clock).now(), partner.offers.time_zone)
    addresses = [row for row in await list_addresses(*key, None, today) if row.standing(today) != "historical"]
    addresses.sort(key=lambda row: (row.product_code or "", row.valid_from))
    merged = await queries.list_merged_numbers(*key)
    changes = await queries.list_changes(connection, partner.partner_id, [customer_number, *merged], _RECENT)
    references = [_reference(*each) for each in await queries.list_references(*key)]
    return Overview(
        members=_members(customer_number, known, merged, references),
        sections=[
            Section(("user", "credentials"), _users(known)),
            Section(("address", "for", "first day", "last day"), [_address(row) for row in addresses]),
            Section(
                ("subscription", "product", "state", "from", "until", "paid by"),
                [_subscription(partner, row) for row in await queries.list_subscriptions(*key)],
            ),
            Section(
                ("open invoice", "company", "due", "open"),
                [_invoice(row) for row in await queries.list_open_invoices(*key)],
            ),
            Section(("when", "who", "what"), [_change(partner, row)[:3] for row in changes]),
        ],
    )


async def history(connection: Connection, partner_code: str, customer_number: int) -> tuple[list[int], Rows]:
    """The numbers that a customer has had, and who changed what when, the newest first. Raises Failure.

    A number that was merged shows what became of it, too.
    """
    (partner,) = await chosen_partners(connection, partner_code)
    partner_id = partner.partner_id
    number = await find_remaining(connection, partner_id, customer_number) or customer_number
    try:
        await check_customer(connection, partner_id, number)
    except NotFound as error:
        raise Failure(error.message) from None
    numbers = [number, *await queries.list_merged_numbers(connection, partner_id, number)]
    changes = await queries.list_changes(connection, partner_id, numbers, MOST_CHANGES)
    return numbers, [_change(partner, row) for row in changes]


def _members(number: int, known: CustomerContact, merged: list[int], references: list[str]) -> Rows:
    contact = known.contact
    person = " ".join(filter(None, (contact.first_name, contact.middle_name, contact.last_name)))
    members = {
        "customer": str(number),
        "name": ", ".join(filter(None, (person, contact.company_name, contact.department_name))),
        "e-mail": ", ".join(contact.emails),
        "phone": ", ".join(f"{phone.phone_number} ({phone.phone_number_type})" for phone in contact.phone_numbers),
        "invoices to": contact.invoice_email or "",
        "references": ", ".join(references),
        "merged into it": ", ".join(map(str, merged)),
    }
    return [(name, one_line(value)) for name, value in members.items() if value]


def _users(known: CustomerContact) -> Rows:
    return [
        (
            user.unique_id.hex,
            ", ".join(f"{each.credential} ({each.verification_level})" for each in user.credentials),
        )
        for user in known.users
    ]


def _address(row: AddressRow) -> tuple[str, ...]:
    data = row.data
    house = " ".join(str(part) for part in (data.street, data.street_number, data.entrance) if part is not None)
    place = " ".join(filter(None, (data.postal_code, data.postal_place)))
    box = " ".join(filter(None, (data.postal_address_postal_code, data.postal_address_postal_place)))
    parts = (data.care_of, house, place, data.country_code, data.postal_address, box)
    words = one_line(", ".join(filter(None, parts)))
    last = (row.valid_until - timedelta(days=1)).isoformat() if row.valid_until is not None else ""
    return words, row.product_code or "home", row.valid_from.isoformat(), last


def _reference(code: str, external_id: str, former: bool) -> str:
    return f"{code} {external_id}{' (former)' if former else ''}"


def _subscription(partner: PartnerCatalogue, row: HeldSubscription) -> tuple[str, ...]:
    payer = str(row.payer) if row.payer is not None else ""
    days = (_day(partner, row.start_time), _day(partner, row.end_time))
    return str(row.subscription_id), row.product_code, row.state, *days, payer


def _invoice(row: OpenInvoice) -> tuple[str, ...]:
    money = f"{Decimal(row.open_minor).scaleb(-decimals(row.currency)):,} {row.currency}"
    return str(row.invoice_number), row.company_code, row.due_date.isoformat(), money


def _change(partner: PartnerCatalogue, row: Recorded) -> tuple[str, ...]:
    when = local_time(partner, row.occurred_at)
    return when, row.actor, row.action, row.subject.removeprefix("customer:"), _json(row.before), _json(row.after)


def _json(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _day(partner: PartnerCatalogue, time: datetime | None) -> str:
    return day_of(time, partner.offers.time_zone).isoformat() if time is not None else ""
