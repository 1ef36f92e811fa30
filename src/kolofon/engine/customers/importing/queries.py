"""All SQL of imports."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

import msgspec

from kolofon.engine.customers.importing.rules import Account, Claim, Kind
from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection, Lock, rows_changed


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import has come."""

    customer_import_id: int
    rows_done: int = 0
    customers_made: int = 0
    customers_known: int = 0
    rows_refused: int = 0
    accounts_made: int = 0
    accounts_linked: int = 0


async def try_import_lock(connection: Connection, partner_id: int) -> bool:
    """Take the lock of a partner's imports until the connection ends; False when another one has it."""
    return bool(
        await connection.fetchval("select pg_try_advisory_lock($1::integer, $2)", Lock.CUSTOMER_IMPORT, partner_id)
    )


async def wait_for_import_lock(connection: Connection, partner_id: int) -> None:
    """The same, when its turn has come."""
    await connection.execute("select pg_advisory_lock($1::integer, $2)", Lock.CUSTOMER_IMPORT, partner_id)


async def release_import_lock(connection: Connection, partner_id: int) -> None:
    """Let the next one begin."""
    await connection.execute("select pg_advisory_unlock($1::integer, $2)", Lock.CUSTOMER_IMPORT, partner_id)


async def prepare(connection: Connection) -> None:
    """Have each batch planned by how large the tables are by then, and not by how they were at the first.

    Compiling what a batch runs would take longer than running it.
    """
    await connection.execute("set plan_cache_mode = force_custom_plan; set jit = off")


async def shadow_tables(connection: Connection) -> None:
    """For a dry run: tables of the same names that this connection alone sees, instead of those of imports."""
    await connection.execute(
        """
        create temporary table customer_import (like customer_import including all);
        create temporary table customer_import_refusal (like customer_import_refusal including all);
        create temporary table customer_import_claim (like customer_import_claim including all);
        """
    )


async def drop_shadows(connection: Connection) -> None:
    """See the real tables again."""
    await connection.execute(
        "drop table pg_temp.customer_import, pg_temp.customer_import_refusal, pg_temp.customer_import_claim"
    )


async def begin_import(
    connection: Connection, partner_id: int, file_name: str, file_hash: bytes, actor: str, now: datetime
) -> Import:
    """The import of a file: one that has not ended goes on; one that has begins anew."""
    row = await connection.fetchrow(
        """
        insert into customer_import as i (partner_id, file_name, file_hash, actor, started_at)
        values ($1, $2, $3, $4, $5)
        on conflict (partner_id, file_hash) do update set file_name = excluded.file_name, actor = excluded.actor,
            started_at = excluded.started_at, finished_at = null, rows_done = 0, customers_made = 0,
            customers_known = 0, rows_refused = 0, accounts_made = 0, accounts_linked = 0
            where i.finished_at is not null
        returning customer_import_id
        """,
        partner_id,
        file_name,
        file_hash,
        actor,
        now,
    )
    if row is None:
        return await _find_import(connection, partner_id, file_hash)
    await connection.execute(
        "delete from customer_import_refusal where partner_id = $1 and customer_import_id = $2", partner_id, row[0]
    )
    return Import(customer_import_id=row[0])


async def _find_import(connection: Connection, partner_id: int, file_hash: bytes) -> Import:
    row = await connection.fetchrow(
        """
        select customer_import_id, rows_done, customers_made, customers_known, rows_refused, accounts_made,
            accounts_linked
        from customer_import
        where partner_id = $1 and file_hash = $2
        """,
        partner_id,
        file_hash,
    )
    if row is None:
        raise RuntimeError("an import that is there cannot be found")
    return Import(**row)


async def set_progress(connection: Connection, partner_id: int, rows_before: int, done: Import) -> None:
    """Note how far an import has come by a batch, which began behind `rows_before`. One after the other does so."""
    status = await connection.execute(
        """
        update customer_import
        set rows_done = $4, customers_made = $5, customers_known = $6, rows_refused = $7, accounts_made = $8,
            accounts_linked = $9
        where partner_id = $1 and customer_import_id = $2 and rows_done = $3
        """,
        partner_id,
        done.customer_import_id,
        rows_before,
        done.rows_done,
        done.customers_made,
        done.customers_known,
        done.rows_refused,
        done.accounts_made,
        done.accounts_linked,
    )
    if rows_changed(status) != 1:
        raise RuntimeError("somebody else works on the same import")


async def find_customers(connection: Connection, partner_id: int, numbers: list[int]) -> set[int]:
    """Those of the numbers that are customers'."""
    rows = await connection.fetch(
        """
        select c.customer_number
        from unnest($2::bigint[]) as told (customer_number)
        join customer c on c.partner_id = $1 and c.customer_number = told.customer_number
        """,
        partner_id,
        numbers,
    )
    return {row[0] for row in rows}


async def find_merged(connection: Connection, partner_id: int, numbers: list[int]) -> dict[int, int]:
    """Those of the numbers that are gone, with where their customer went."""
    rows = await connection.fetch(
        """
        select m.merged_number, m.customer_number
        from unnest($2::bigint[]) as told (customer_number)
        join customer_merge m on m.partner_id = $1 and m.merged_number = told.customer_number
        """,
        partner_id,
        numbers,
    )
    return {row[0]: row[1] for row in rows}


