"""Who may not: every operation, tried anonymously, in the wrong mode, as another customer and as another partner."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.playground import OTHER, OTHER_CALLBACK, OTHER_SECRET, WEB, Playground, Reader
from tests.security.operations import FULFILLED_ID, OPERATIONS, ORDER_ID, SAMPLES, Operation


def _each(*modes: str) -> pytest.MarkDecorator:
    chosen = [operation for operation in OPERATIONS if operation.mode in modes]
    return pytest.mark.parametrize("operation", chosen, ids=[operation.operation_id for operation in chosen])


every_operation = _each("user", "client")
every_user_operation = _each("user")
every_client_operation = _each("client")

NOBODY = Reader(UUID("0123456789abcdef0123456789abcdef"), "nobody@example.no", 9999)
PHONE = "+4790909090"
# Whoever is signed in may call these, a customer or not: what they answer is nobody's.
OF_NO_CUSTOMER = {"checkArticlePrice", "registerOrder", "registerCustomer", "searchOrderDetails"}


@pytest.fixture(autouse=True)
async def order(playground: Playground) -> None:
    """An order of partner 1 that is nobody's yet."""
    await playground.connection.execute(
        """
        insert into customer_order (order_id, partner_id, client_id, status, registered_at, order_time, payment_method,
            recurring, prepaid, company_code, currency, amount_minor, vat_minor, payer, expires_at)
        values ($1, 1, $2, 'preliminary', $3, $3, 'invoice', false, false, 'HOUSE', 'NOK', 0, 0, '{}', $4)
        """,
        ORDER_ID,
        WEB,
        playground.clock.now(),
        playground.clock.now() + timedelta(days=1),
    )


@pytest.fixture(autouse=True)
async def fulfilled_order(order: None, playground: Playground) -> None:
    """Another that has been fulfilled, and can be assigned to a user."""
    await playground.connection.execute(
        """
        insert into customer_order (order_id, partner_id, client_id, status, registered_at, order_time, payment_method,
            recurring, prepaid, company_code, currency, amount_minor, vat_minor, payer, expires_at, next_attempt_at)
        select $2, partner_id, client_id, 'fulfilled', registered_at, order_time, payment_method, recurring, prepaid,
            company_code, currency, amount_minor, vat_minor, payer, expires_at, registered_at
        from customer_order where order_id = $1
        """,
        ORDER_ID,
        FULFILLED_ID,
    )
    await playground.connection.execute(
        """
        insert into order_change (order_id, partner_id, changed_at, status, cause, actor)
        values ($1, 1, $2, 'preliminary', 'registered', $3)
        """,
        FULFILLED_ID,
        playground.clock.now(),
        f"client:{WEB}",
    )


@pytest.fixture
async def astrid(playground: Playground) -> Reader:
    return await add_astrid(playground)


async def add_astrid(playground: Playground) -> Reader:
    """Customer 1001 of partner 1, of whom everything that can be known is known."""
    astrid = await playground.add_reader("astrid@example.no")
    await know_user(playground, astrid)
    await make_customer(playground, astrid, 1001)
    return Reader(astrid.unique_id, astrid.credential, 1001)


async def know_user(playground: Playground, reader: Reader) -> None:
    execute = playground.connection.execute
    await execute("update user_account set first_name = 'Astrid' where unique_id = $1", reader.unique_id)
    await execute("insert into user_phone_number values ($1, $2, 'mobile')", reader.unique_id, PHONE)
    await execute("insert into user_email values ($1, 'astrid@private.example')", reader.unique_id)
    await execute(
        "insert into user_external_profile values ($1, 'Vipps', $2, $3)",
        reader.unique_id,
        {"name": {"firstName": "Astrid"}},
        playground.clock.now(),
    )


