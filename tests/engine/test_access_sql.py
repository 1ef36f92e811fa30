"""The one statement of an access check: by index at any number of customers, and really only one."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from kolofon.engine.access.queries import SUBJECT, SubjectQuery, find_subject
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.read_lanes import ReadLanes
from kolofon.settings import Settings
from tests.browser_session import bearer
from tests.conftest import running_server
from tests.playground import Playground, Reader

CUSTOMERS = 4000
OWNED = {"user_credential", "user_customer", "subscription", "customer_access"}
CROWD = """
    with person as materialized (
        select number, gen_random_uuid() as unique_id from generate_series(100001, 100000 + $2::int) as number
    ), account as (
        insert into user_account (unique_id, created_at) select unique_id, $1 from person
    ), credential as (
        insert into user_credential (credential, credential_type, unique_id, verification_level, created_at)
        select 'reader' || number || '@example.no', 'A', unique_id, 'verificationCode', $1 from person
    ), customer as (
        insert into customer (partner_id, customer_number, created_at) select 1, number, $1 from person
    ), link as (
        insert into user_customer (unique_id, partner_id, customer_number, linked_at)
        select unique_id, 1, number, $1 from person
    ), subscription as (
        insert into subscription (partner_id, customer_number, product_code, state, start_time)
        select 1, number, code, 'active', $1 from person, unnest(array['DIGI', 'PAPER', 'MAG']) as code
    )
    insert into customer_access (partner_id, customer_number, kind, code, start_time, end_time)
    select 1, number, 'article', 'plus-' || part, $1, $1 + interval '1 day' from person, generate_series(1, 2) as part
"""


@pytest.fixture
async def crowd(playground: Playground, clock: Clock) -> UUID:
    """One among some thousand customers."""
    connection = playground.connection
    await connection.execute(CROWD, clock.now(), CUSTOMERS)
    for table in (*OWNED, "customer", "user_account"):
        await connection.execute(f"analyze {table}")
    found: UUID = await connection.fetchval("select unique_id from user_customer where customer_number = 102000")
    return found


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


async def explain(connection: Connection, *arguments: object) -> list[dict[str, Any]]:
    text = await connection.fetchval(f"explain (format json) {SUBJECT}", *arguments)
    return nodes(msgspec.json.decode(text)[0]["Plan"])


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("codes", [None, ["DIGI", "PAPER"]])
@pytest.mark.parametrize("named", ["uniqueId", "credential"])
async def test_the_statement_goes_by_index_to_one_customers_rows(
    connection: Connection, crowd: UUID, plan: str, codes: list[str] | None, named: str
) -> None:
    await connection.execute(f"set plan_cache_mode = {plan}")
    whom = (crowd, None) if named == "uniqueId" else (None, "reader102000@example.no")
    found = await explain(connection, 1, *whom, codes, True)
    scans = [node for node in found if node.get("Relation Name") in OWNED]
    assert {node["Relation Name"] for node in scans} == OWNED
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
    for node in scans:
        if node["Relation Name"] in {"subscription", "customer_access"}:
            # By customer, not through all of the partner's rows.
            condition = node.get("Index Cond") or node["Plans"][0]["Index Cond"]
            assert "customer_number" in condition


async def test_it_reads_only_what_the_one_customer_holds(connection: Connection, crowd: UUID) -> None:
    query = SubjectQuery(partner_id=1, unique_id=crowd, credential=None, codes=None, with_email_domains=True)
    subject = await find_subject(connection, query)
    assert subject is not None
    assert (subject.customer_number, subject.email_domains) == (102000, ("example.no",))
    assert sorted(holding.code for holding in subject.holdings) == ["DIGI", "MAG", "PAPER", "plus-1", "plus-2"]


@pytest.mark.parametrize("mode", ["customer", "client"])
async def test_an_access_check_sends_one_statement(
    playground: Playground,
    reader: Reader,
    database_url: str,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    sent: list[str] = []
    through_a_lane = ReadLanes.fetch

    # Prepared statements, which lanes use, are not told to a connection's loggers.
    async def fetch(lanes: ReadLanes, query: str, *arguments: object) -> list[asyncpg.Record]:
        sent.append(query)
        return await through_a_lane(lanes, query, *arguments)

    monkeypatch.setattr(ReadLanes, "fetch", fetch)

    def note(record: asyncpg.connection.LoggedQuery) -> None:
        # A server that cannot hear of revocations at the moment also looks the token up; that is no part of the check.
        if "token_revocation" not in record.query:
            sent.append(record.query)

    async with running_server(database_url, clock, Settings(log_level="error", database_connections=2)) as server:
        token = await (server.user_token(reader.credential) if mode == "customer" else server.client_token())
        pool = server.parts.pool()
        async with pool.acquire() as first, pool.acquire() as second:
            for connection in (first, second):
                connection.add_query_logger(note)
        question = {
            "product": "DIGI",
            "articleId": "plus-1",
            "domain": "example.no",
            "categoryType": "SPORT",
            "credential": reader.credential,
            "customerNumber": 1001,
            "accessDomain": True,
        }
        answer = await server.http.post(f"/capi/v1/{mode}/access", json=question, headers=bearer(token))
        assert answer.status_code == 200, answer.text
        assert [" ".join(query.split()) for query in sent] == [" ".join(SUBJECT.split())]
        by_ip = {"ip": "192.0.2.7"}
        answer = await server.http.post(f"/capi/v1/{mode}/access", json=by_ip, headers=bearer(token))
        assert answer.json()["access"] is True
        assert len(sent) == 1
