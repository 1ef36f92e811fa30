import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from kolofon.catalogue.demo_data.service import DemoDataError, DemoDataSummary, generate_demo_data
from kolofon.catalogue.offers import Period
from kolofon.commands.administration import CommandError, DemoCustomers, demo_data
from kolofon.engine.customers.searching.criteria import Criteria
from kolofon.engine.customers.searching.service import search_customers
from kolofon.engine.subscriptions.periods import moved, period_end
from kolofon.engine.subscriptions.rules import FOREVER, Standing, settled
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of
from tests.browser_session import Server, bearer
from tests.engine.customers.searching.people import stale
from tests.playground import Playground, Reader

LAST_MOMENT = FOREVER.replace(tzinfo=None)

# Every table that customers are made in, without what the database numbers by itself.
COLUMNS = {
    "user_account": "t",
    "user_credential": "t",
    "customer": "t",
    "user_customer": "t",
    "customer_address": "to_jsonb(t) - 'address_id'",
    "customer_email": "t",
    "customer_phone_number": "t",
    "customer_search": "t",
    "subscription": "to_jsonb(t) - 'subscription_id'",
    "subscription_period": "to_jsonb(t) - 'subscription_id'",
    "customer_access": "to_jsonb(t) - 'customer_access_id'",
    "privacy_permission": "t",
    "marketing_permission": "t",
}