async def make_customer(playground: Playground, reader: Reader, number: int, partner_id: int = 1) -> None:
    await playground.link(reader.unique_id, number, partner_id)
    for product in ("DIGI", "PAPER", "WEEKEND", "MAG"):
        await playground.subscribe(number, product, partner_id=partner_id)
    await playground.give_access(number, "article", "astrids-article", partner_id=partner_id)
    execute, now = playground.connection.execute, playground.clock.now()
    await execute(
        """
        insert into privacy_permission (partner_id, customer_number, enterprise_code, order_type, purpose, changed_at)
        select $1, $2, 'NEWS', order_type, purpose, $3
        from unnest(array['', 'SUB']) as order_type, unnest(array['DM', 'TM']) as purpose
        """,
        partner_id,
        number,
        now,
    )
    await execute(
        """
        insert into marketing_permission
            (partner_id, customer_number, enterprise_code, order_type, channel, permission, changed_at)
        select $1, $2, enterprise_code, order_type, 'DM', 'SHIELD', $3
        from (values ('', ''), ('NEWS', ''), ('NEWS', 'SUB')) as level (enterprise_code, order_type)
        """,
        partner_id,
        number,
        now,
    )


async def rows_of(connection: Connection, reader: Reader) -> dict[str, list[str]]:
    """All that is stored of a customer of partner 1 and of its user, whatever tables there are."""
    tables = await connection.fetch(
        """
        select table_name, array_agg(column_name::text) as columns
        from information_schema.columns
        where table_schema = 'public'
        group by table_name
        """
    )
    found: dict[str, list[str]] = {}
    for table, columns in tables:
        query, arguments = f"select t::text from {table} t", list[Any]()
        if {"partner_id", "customer_number"} <= set(columns):
            query, arguments = f"{query} where partner_id = 1 and customer_number = $1", [reader.customer_number]
        elif "unique_id" in columns:
            query, arguments = f"{query} where unique_id = $1", [reader.unique_id]
        elif table == "audit_log":
            query += " where partner_id = 1 and subject = any($1)"
            arguments = [[f"customer:{reader.customer_number}", f"user:{reader.unique_id.hex}"]]
        else:
            continue
        found[table] = sorted(row[0] for row in await connection.fetch(query, *arguments))
    return found


def normalised(answer: Any, named: Reader) -> tuple[int, str]:
    """An answer without what is new in each (codes, ids), and with the named reader's values made neutral."""
    text = re.sub(r"eyJ[\w.-]+", "<code>", answer.text)
    text = re.sub(r'"orderId":\d+', '"orderId":"<order>"', text)
    text = re.sub(r'"id":\d+,"date":\d+', '"id":"<case>","date":"<now>"', text)
    local_part = named.credential.partition("@")[0]
    for value, word in ((str(named.customer_number), "<number>"), (local_part, "<name>")):
        text = text.replace(value, word)
    return answer.status_code, re.sub(r"\b[0-9a-f]{32}\b", "<unique id>", text)


def marks(reader: Reader) -> list[str]:
    return [reader.unique_id.hex, reader.credential, str(reader.customer_number), PHONE, "Astrid", "astrid"]


def shows(text: str, mark: str) -> bool:
    """By chance, a time, an id or a token could have a number in it; one that is told stands alone."""
    return re.search(rf"(?<![\w-]){mark}(?![\w-])", text) is not None if mark.isdigit() else mark in text


async def test_every_operation_has_a_sample_and_every_sample_an_operation() -> None:
    assert {operation.operation_id for operation in OPERATIONS} == SAMPLES.keys()


@every_operation
async def test_anonymous_is_told_to_bring_a_token(
    server: Server, connection: Connection, astrid: Reader, operation: Operation
) -> None:
    before = await rows_of(connection, astrid)
    for token in (None, "not-a-token", "eyJhbGciOiJub25lIn0.e30."):
        answer = await operation.call(server, token, astrid)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token"), answer.text
        assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert await rows_of(connection, astrid) == before


@every_operation
async def test_a_token_of_the_other_mode_is_refused(
    server: Server, connection: Connection, astrid: Reader, operation: Operation
) -> None:
    token = await (server.client_token() if operation.mode == "user" else server.user_token(astrid.credential))
    before = await rows_of(connection, astrid)
    answer = await operation.call(server, token, astrid)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope"), answer.text
    assert await rows_of(connection, astrid) == before


