"""Bringing a partner and its codes to what the file says: first what is there, then what is there no more."""

from datetime import datetime

import msgspec

from kolofon.catalogue.changes import KindChanges, Written, kind_changes
from kolofon.catalogue.partners import company_queries, queries
from kolofon.catalogue.partners.clock_queries import find_clock_ahead
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.platform.database import Connection

PutRows = dict[str, list[Written]]


class LoadedPartner(msgspec.Struct, frozen=True):
    """The partner, the time that it lives in, and what was changed of it."""

    partner_id: int
    now: datetime
    changes: KindChanges


async def put_partner(connection: Connection, publisher: PublisherFile, now: datetime) -> LoadedPartner:
    """Add or change the partner."""
    written = await queries.put_partner(connection, publisher.partner, publisher.staff, publisher.orders)
    partner_id = await queries.find_partner_id(connection, publisher.partner.code)
    if partner_id is None:
        raise RuntimeError(f"the partner {publisher.partner.code} was written but is not there")
    ahead = await find_clock_ahead(connection, partner_id)
    return LoadedPartner(partner_id, now + ahead, kind_changes("partner", 1, written))


async def put_codes(connection: Connection, partner_id: int, publisher: PublisherFile) -> PutRows:
    """Add or change everything that the others refer to."""
    return {
        "companies": await company_queries.put_companies(connection, partner_id, publisher.companies),
        "invoice counters": await company_queries.add_invoice_counters(connection, partner_id, publisher.companies),
        "enterprises": await queries.put_enterprises(connection, partner_id, publisher.enterprises),
        "order types": await queries.put_order_types(connection, partner_id, publisher.enterprises),
        "privacy purposes": await queries.put_privacy_purposes(connection, partner_id, publisher.privacy_purposes),
        "marketing channels": await queries.put_marketing_channels(
            connection, partner_id, publisher.marketing_channels
        ),
    }


async def remove_codes(
    connection: Connection, partner_id: int, publisher: PublisherFile, put: PutRows
) -> list[KindChanges]:
    """Remove what the file does not have and nothing refers to; order types go before their enterprises."""
    order_types = await queries.remove_order_types(connection, partner_id, publisher.enterprises)
    enterprises = await queries.remove_enterprises(
        connection, partner_id, [entry.code for entry in publisher.enterprises]
    )
    companies = await company_queries.remove_companies(
        connection, partner_id, [entry.code for entry in publisher.companies]
    )
    purposes = await queries.remove_privacy_purposes(
        connection, partner_id, [entry.code for entry in publisher.privacy_purposes]
    )
    channels = await queries.remove_marketing_channels(
        connection, partner_id, [entry.code for entry in publisher.marketing_channels]
    )
    order_type_count = sum(len(entry.order_types) for entry in publisher.enterprises)
    return [
        kind_changes("companies", len(publisher.companies), put["companies"], companies),
        kind_changes("invoice counters", len(publisher.companies), put["invoice counters"]),
        kind_changes("enterprises", len(publisher.enterprises), put["enterprises"], enterprises),
        kind_changes("order types", order_type_count, put["order types"], order_types),
        kind_changes("privacy purposes", len(publisher.privacy_purposes), put["privacy purposes"], purposes),
        kind_changes("marketing channels", len(publisher.marketing_channels), put["marketing channels"], channels),
    ]