async def make(
    playground: Playground,
    customers: int,
    *,
    partner: str = "example",
    seed: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> DemoDataSummary:
    return await generate_demo_data(playground.connection, playground.clock, partner, customers, seed, progress)


async def digests(connection: Connection) -> dict[str, str]:
    return {
        table: await connection.fetchval(
            f"select md5(coalesce(string_agg(({row})::text, '|' order by ({row})::text), '')) from {table} t"
        )
        for table, row in COLUMNS.items()
    }


async def forget_all(connection: Connection) -> None:
    await connection.execute(f"truncate {', '.join(COLUMNS)} cascade")


async def rows(connection: Connection, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch(query, *arguments)]


async def test_the_same_seed_makes_the_same_customers_in_one_go_or_in_several(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 150)
    at_once = await digests(connection)
    await forget_all(connection)
    await make(playground, 60)
    assert await digests(connection) != at_once
    await make(playground, 150)
    assert await digests(connection) == at_once


async def test_another_seed_makes_other_customers(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 150, seed=1)
    first = await digests(connection)
    await forget_all(connection)
    await make(playground, 150, seed=2)
    second = await digests(connection)
    assert [table for table in COLUMNS if first[table] == second[table]] == []


async def test_a_second_run_adds_nothing_and_what_has_changed_since_stays(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 100)
    await connection.execute("delete from subscription_period where customer_number = 1000001")
    await connection.execute("delete from subscription where customer_number = 1000001")
    await connection.execute("update customer set last_name = 'Gift' where customer_number = 1000002")
    before = await digests(connection)
    again = await make(playground, 100)
    other_seed = await make(playground, 100, seed=2)
    assert await digests(connection) == before
    assert (again.customers, again.accounts, again.subscriptions) == (0, 0, 0)
    assert (other_seed.customers, other_seed.accounts, other_seed.subscriptions) == (0, 0, 0)
    assert "there before, left              100" in str(again)


async def test_an_interrupted_run_keeps_its_batches_and_is_continued(playground: Playground) -> None:
    done: list[int] = []

    def interrupt(customers: int) -> None:
        done.append(customers)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await make(playground, 20_100, progress=interrupt)
    kept = await playground.connection.fetchval("select count(*) from customer")
    assert done == [kept]
    assert 0 < kept < 20_100

    done.clear()
    summary = await make(playground, 20_100, progress=done.append)
    assert summary.customers == 20_100 - kept
    assert done == [kept, 20_100]
    assert await playground.connection.fetchval("select count(*) from subscription") == 3 * 20_100


async def test_two_runs_at_once_make_each_customer_once(playground: Playground, database_url: str) -> None:
    second = await asyncpg.connect(database_url)
    runs = await asyncio.gather(
        make(playground, 2000),
        generate_demo_data(second, playground.clock, "example", 2000, 1, lambda done: None),
    )
    await second.close()
    assert sum(run.customers for run in runs) == 2000
    assert await playground.connection.fetchval("select count(*) from subscription") == 6000


async def test_the_summary_tells_what_there_is_after_the_first_run(playground: Playground) -> None:
    summary = await make(playground, 300)
    counts = {table: await playground.connection.fetchval(f"select count(*) from {table}") for table in COLUMNS}
    # Most have a phone number, of which the summary says nothing.
    assert 150 < counts.pop("customer_phone_number") < 300
    assert counts == {
        "user_account": summary.accounts,
        "user_credential": summary.credentials,
        "customer": summary.customers,
        "user_customer": 300,
        "customer_address": 300,
        "customer_email": 300,
        "customer_search": 300,
        "subscription": summary.subscriptions,
        "subscription_period": summary.subscriptions,
        "customer_access": summary.accesses,
        "privacy_permission": summary.privacy_permissions,
        "marketing_permission": summary.marketing_permissions,
    }
    assert summary.customers == summary.accounts == 300
    assert all(counts.values())
    assert "subscriptions                   900" in str(summary)


async def test_customers_have_one_to_six_subscriptions_and_three_on_average(playground: Playground) -> None:
    await make(playground, 1000)
    spread = await rows(
        playground.connection,
        """
        select subscriptions, count(*)
        from (select count(*) as subscriptions from subscription group by customer_number) counted
        group by subscriptions order by subscriptions
        """,
    )
    assert [subscriptions for subscriptions, _ in spread] == [1, 2, 3, 4, 5, 6]
    assert sum(customers for _, customers in spread) == 1000
    assert sum(subscriptions * customers for subscriptions, customers in spread) == 3000


async def test_periods_fit_states_just_after_midnight_in_the_partners_time_zone(
    playground: Playground, clock: Clock
) -> None:
    half_past_eleven = clock.now().replace(hour=23, minute=30, second=0) + timedelta(days=1)
    clock.move(half_past_eleven - clock.now())
    await make(playground, 2000)
    now = clock.now()
    found = await rows(playground.connection, "select state, start_time, end_time from subscription")
    misfits = [
        (state, start, end)
        for state, start, end in found
        if not {
            "active": start <= now and (end is None or end > now),
            "paused": start <= now and (end is None or end > now),
            "stopping": start <= now and end is not None and end > now,
            "stopped": end is not None and end <= now,
            "waiting": start > now and end is not None,
        }[state]
    ]
    assert misfits == []
    shares = {state: sum(s == state for s, _, _ in found) / len(found) for state in {s for s, _, _ in found}}
    assert shares["active"] > 0.6
    assert all(shares[state] > 0.01 for state in ("stopping", "paused", "stopped", "waiting"))
    not_at_midnight = """
        select count(*) from subscription
        where (start_time at time zone 'Europe/Oslo')::time <> '00:00'
            or (end_time at time zone 'Europe/Oslo')::time <> '00:00'
    """
    assert await playground.connection.fetchval(not_at_midnight) == 0


async def test_what_happens_next_to_a_subscription_is_as_its_life_would_have_left_it(
    playground: Playground, clock: Clock
) -> None:
    await make(playground, 500)
    found = await playground.connection.fetch(
        """
        select s.state, s.start_time, s.end_time, s.paid_until, s.renew_at, s.change_at, s.pause_from, s.pause_until,
            s.stop_reason, p.start_time as period_start, p.end_time as period_end, p.period_number
        from subscription s
        join subscription_period p using (partner_id, customer_number, subscription_id)
        """
    )
    assert len(found) == 1500
    for row in found:
        # asyncpg reads infinity as the last moment there is, without a zone.
        members: dict[str, Any] = {name: FOREVER if value == LAST_MOMENT else value for name, value in row.items()}
        start, end, number = (members.pop(name) for name in ("period_start", "period_end", "period_number"))
        standing = Standing(**members)
        assert settled(standing) == standing
        assert standing.renews is (standing.state in {"waiting", "active", "paused"} and end is not None)
        assert (end, number) == (standing.end_time, 1)
        if standing.state != "stopped":
            assert start == standing.start_time or start <= clock.now()
        if standing.state in {"waiting", "active"} and end is not None:
            assert standing.renew_at == max(start, moved(end, -14, "Europe/Oslo"))
        assert standing.pause_from is None or standing.start_time <= standing.pause_from <= clock.now()
        assert standing.paid_until in {FOREVER if end is None else end, start, None}


async def test_periods_are_those_of_the_coupons_that_customers_renew_by(playground: Playground) -> None:
    await make(playground, 500)
    found = await playground.connection.fetch(
        """
        select s.product_code, s.coupon_code, s.coupon_number, s.delivery_plan_id, s.start_time as anchor,
            p.start_time, p.end_time
        from subscription s
        join subscription_period p using (partner_id, customer_number, subscription_id)
        where s.state <> 'stopped' and s.end_time is not null
        """
    )
    renewing = {
        ("DIGI", "DIGI", 1): Period(1, "months"),
        ("DIGI", "DIGI", 2): Period(12, "months"),
        ("PAPER", "PAPER", 10): Period(3, "months"),
        ("MAG", "MAG", 20): Period(12, "months"),
    }
    assert {(row["product_code"], row["coupon_code"], row["coupon_number"]) for row in found} - renewing.keys() == {
        ("DIGI", "OLD", 1),
        ("WEEKEND", None, None),
    }
    for row in found:
        period = renewing.get((row["product_code"], row["coupon_code"], row["coupon_number"]))
        if period is not None:
            anchor_day = day_of(row["anchor"], "Europe/Oslo").day
            assert row["end_time"] == period_end(row["start_time"], period, "Europe/Oslo", anchor_day)
        assert row["delivery_plan_id"] == (3 if row["coupon_code"] == "PAPER" else None)


async def test_customers_have_an_address_and_the_e_mail_address_of_their_account(playground: Playground) -> None:
    await make(playground, 300)
    found = await rows(
        playground.connection,
        """
        select a.street, a.street_number, a.postal_code ~ '^[0-9]{4}$', a.postal_place, a.country_code, a.valid_from,
            c.created_at::date, m.email = u.credential
        from customer c
        join customer_address a using (partner_id, customer_number)
        join customer_email m using (partner_id, customer_number)
        join user_customer l using (partner_id, customer_number)
        join user_credential u on u.unique_id = l.unique_id and u.credential_type = 'A'
        """,
    )
    assert len(found) == 300
    assert {(row[2], row[4], row[7]) for row in found} == {(True, "NO", True)}
    assert all(1 <= row[1] <= 90 and row[5] == row[6] for row in found)
    assert len({(row[0], row[3]) for row in found}) > 50


async def test_the_numbers_of_customers_to_come_begin_after_the_made_up_ones(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 30)
    assert await connection.fetchval("select nextval('customer_number')") == 1_000_031
    await make(playground, 20)
    assert await connection.fetchval("select nextval('customer_number')") == 1_000_032


async def test_nobody_subscribes_to_a_product_twice_at_a_time(playground: Playground) -> None:
    await make(playground, 500)
    held = await rows(
        playground.connection,
        """
        select customer_number, product_code, start_time, coalesce(end_time, 'infinity')
        from subscription order by customer_number, product_code, start_time
        """,
    )
    repeated = [(one, next_) for one, next_ in pairwise(held) if one[:2] == next_[:2]]
    assert repeated
    assert [pair for pair in repeated if pair[0][3] > pair[1][2]] == []


async def test_nothing_is_older_than_its_owner_or_still_to_come(playground: Playground, clock: Clock) -> None:
    await make(playground, 500)
    ages = await rows(
        playground.connection,
        """
        select c.created_at <= a.created_at, a.created_at < $1,
            c.created_at <= (select min(start_time) from subscription where customer_number = c.customer_number),
            a.created_at <= all(select changed_at from privacy_permission where customer_number = c.customer_number),
            $1 > all(select changed_at from marketing_permission where customer_number = c.customer_number)
        from customer c
        join user_customer using (partner_id, customer_number)
        join user_account a using (unique_id)
        """,
        clock.now(),
    )
    assert set(ages) == {(True, True, True, True, True)}


async def test_credentials_are_in_their_stored_form_and_lead_nowhere_in_the_world(playground: Playground) -> None:
    await make(playground, 500)
    found = await rows(
        playground.connection, "select credential, credential_type, verification_level from user_credential"
    )
    assert [c for c, letter, _ in found if normalised_credential(c) != (c, letter)] == []
    emails = [credential for credential, letter, _ in found if letter == "A"]
    phones = [credential for credential, letter, _ in found if letter == "B"]
    assert len(emails) == 500
    assert all(email.isascii() for email in emails)
    assert {email.split("@")[1].rsplit(".", 2)[1] for email in emails} == {"example"}
    assert 100 < len(phones) < 250
    assert {phone[:4] for phone in phones} == {"+471"}
    assert len({level for _, _, level in found}) > 3
    assert await playground.connection.fetchval("select count(password_hash) from user_account") == 0


async def test_permissions_and_accesses_are_for_what_the_partner_has(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 1000)
    order_types = {("NEWS", "SUB"), ("NEWS", "NL")}
    enterprises = {("NEWS", ""), ("MAG", "")}
    privacy = await rows(connection, "select distinct enterprise_code, order_type from privacy_permission")
    marketing = await rows(connection, "select distinct enterprise_code, order_type from marketing_permission")
    assert set(privacy) == enterprises | order_types
    assert set(marketing) == enterprises | order_types | {("", "")}
    kinds = await rows(connection, "select distinct kind from customer_access")
    assert {kind for (kind,) in kinds} == {"article", "product", "categoryType"}
    codes = await rows(connection, "select distinct code from customer_access where kind <> 'article'")
    assert {code for (code,) in codes} <= {"DIGI", "PAPER", "WEEKEND", "MAG", "SPORT"}
    products = await rows(connection, "select distinct product_code, category_code from subscription")
    assert set(products) == {(p, c) for p in ("DIGI", "PAPER", "WEEKEND", "MAG") for c in (None, "SKI")}


async def test_customers_of_two_partners_share_nothing(playground: Playground, reader: Reader) -> None:
    connection = playground.connection
    before = await rows(connection, "select customer_number, product_code, start_time, end_time from subscription")
    await make(playground, 200, partner="annan")
    for table in ("customer", "user_customer"):
        numbers = await rows(connection, f"select customer_number from {table} where partner_id = 1")
        assert numbers == [(reader.customer_number,)]
    for table in ("subscription", "customer_access", "privacy_permission", "marketing_permission"):
        assert await connection.fetchval(f"select count(*) from {table} where partner_id = 2") > 0
    untouched = "select customer_number, product_code, start_time, end_time from subscription where partner_id = 1"
    assert await rows(connection, untouched) == before

    ours = await make(playground, 200, partner="example")
    assert (ours.customers, ours.accounts) == (200, 200)
    assert await connection.fetchval("select count(*) from user_credential where credential_type = 'A'") == 401
    shared = "select count(*) from (select from user_customer group by unique_id having count(*) > 1) two"
    assert await connection.fetchval(shared) == 0


async def test_a_credential_that_somebody_has_stays_theirs(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 10)
    wanted = await connection.fetchval("select min(credential) from user_credential where credential_type = 'A'")
    await forget_all(connection)
    reader = await playground.add_reader(wanted)
    await make(playground, 10)
    owner = await connection.fetchval("select unique_id from user_credential where credential = $1", wanted)
    assert owner == reader.unique_id
    assert await connection.fetchval("select count(*) from user_customer") == 10


async def test_an_account_that_outlived_its_customer_gets_it_back(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 10)
    before = await digests(connection)
    await connection.execute("truncate customer cascade")
    summary = await make(playground, 10)
    assert (summary.customers, summary.accounts) == (10, 0)
    assert await digests(connection) == before


async def test_a_partner_that_sells_no_subscription_is_refused_in_one_line(playground: Playground) -> None:
    await playground.connection.execute(
        """
        update product set retired = product_code <> 'DIGI',
            product_type = case product_code when 'DIGI' then 'article' else product_type end
        """
    )
    with pytest.raises(DemoDataError) as error:
        await make(playground, 10)
    assert str(error.value) == "the partner example has no subscription product that customers could hold"
    new = DemoCustomers("example", 10, 1)
    with pytest.raises(CommandError, match=r"^--partner: the partner example has no subscription product"):
        await demo_data(playground.connection, playground.clock, new, lambda done: None, "command-line:test")
    assert await playground.connection.fetchval("select count(*) from customer") == 0


async def test_a_partner_with_one_product_and_nothing_else_gets_customers(playground: Playground) -> None:
    connection = playground.connection
    await connection.execute(
        """
        truncate access_rule, order_type, privacy_purpose, marketing_channel, category_type, coupon, delivery_plan,
            product_price, article_price, product_issue, product_dependency, reward_partner, stock cascade
        """
    )
    await connection.execute("delete from product where product_code <> 'DIGI'")
    await connection.execute("update partner set partner_code = '-a--b-' where partner_id = 1")
    summary = await make(playground, 300, partner="-a--b-")
    assert (summary.customers, summary.subscriptions) == (300, 900)
    assert (summary.privacy_permissions, summary.marketing_permissions) == (0, 0)
    emails = await rows(connection, "select credential from user_credential where credential_type = 'A'")
    assert [email for (email,) in emails if normalised_credential(email)[0] != email] == []


async def test_a_made_up_reader_reads_what_she_subscribes_to(server: Server, playground: Playground) -> None:
    await make(playground, 50)
    headers = bearer(await server.client_token())
    credentials = await rows(
        playground.connection,
        """
        select c.credential, bool_or(s.product_code in ('DIGI', 'PAPER') and s.state in ('active', 'stopping'))
                or bool_or(x.code = 'DIGI')
        from user_credential c
        join user_customer u using (unique_id)
        join subscription s using (partner_id, customer_number)
        left join customer_access x using (partner_id, customer_number)
        where c.credential_type = 'A'
        group by c.credential order by c.credential
        """,
    )
    answers = {}
    for credential, _ in credentials:
        body = {"credential": credential, "product": "DIGI"}
        answer = await server.http.post("/capi/v1/client/access", json=body, headers=headers)
        answers[credential] = answer.json()["access"]
    assert answers == {credential: bool(expected) for credential, expected in credentials}
    assert set(answers.values()) == {True, False}


async def test_customers_are_found_by_what_they_have(playground: Playground) -> None:
    connection = playground.connection
    await make(playground, 200)
    assert await stale(connection) == []
    (row,) = await connection.fetch(
        "select company_name, company_registration_number from customer where company_name is not null limit 1"
    )
    criteria = Criteria(company_name=row[0], company_registration_number=row[1])
    (found,) = await search_customers(connection, 1, "NO", criteria)
    assert found.company_name == row[0]