@every_operation
async def test_another_customer_is_neither_shown_nor_changed(
    server: Server, playground: Playground, operation: Operation
) -> None:
    bente = await playground.add_reader("bente@example.no", 1002)
    token = await (server.client_token() if operation.mode == "client" else server.user_token(bente.credential))
    for _ in range(2):
        alone = await operation.call(server, token, bente)
    assert alone.status_code == 200, alone.text
    astrid = await add_astrid(playground)
    before = await rows_of(playground.connection, astrid)
    beside_astrid = await operation.call(server, token, bente)
    assert normalised(beside_astrid, bente) == normalised(alone, bente)
    assert not [mark for mark in marks(astrid) if shows(beside_astrid.text, mark)]
    assert await rows_of(playground.connection, astrid) == before


@every_user_operation
async def test_naming_another_customer_with_a_users_token_is_as_naming_nobody(
    server: Server, playground: Playground, astrid: Reader, operation: Operation
) -> None:
    await playground.add_reader("bente@example.no", 1002)
    token = await server.user_token("bente@example.no")
    before = await rows_of(playground.connection, astrid)
    answer = await operation.call(server, token, astrid)
    nobody = await operation.call(server, token, NOBODY)
    assert normalised(answer, astrid) == normalised(nobody, NOBODY)
    assert await rows_of(playground.connection, astrid) == before


@every_client_operation
async def test_a_client_of_another_partner_finds_nobody(
    server: Server, connection: Connection, astrid: Reader, operation: Operation
) -> None:
    token = await server.client_token(OTHER, OTHER_SECRET)
    before = await rows_of(connection, astrid)
    answer = await operation.call(server, token, astrid)
    nobody = await operation.call(server, token, NOBODY)
    assert normalised(answer, astrid) == normalised(nobody, NOBODY)
    assert await rows_of(connection, astrid) == before


@every_user_operation
async def test_a_users_token_at_another_partner_reaches_only_that_partners_customer(
    server: Server, playground: Playground, operation: Operation
) -> None:
    astrid = await playground.add_reader("astrid@example.no", 2001, partner_id=2)
    named = Reader(astrid.unique_id, astrid.credential, 2001)
    token = await token_at_other_partner(server, astrid)
    for _ in range(2):
        alone = await operation.call(server, token, named)
    assert alone.status_code == 200, alone.text
    await make_customer(playground, astrid, 1001)
    here = Reader(astrid.unique_id, astrid.credential, 1001)
    before = await rows_of(playground.connection, here)
    answer = await operation.call(server, token, named)
    assert normalised(answer, named) == normalised(alone, named)
    after = await rows_of(playground.connection, here)
    assert after == before
    if operation.operation_id == "checkAccess":
        assert (await operation.call(server, token, here)).json()["access"] is False


@every_user_operation
async def test_a_user_who_is_no_customer_of_the_other_partner_is_shown_nothing_of_the_first(
    server: Server, connection: Connection, astrid: Reader, operation: Operation
) -> None:
    token = await token_at_other_partner(server, astrid)
    before = await rows_of(connection, astrid)
    answer = await operation.call(server, token, astrid)
    assert "1001" not in answer.text
    assert "DIGI" not in answer.text
    if operation.method == "POST" and operation.operation_id not in OF_NO_CUSTOMER:
        assert answer.status_code == 404 or answer.json()["access"] is False
    assert await rows_of(connection, astrid) == before


async def token_at_other_partner(server: Server, reader: Reader) -> str:
    form = {"grant_type": "authorization_code", "redirect_uri": OTHER_CALLBACK}
    form["code"] = await server.code(reader.credential, client_id=OTHER, redirect_uri=OTHER_CALLBACK)
    answer = await server.token(form, (OTHER, OTHER_SECRET))
    return str(answer.json()["access_token"])
