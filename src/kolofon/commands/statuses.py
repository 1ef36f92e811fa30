"""What the commands about notices to customers do in the database, one function a command."""

from datetime import datetime

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.commands.partners import chosen_partners, local_time
from kolofon.diverse.status import queries
from kolofon.diverse.status.queries import ListedStatus, NewStatus
from kolofon.engine.calls import partner_clock
from kolofon.engine.customers.addresses.forms import stored_postal_code
from kolofon.engine.customers.countries import COUNTRIES
from kolofon.failures import Failure
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.dates import read_time
from kolofon.platform.problems import Problems
from kolofon.platform.templating import one_line

LONGEST_CODE = 40
LONGEST_MESSAGE = 1000


class StatusFields(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as somebody types it in."""

    partner: str
    code: str
    message: str
    product: str | None = None
    country: str | None = None
    postal_code_from: str | None = None
    postal_code_to: str | None = None
    start: str | None = None
    end: str | None = None


async def add_status(connection: Connection, clock: Clock, fields: StatusFields, actor: str) -> str:
    """Add a notice; returns a line about it. Raises Failure."""
    [partner] = await chosen_partners(connection, fields.partner)
    now = partner_clock(partner, clock).now()
    new = _checked(partner, fields, now)
    async with connection.transaction():
        number = await queries.add_status(connection, new, clock.machine.now())
        change = audit.Change(action="statusAdd", subject=f"status:{number}", after=msgspec.to_builtins(new))
        await audit.record_command(connection, clock, partner.partner_id, actor, change)
    return f"notice {number} is shown {_period(partner, new.start_time, new.end_time)}"


async def list_statuses(connection: Connection, clock: Clock, partner_code: str | None) -> list[tuple[str, ...]]:
    """The notices in words that run or are to begin."""
    rows = []
    for partner in await chosen_partners(connection, partner_code):
        now = partner_clock(partner, clock).now()
        found = await queries.list_not_ended(connection, partner.partner_id, now)
        rows += [_row(partner, status) for status in found]
    return rows


async def end_status(connection: Connection, clock: Clock, number: int, actor: str) -> str:
    """End a notice now; returns a line about it. Raises Failure."""
    partners = {partner.partner_id: partner for partner in await chosen_partners(connection, None)}
    async with connection.transaction():
        found = await queries.lock_status(connection, list(partners), number)
        if found is None:
            raise Failure(f"there is no notice {number}")
        partner_id, start_time, end_time = found
        now = partner_clock(partners[partner_id], clock).now()
        if end_time is not None and end_time <= now:
            raise Failure(f"notice {number} has ended already")
        await queries.end_status(connection, partner_id, number, now)
        has_begun = start_time < now
        change = audit.Change(
            action="statusEnd", subject=f"status:{number}", after={"endTime": now} if has_begun else None
        )
        await audit.record_command(connection, clock, partner_id, actor, change)
    return f"notice {number} has ended" if has_begun else f"notice {number} had not begun and is removed"


def _checked(partner: PartnerCatalogue, fields: StatusFields, now: datetime) -> NewStatus:
    code, message = one_line(fields.code), one_line(fields.message)
    if not 1 <= len(code) <= LONGEST_CODE:
        raise Failure(f"--code: expected 1 to {LONGEST_CODE} characters")
    if not 1 <= len(message) <= LONGEST_MESSAGE:
        raise Failure(f"--message: expected 1 to {LONGEST_MESSAGE} characters")
    if fields.product is not None and fields.product not in partner.offers.products:
        raise Failure(f"--product: there is no product {fields.product}")
    country, first, last = _area(partner, fields)
    start_time = _time(partner, fields.start, "--start") or now
    end_time = _time(partner, fields.end, "--end")
    if end_time is not None and end_time <= max(start_time, now):
        raise Failure("--end: expected a time after the start, and not one that has passed")
    return NewStatus(
        partner_id=partner.partner_id,
        code=code,
        message=message,
        product_code=fields.product,
        country_code=country,
        postal_code_from=first,
        postal_code_to=last,
        start_time=start_time,
        end_time=end_time,
    )


def _area(partner: PartnerCatalogue, fields: StatusFields) -> tuple[str | None, str | None, str | None]:
    """Country, first and last postal code."""
    country = fields.country.upper() if fields.country is not None else None
    if country is not None and country not in COUNTRIES:
        raise Failure(f"--country: there is no country {country}; expected two letters of ISO 3166")
    if fields.postal_code_from is None and fields.postal_code_to is None:
        return country, None, None
    country = country or partner.offers.country_code
    problems = Problems()
    first = stored_postal_code(fields.postal_code_from, country, "--postal-code-from", problems)
    last = stored_postal_code(fields.postal_code_to, country, "--postal-code-to", problems)
    if problems.found:
        raise Failure("; ".join(problems.found))
    if first is None or last is None or len(first) != len(last) or first > last:
        raise Failure("--postal-code-from, --postal-code-to: expected both, as long as each other, the lower one first")
    return country, first, last


def _time(partner: PartnerCatalogue, text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        return read_time(text, partner.offers.time_zone)
    except ValueError:
        raise Failure(f"{option}: expected a date or time such as 2026-12-24 or 2026-12-24T16:00") from None


def _row(partner: PartnerCatalogue, status: ListedStatus) -> tuple[str, ...]:
    area = status.country_code or "everywhere"
    if status.postal_code_from is not None:
        area += f" {status.postal_code_from} to {status.postal_code_to}"
    return (
        str(status.status_message_id),
        status.partner_code,
        status.code,
        status.product_code or "any",
        area,
        local_time(partner, status.start_time),
        local_time(partner, status.end_time) if status.end_time is not None else "-",
        status.message,
    )


def _period(partner: PartnerCatalogue, start_time: datetime, end_time: datetime | None) -> str:
    until = f"to {local_time(partner, end_time)}" if end_time is not None else "until it is ended"
    return f"from {local_time(partner, start_time)} {until}"
