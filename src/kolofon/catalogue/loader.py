"""Loading a publisher file: all of it in one transaction, or nothing."""

from kolofon.catalogue import queries
from kolofon.catalogue.changes import LoadSummary
from kolofon.catalogue.clients.service import load_clients
from kolofon.catalogue.file_reading import Source
from kolofon.catalogue.partners.service import put_codes, put_partner, remove_codes
from kolofon.catalogue.products.service import put_products, remove_products
from kolofon.catalogue.readers.service import load_readers
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Lock, wait_for_lock


async def load_publisher(connection: Connection, clock: Clock, source: Source, actor: str) -> LoadSummary:
    """Bring the catalogue to what the file says, and every process to the new catalogue.

    Raises PublisherFileError for what only the database could tell, such as a client id that is another partner's;
    nothing is changed then.
    """
    publisher, problems = source.publisher, source.problems
    now = clock.now()
    async with connection.transaction():
        await wait_for_lock(connection, Lock.LOADING)
        partner_id, partner = await put_partner(connection, publisher)
        codes = await put_codes(connection, partner_id, publisher)
        products = await put_products(connection, partner_id, publisher)
        clients, notes = await load_clients(connection, partner_id, publisher.clients, now, problems)
        readers = await load_readers(connection, partner_id, publisher, now, problems)
        problems.raise_any()
        # What others refer to goes after what refers to it.
        kinds = await remove_products(connection, partner_id, publisher, products)
        kinds = await remove_codes(connection, partner_id, publisher, codes) + kinds
        changes = (partner, *kinds, *clients, *readers)
        summary = LoadSummary(publisher.partner.code, changes, tuple(notes))
        if summary.has_changed:
            change = audit.Change(action="load", subject=f"partner:{publisher.partner.code}", after=summary.changes())
            await audit.record_command(connection, clock, partner_id, actor, change)
            await queries.announce(connection)
    return summary
