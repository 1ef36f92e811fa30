"""All SQL of addresses: which one counts on a day, all that a customer has, and writing them."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
import msgspec

from kolofon.engine.customers.addresses.forms import AddressData
from kolofon.engine.customers.addresses.rules import AddressRow
from kolofon.platform.database import Connection, Reader

LISTED_AT_MOST = 150  # all that count or will, and the latest of those that are over

_ADDRESSES = """
select address_id, product_code, valid_from, valid_until, care_of, street, street_number, entrance, floor_type, floor,
    suite, postal_code, postal_place, country_code, postal_address, postal_address_postal_code,
    postal_address_postal_place
from customer_address
where partner_id = $1 and customer_number = $2 and dropped is null
"""
_DELIVERY = (
    _ADDRESSES
    + """
    and (product_code is null or product_code = $3)
    and valid_from <= $4 and (valid_until is null or valid_until > $4)
order by product_code nulls last
limit 1
"""
)
_LISTED = (
    _ADDRESSES
    + """
    and ($3::text is null or product_code is null or product_code = $3)
order by valid_until <= $4 nulls first, valid_until desc, address_id desc
limit $5
"""
)
_CHANGEABLE = (
    _ADDRESSES
    + """
    and (valid_until is null or valid_until > $4 or address_id = $3)
order by valid_from, address_id
"""
)


async def find_delivery_address(
    database: Reader, partner_id: int, customer_number: int, product_code: str | None, day: date
) -> AddressRow | None:
    """Where a product is delivered on a day: its temporary change, else home; without a product home."""
    row = await database.fetchrow(_DELIVERY, partner_id, customer_number, product_code, day)
    return _address(row) if row is not None else None


async def list_addresses(
    database: Reader, partner_id: int, customer_number: int, product_code: str | None, today: date
) -> list[AddressRow]:
    """What counts or will, then what is over, the latest first. With a product nothing of other products."""
    rows = await database.fetch(_LISTED, partner_id, customer_number, product_code, today, LISTED_AT_MOST)
    return [_address(row) for row in rows]


async def list_changeable(
    connection: Connection, partner_id: int, customer_number: int, address_id: int, today: date
) -> list[AddressRow]:
    """What counts or will, and the one with this id though it is over. Who calls holds the customer's row."""
    rows = await connection.fetch(_CHANGEABLE, partner_id, customer_number, address_id, today)
    return [_address(row) for row in rows]


async def change_periods(
    connection: Connection, partner_id: int, customer_number: int, rows: Sequence[AddressRow]
) -> None:
    """Write the days of addresses and whether they are dropped, one after the other: meanwhile no two may overlap."""
    await connection.executemany(
        """
        update customer_address
        set valid_from = $4, valid_until = $5, dropped = $6
        where partner_id = $1 and customer_number = $2 and address_id = $3
        """,
        [(partner_id, customer_number, row.address_id, row.valid_from, row.valid_until, row.dropped) for row in rows],
    )


async def add_addresses(
    connection: Connection, partner_id: int, customer_number: int, rows: Sequence[AddressRow], now: datetime
) -> list[int]:
    """Add addresses and return their ids, in their order."""
    added = await connection.fetch(
        """
        insert into customer_address (partner_id, customer_number, product_code, valid_from, valid_until, care_of,
            street, street_number, entrance, floor_type, floor, suite, postal_code, postal_place, country_code,
            postal_address, postal_address_postal_code, postal_address_postal_place, created_at)
        select $1, $2, t.product_code, t.valid_from, t.valid_until, t.care_of,
            t.street, t.street_number, t.entrance, t.floor_type, t.floor, t.suite, t.postal_code, t.postal_place,
            t.country_code, t.postal_address, t.postal_address_postal_code, t.postal_address_postal_place, $4
        from jsonb_array_elements($3) with ordinality as told (address, position)
        cross join lateral jsonb_populate_record(null::customer_address, told.address) t
        order by told.position
        returning address_id
        """,
        partner_id,
        customer_number,
        [_columns(row) for row in rows],
        now,
    )
    return [row["address_id"] for row in added]


def _address(row: asyncpg.Record) -> AddressRow:
    columns = dict(row)
    told = {name: columns.pop(name) for name in AddressData.__struct_fields__}
    return AddressRow(**columns, data=AddressData(**told))


def _columns(row: AddressRow) -> dict[str, object]:
    period = {"product_code": row.product_code, "valid_from": row.valid_from, "valid_until": row.valid_until}
    return period | msgspec.structs.asdict(row.data)
