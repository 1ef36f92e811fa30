"""The shape of the database, and getting to it."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from importlib.resources import files
from uuid import uuid4

import asyncpg
import pytest

from kolofon.platform.database import Connection
from kolofon.platform.migrations import known_migrations, migrate, missing_migrations
from tests.databases import with_database
from tests.waiting import until

# Tables that need no partner_id and no unique_id, each with where its owner stands.
OWNED_OTHERWISE = {
    "client_secret": "the client's partner",
    "client_template": "the client's partner",
    "authorization_code": "the grant's user",
    "refresh_token": "the grant's user",
    "idempotency_key": "the client's partner",
    "message": "nobody: most are to users about their accounts; no partner reads it",
    "external_sign_in_request": "nobody: who will sign in is not known yet",
    "one_time_code": "nobody: a credential may not have a user yet",
    "pushed_request": "the client's partner",
    "wrong_password": "nobody: hashes of credentials that may have no user",
    "used_once": "hashes only; the list is the installation's",
    "token_revocation": "ids of tokens and grants only; the list is the installation's",
    "signing_key": "the installation's",
}
YOYO = {"_yoyo_log", "_yoyo_migration", "_yoyo_version", "yoyo_lock"}

# Foreign keys without an index on their own side: what they point to is never deleted while it is in use, nor is its
# key changed, so nothing searches by them.
UNINDEXED = {
    "access_rule_partner_id_category_type_fkey": "a partner has few rules",
    "access_rule_partner_id_product_code_fkey": "a partner has few rules",
    "access_rule_partner_id_subscribed_product_code_fkey": "a partner has few rules",
    "category_code_partner_id_category_type_fkey": "a partner has few codes",
    "product_partner_id_company_code_fkey": "a partner has few products",
    "client_consent_client_id_fkey": "clients are disabled, not deleted",
    "oauth_grant_client_id_fkey": "clients are disabled, not deleted",
    "pushed_request_client_id_fkey": "clients are disabled, not deleted",
    "device_authorization_client_id_fkey": "clients are disabled, not deleted",
    "back_channel_logout_client_id_fkey": "clients are disabled, not deleted",
    "user_session_client_id_fkey": "clients are disabled, not deleted",
    "sign_in_client_id_fkey": "clients are disabled, not deleted",
    "remember_me_login_client_id_fkey": "clients are disabled, not deleted",
    "subscription_partner_id_product_code_fkey": "products are retired, not deleted",
    "subscription_partner_id_category_code_fkey": "codes that are held are not deleted",
    "privacy_permission_partner_id_enterprise_code_fkey": "enterprises that are held are not deleted",
    "privacy_permission_partner_id_purpose_fkey": "purposes that are held are not deleted",
    "marketing_permission_partner_id_channel_fkey": "channels that are held are not deleted",
    "coupon_partner_id_delivery_plan_id_fkey": "delivery plans are retired, not deleted",
    "coupon_partner_id_product_code_fkey": "products are retired, not deleted",
    "customer_category_partner_id_category_code_fkey": "codes that are held are not deleted",
    "customer_order_client_id_fkey": "clients are disabled, not deleted",
    "customer_order_partner_id_company_code_fkey": "companies that sell are not deleted",
    "delivery_plan_partner_id_product_code_fkey": "products are retired, not deleted",
    "invoice_partner_id_company_code_fkey": "companies that sell are not deleted",
    "login_link_client_id_fkey": "clients are disabled, not deleted",
    "product_dependency_partner_id_required_product_code_fkey": "products are retired, not deleted",
    "reward_partner_partner_id_product_code_fkey": "products are retired, not deleted",
    "voucher_coupon_partner_id_coupon_code_coupon_number_fkey": "coupons are retired, not deleted",
    "voucher_use_partner_id_voucher_code_fkey": "vouchers are retired, not deleted",
    "customer_address_product": "products are retired, not deleted",
    "customer_metadata_client_id_fkey": "clients are disabled, not deleted",
    "customer_case_partner_id_product_code_fkey": "products are retired, not deleted",
    "customer_case_client_id_fkey": "clients are disabled, not deleted",
    "status_message_partner_id_product_code_fkey": "products are retired, not deleted",
}

# Keys that do not begin with the customer, though the table has one.
OTHER_KEYS = {
    "user_customer": ["unique_id", "partner_id"],  # the look-up from users to customers is a user's
    "customer_order": ["order_id"],  # an order is there before its customer
    # Look-ups of what is there once at a partner.
    "customer_reward": ["partner_id", "reward_partner_id", "reward_id"],
    "invoice_look_up": ["partner_id", "company_code", "invoice_number"],
    "external_reference_look_up": ["partner_id", "reference_code", "external_id"],
    "customer_merge": ["partner_id", "merged_number"],  # the look-up of a number that is gone
    "customer_case": ["partner_id", "case_id"],  # who writes may be no customer
}


@pytest.fixture
async def empty(postgres: str) -> AsyncIterator[str]:
    name = f"kolofon_test_{uuid4().hex}"
    administrator = await asyncpg.connect(postgres)
    await administrator.execute(f"create database {name}")
    yield with_database(postgres, name)
    await administrator.execute(f"drop database {name} with (force)")
    await administrator.close()


async def missing(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    found = await missing_migrations(connection)
    await connection.close()
    return found


async def test_an_empty_database_gets_all_of_them_in_order_and_the_second_time_none(empty: str) -> None:
    assert await missing(empty) == known_migrations()
    assert await asyncio.to_thread(migrate, empty) == known_migrations()
    assert await missing(empty) == []
    assert await asyncio.to_thread(migrate, empty) == []


async def test_of_several_at_once_one_does_it_and_the_others_wait(empty: str) -> None:
    await asyncio.to_thread(migrate, empty)
    connection = await asyncpg.connect(empty)
    await undo_last(connection)
    # The table is about to be there already, which each of them would wait to see.
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("create table audit_log (x integer)")
    running = [asyncio.create_task(asyncio.to_thread(migrate, empty)) for _ in range(3)]

    async def all_wait() -> bool:
        count = "select count(distinct pid) from pg_locks where not granted"
        return bool(await connection.fetchval(count) >= 3)

    await until(all_wait)
    await transaction.rollback()
    await connection.close()
    assert sorted(await asyncio.gather(*running), key=len) == [[], [], ["0004_platform"]]
    assert await missing(empty) == []


async def undo_last(connection: Connection) -> None:
    await connection.execute("delete from _yoyo_migration where migration_id = '0004_platform'")
    await connection.execute("drop table audit_log, idempotency_key")


async def test_what_a_killed_process_leaves_behind_does_not_lock_out_the_next(empty: str) -> None:
    await asyncio.to_thread(migrate, empty)
    connection = await asyncpg.connect(empty)
    await connection.execute("insert into yoyo_lock (locked, ctime, pid) values (1, localtimestamp, 999999)")
    await undo_last(connection)
    await connection.close()
    assert await asyncio.to_thread(migrate, empty) == ["0004_platform"]


async def test_one_that_fails_leaves_those_before_it_and_nothing_of_itself(empty: str) -> None:
    connection = await asyncpg.connect(empty)
    # In the way of the last table of the third.
    await connection.execute("create table marketing_permission (x integer)")
    with pytest.raises(Exception, match="marketing_permission"):
        await asyncio.to_thread(migrate, empty)
    assert await connection.fetchval("select to_regclass('oauth_grant')") is not None
    assert await connection.fetchval("select to_regclass('customer')") is None
    assert await missing(empty) == known_migrations()[2:]
    await connection.execute("drop table marketing_permission")
    assert await asyncio.to_thread(migrate, empty) == known_migrations()[2:]
    await connection.close()


async def test_subscriptions_that_were_there_before_stay_as_paid_as_they_were(empty: str) -> None:
    connection = await asyncpg.connect(empty)
    await connection.execute("create table subscription_period (x integer)")
    with pytest.raises(Exception, match="subscription_period"):
        await asyncio.to_thread(migrate, empty)
    await connection.execute("set session_replication_role = replica")  # without their customers
    await connection.execute(
        """
        insert into subscription (partner_id, customer_number, product_code, state, start_time, end_time, paid)
        values (1, 1, 'DIGI', 'active', '2026-01-01', '2027-01-01', true),
            (1, 2, 'DIGI', 'active', '2026-01-01', null, true),
            (1, 3, 'DIGI', 'active', '2026-01-01', '2027-01-01', false)
        """
    )
    await connection.execute("drop table subscription_period")
    await asyncio.to_thread(migrate, empty)
    rows = await connection.fetch(
        "select paid_until = end_time as to_its_end, paid_until = 'infinity' as free from subscription order by 1, 2"
    )
    await connection.close()
    assert [tuple(row) for row in rows] == [(True, False), (None, True), (None, None)]


async def test_of_addresses_that_were_there_before_the_newest_is_still_the_one_that_counts(empty: str) -> None:
    connection = await asyncpg.connect(empty)
    await connection.execute("create table customer_merge (x integer)")
    with pytest.raises(Exception, match="customer_merge"):
        await asyncio.to_thread(migrate, empty)
    await connection.execute("set session_replication_role = replica")  # without their customers
    await connection.execute(
        """
        insert into customer_address (partner_id, customer_number, street, valid_from, created_at)
        values (1, 1, 'first', '2026-01-01', now()), (1, 1, 'wrong', '2026-03-01', now()),
            (1, 1, 'second', '2026-03-01', now()), (1, 1, 'third', '2026-05-01', now()),
            (1, 2, 'another', '2026-02-01', now())
        """
    )
    await connection.execute("drop table customer_merge")
    await asyncio.to_thread(migrate, empty)
    days = [date(2026, month, 15) for month in (1, 2, 3, 4, 5, 6)]
    rows = await connection.fetch(
        "select a.street from unnest($1::date[]) day, home_address(1::smallint, 1, day) a", days
    )
    kept = await connection.fetchval("select array_agg(street) from customer_address where dropped = 'corrected'")
    await connection.close()
    assert [row["street"] for row in rows] == ["first", "first", "second", "second", "third", "third"]
    assert kept == ["wrong"]


async def test_customers_that_were_there_before_are_found(empty: str) -> None:
    connection = await asyncpg.connect(empty)
    await connection.execute("create table customer_search (x integer)")
    with pytest.raises(Exception, match="customer_search"):
        await asyncio.to_thread(migrate, empty)
    await connection.execute(
        """
        insert into partner (partner_code, name, country_code, currency, time_zone)
        values ('example', 'Example', 'NO', 'NOK', 'Europe/Oslo'), ('annan', 'Annan', 'SE', 'SEK', 'Europe/Oslo');
        insert into customer (partner_id, customer_number, last_name, created_at)
        select partner_id, n, 'Å', '2026-01-01' from partner, generate_series(1, 300) n;
        insert into customer_email select partner_id, n, 'A@example.no', 1 from partner, generate_series(1, 300, 2) n;
        drop table customer_search;
        """
    )
    await asyncio.to_thread(migrate, empty)
    count = "select count(*) from customer_search where terms @@ quote_literal(partner_id || $1)::tsquery"
    assert await connection.fetchval(count, "l:a") == 600
    assert await connection.fetchval(count, "e:a@example.no") == 300
    await connection.close()


def test_each_sets_a_lock_and_a_statement_time_out_before_anything_else() -> None:
    for name in known_migrations():
        text = (files("kolofon") / "migrations" / f"{name}.sql").read_text()
        statements = [s.strip() for s in re.sub(r"--.*", "", text).split(";") if s.strip()]
        settings = [re.sub(r"\s*=.*", "", statement) for statement in statements[:2]]
        assert settings == ["set local lock_timeout", "set local statement_timeout"], name


def test_their_numbers_follow_each_other() -> None:
    assert [int(name[:4]) for name in known_migrations()] == list(range(1, len(known_migrations()) + 1))


async def test_every_table_says_whose_its_rows_are(connection: Connection) -> None:
    rows = await connection.fetch(
        """
        select t.table_name, bool_or(c.column_name in ('partner_id', 'unique_id')) as owned
        from information_schema.tables t
        join information_schema.columns c on c.table_schema = t.table_schema and c.table_name = t.table_name
        where t.table_schema = 'public' and t.table_type = 'BASE TABLE'
        group by t.table_name
        """
    )
    unowned = {row["table_name"] for row in rows if not row["owned"]} - YOYO
    assert unowned == OWNED_OTHERWISE.keys()


async def test_the_keys_of_what_a_customer_owns_begin_with_partner_and_customer(connection: Connection) -> None:
    rows = await connection.fetch(
        """
        select c.conrelid::regclass::text as name, (
            select array_agg(a.attname::text order by place)
            from unnest(c.conkey) with ordinality as k (number, place)
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number
        ) as columns
        from pg_constraint c
        join pg_attribute owner on owner.attrelid = c.conrelid and owner.attname = 'customer_number'
        where c.contype = 'p' and c.connamespace = 'public'::regnamespace
        """
    )
    found = {row["name"]: row["columns"] for row in rows}
    assert {name: found.pop(name) for name in OTHER_KEYS} == OTHER_KEYS
    assert {"customer", "subscription", "privacy_permission", "marketing_permission"} <= found.keys()
    for name, columns in found.items():
        assert columns[:2] == ["partner_id", "customer_number"], name


async def test_every_foreign_key_can_be_searched_by_or_has_a_reason(connection: Connection) -> None:
    rows = await connection.fetch(
        """
        select c.conname
        from pg_constraint c
        where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
            select from pg_index i
            where i.indrelid = c.conrelid
                and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
        )
        """
    )
    unindexed = {row["conname"] for row in rows}
    assert unindexed == UNINDEXED.keys()


async def test_no_time_is_kept_without_its_zone(connection: Connection) -> None:
    rows = await connection.fetch(
        """
        select table_name, column_name from information_schema.columns
        where table_schema = 'public' and data_type = 'timestamp without time zone'
        """
    )
    assert {row["table_name"] for row in rows} <= YOYO