async def find_references(
    connection: Connection, partner_id: int, references: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Whose external references are; codes with identifiers."""
    rows = await connection.fetch(
        """
        select r.reference_code, r.external_id, r.customer_number
        from unnest($2::text[], $3::text[]) as told (reference_code, external_id)
        join external_reference_look_up r on r.partner_id = $1 and r.reference_code = told.reference_code
            and r.external_id = told.external_id
        """,
        partner_id,
        [code for code, _ in references],
        [external_id for _, external_id in references],
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def find_accounts(connection: Connection, partner_id: int, credentials: list[str]) -> dict[str, Account]:
    """The accounts of credentials, and whether nobody but the credential's owner can have a way into it.

    That is so when the credential was verified; and when it was not, as long as there is no other way in either: by
    the code for this one, which verifies it.
    """
    rows = await connection.fetch(
        """
        select c.credential, c.unique_id, a.disabled_at is not null,
            c.verification_level = any($3::text[]) or (
                a.password_hash is null
                and not exists (select from external_sign_in_link l where l.unique_id = c.unique_id)
                and not exists (
                    select from user_credential o where o.unique_id = c.unique_id and o.credential <> c.credential
                )
            ),
            u.customer_number
        from unnest($2::text[]) as told (credential)
        join user_credential c on c.credential = told.credential
        join user_account a on a.unique_id = c.unique_id
        left join user_customer u on u.unique_id = c.unique_id and u.partner_id = $1
        """,
        partner_id,
        credentials,
        VERIFIED_LEVELS,
    )
    return {row[0]: Account(*row[1:]) for row in rows}


async def find_claims(
    connection: Connection, partner_id: int, customer_import_id: int, claims: Sequence[Claim]
) -> dict[Claim, int]:
    """The lines of the rows that were taken before and hold something."""
    rows = await connection.fetch(
        """
        select i.kind, i.value, i.row_number
        from unnest($3::text[], $4::text[]) as told (kind, value)
        join customer_import_claim i on i.partner_id = $1 and i.customer_import_id = $2
            and i.kind = told.kind and i.value = told.value
        """,
        partner_id,
        customer_import_id,
        [kind for kind, _ in claims],
        [value for _, value in claims],
    )
    found: dict[tuple[Kind, str], int] = {(row[0], row[1]): row[2] for row in rows}
    return found


async def take_numbers(connection: Connection, partner_id: int, count: int) -> list[int]:
    """So many numbers of the sequence; those that are taken, or are gone, are left out."""
    rows = await connection.fetch(
        """
        select taken.number
        from (select nextval('customer_number') as number from generate_series(1, $2::integer)) taken
        where not exists (select from customer c where c.partner_id = $1 and c.customer_number = taken.number)
            and not exists (select from customer_merge m where m.partner_id = $1 and m.merged_number = taken.number)
        """,
        partner_id,
        count,
    )
    return [row[0] for row in rows]


async def write_later(connection: Connection) -> None:
    """Before the tables are filled: what is found by is made afterwards, of all at once, and a crash may undo it.

    The next run makes again what it undid, since how far the import had come is undone with it.
    """
    await connection.execute(
        "set local kolofon.search = 'later'; set local synchronous_commit = off; set local lock_timeout = '60s'"
    )


async def copy_lines(connection: Connection, table: str, columns: Sequence[str], lines: list[str]) -> None:
    """Fill a table; raises asyncpg.UniqueViolationError for what is there already."""
    if lines:
        source = BytesIO(("\n".join(lines) + "\n").encode())
        await connection.copy_to_table(table, columns=columns, source=source, format="text")


async def make_findable(connection: Connection, partner_id: int, numbers: list[int]) -> None:
    """Let customers be found by search."""
    await connection.execute("select index_customers($1::smallint, $2::bigint[])", partner_id, numbers)


async def count_in_database(connection: Connection, partner_id: int, customer_import_id: int) -> tuple[int, int, int]:
    """Rows that were refused, rows that were taken, and those of them whose customer is there, by their numbers."""
    row = await connection.fetchrow(
        """
        select
            (
                select count(*) from customer_import_refusal r
                where r.partner_id = $1 and r.customer_import_id = $2
            ),
            count(*),
            count(c.customer_number) + count(m.merged_number)
        from (
            -- In a dry run a number that is yet to be taken is a line.
            select case when value ~ '^[0-9]+$' then value::bigint end as customer_number
            from customer_import_claim
            where partner_id = $1 and customer_import_id = $2 and kind = 'number'
        ) i
        left join customer c on c.partner_id = $1 and c.customer_number = i.customer_number
        -- One may have been merged into another since.
        left join customer_merge m on m.partner_id = $1 and m.merged_number = i.customer_number
        """,
        partner_id,
        customer_import_id,
    )
    if row is None:
        raise RuntimeError("counting gave no row")
    return row[0], row[1], row[2]


async def end_import(connection: Connection, partner_id: int, customer_import_id: int, now: datetime) -> None:
    """Note that a file is done. What its rows hold is in the database now."""
    await connection.execute(
        "delete from customer_import_claim where partner_id = $1 and customer_import_id = $2",
        partner_id,
        customer_import_id,
    )
    await connection.execute(
        "update customer_import set finished_at = $3 where partner_id = $1 and customer_import_id = $2",
        partner_id,
        customer_import_id,
        now,
    )


async def list_refusals(
    connection: Connection, partner_id: int, customer_import_id: int, after: int, most: int
) -> list[tuple[int, str | None, str]]:
    """The rows that were refused behind a line: line, what the customer is called there, why."""
    rows = await connection.fetch(
        """
        select row_number, customer, problem
        from customer_import_refusal
        where partner_id = $1 and customer_import_id = $2 and row_number > $3
        order by row_number
        limit $4
        """,
        partner_id,
        customer_import_id,
        after,
        most,
    )
    return [(row[0], row[1], row[2]) for row in rows]
