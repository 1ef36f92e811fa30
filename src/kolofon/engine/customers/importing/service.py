"""Importing a file: batch by batch, each in one transaction with how far the import has come by it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.importing import queries
from kolofon.engine.customers.importing.ahead import checked_batches
from kolofon.engine.customers.importing.batches import BatchInFlight, Setting
from kolofon.engine.customers.importing.checked import Terms
from kolofon.engine.customers.importing.queries import Import
from kolofon.engine.customers.importing.reading import FileError, Format, Source, open_source
from kolofon.engine.customers.national_id import KEY_PURPOSE
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.sealing import Secrets


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to import. `trusting`: what was verified there counts as verified. `dry`: write nothing."""

    path: Path
    format: Format | None
    trusting: bool
    dry: bool
    actor: str


class Tell(msgspec.Struct, frozen=True):
    """Whom to tell how far it is: `waiting` for another import, `progress` with how much of the file has been read."""

    waiting: Callable[[], None]
    progress: Callable[[Import, float], None]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import, from the first row of the file on. `resumed`: so many rows were done before."""

    totals: Import
    resumed: int


async def import_customers(
    connections: Sequence[Connection],
    clock: Clock,
    partner: PartnerCatalogue,
    secrets: Secrets,
    order: Order,
    tell: Tell,
) -> Outcome:
    """Import the customers of a file, or go on with it. So many batches are written at once as there are connections.

    Raises FileError. A dry run does the same with tables of imports that nobody else sees, and leaves out what is about
    customers and accounts; it has one connection. They stay until `close`, for the list of what was refused.
    """
    source = open_source(order.path, order.format)
    first, partner_id = connections[0], partner.partner_id
    if not await queries.try_import_lock(first, partner_id):
        tell.waiting()
        await queries.wait_for_import_lock(first, partner_id)
    if order.dry:
        await queries.shadow_tables(first)
    for connection in connections:
        await queries.prepare(connection)
    async with first.transaction():
        before = await queries.begin_import(
            first, partner_id, order.path.name, source.file_hash, order.actor, clock.now()
        )
    setting = Setting(clock, partner, before.customer_import_id, order.dry)
    terms = Terms(partner, source.columns, source.numbered, order.trusting, secrets.key(KEY_PURPOSE))
    done = await _take_all(connections, setting, terms, source, before, tell)
    async with first.transaction():
        await _reconcile(first, partner_id, done, order.dry)
        await queries.end_import(first, partner_id, done.customer_import_id, clock.now())
        if not order.dry:
            await _record(first, clock, partner_id, order, source, done)
    return Outcome(totals=done, resumed=before.rows_done)


async def close(connection: Connection, partner: PartnerCatalogue, dry: bool) -> None:
    """Leave the first connection as it was."""
    if dry:
        await queries.drop_shadows(connection)
    await queries.release_import_lock(connection, partner.partner_id)


async def _take_all(
    connections: Sequence[Connection], setting: Setting, terms: Terms, source: Source, before: Import, tell: Tell
) -> Import:
    """Write all batches; each while the next one is being checked."""
    last: BatchInFlight | Import = before
    in_flight: deque[tuple[BatchInFlight, int]] = deque()
    number = 0

    async def finish_first() -> Import:
        batch, read_to = in_flight[0]
        done = await batch.task
        in_flight.popleft()
        tell.progress(done, read_to / source.size)
        return done

    done = before
    try:
        async with aclosing(checked_batches(source, terms, before.rows_done)) as batches:
            async for batch in batches:
                if len(in_flight) == len(connections):
                    done = await finish_first()
                last = BatchInFlight(connections[number % len(connections)], setting, batch.rows, last)
                in_flight.append((last, batch.read_to))
                number += 1
        while in_flight:
            done = await finish_first()
    finally:
        left = [batch.task for batch, _ in in_flight]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    return done


async def _reconcile(connection: Connection, partner_id: int, done: Import, dry: bool) -> None:
    """Raises FileError when what is in the database is not what was counted."""
    counted = await queries.count_in_database(connection, partner_id, done.customer_import_id)
    taken = done.customers_made + done.customers_known
    there = taken if dry else counted[2]
    if (counted[0], counted[1], there) != (done.rows_refused, taken, taken):
        raise FileError(
            f"the totals do not add up: {taken} rows were taken and {done.rows_refused} refused; the database has "
            f"{counted[1]} taken, {counted[2]} of them there, and {counted[0]} refused"
        )


async def _record(
    connection: Connection, clock: Clock, partner_id: int, order: Order, source: Source, done: Import
) -> None:
    totals = {
        "file": source.path.name,
        "sha256": source.file_hash.hex(),
        "rows": done.rows_done,
        "customersMade": done.customers_made,
        "customersKnown": done.customers_known,
        "rowsRefused": done.rows_refused,
        "accountsMade": done.accounts_made,
        "accountsLinked": done.accounts_linked,
        "verifiedLevelsTrusted": order.trusting,
    }
    change = audit.Change(action="importCustomers", subject=f"import:{done.customer_import_id}", after=totals)
    await audit.record_command(connection, clock, partner_id, order.actor, change)
