"""Tying users to customers by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.linking import link_user_to_customer, unlink_user_from_customer
from kolofon.engine.customers.party import Party
from kolofon.engine.customers.registering import find_or_create_customer
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.errors import ApiError, Conflict, InvalidRequest, NotFound
from tests.engine.customers.belongings import ACTOR
from tests.playground import Playground, Reader
from tests.waiting import until_waiting

Tie = Callable[..., Awaitable[UUID]]


@pytest.fixture
def link(connection: Connection, partner: PartnerCatalogue, clock: Clock) -> Tie:
    async def link(number: int, credential: str, on: Connection = connection) -> UUID:
        async with on.transaction():
            return await link_user_to_customer(on, partner, clock.now(), number, credential, ACTOR)

    return link


@pytest.fixture
def unlink(connection: Connection, partner: PartnerCatalogue, clock: Clock) -> Tie:
    async def unlink(number: int, credential: str) -> UUID:
        async with connection.transaction():
            return await unlink_user_from_customer(connection, partner, clock.now(), number, credential, ACTOR)

    return unlink


async def links(connection: Connection) -> set[tuple[UUID, int]]:
    found = await connection.fetch("select unique_id, customer_number from user_customer where partner_id = 1")
    return {(row[0], row[1]) for row in found}


async def told(connection: Connection) -> list[Any]:
    found = await connection.fetch(
        "select actor, action, subject, before, after from audit_log where partner_id = 1 order by audit_id"
    )
    return [tuple(row) for row in found]


async def test_a_user_is_tied_and_untied(
    link: Tie, unlink: Tie, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("+4790000001")
    # As people type it; twice is once.
    for _ in range(2):
        assert await link(1001, "900 00 001") == ola.unique_id
    assert await links(connection) == {(reader.unique_id, 1001), (ola.unique_id, 1001)}
    assert await unlink(1001, "+47 90000001") == ola.unique_id
    assert await links(connection) == {(reader.unique_id, 1001)}
    user = {"uniqueId": ola.unique_id.hex}
    assert await told(connection) == [
        (ACTOR, "customerLink", "customer:1001", None, user),
        (ACTOR, "customerUnlink", "customer:1001", user, None),
    ]
    events = await connection.fetch("select type, status, data from event")
    assert [tuple(row) for row in events] == [("customer", "update", {"customerNumber": 1001})] * 2


@pytest.mark.parametrize(
    ("number", "credential", "error", "message"),
    [
        (1001, "nobody@example.no", NotFound, "credential: no user has nobody@example.no"),
        (1001, "what?", InvalidRequest, "credential"),
        (9, "free@example.no", NotFound, "customerNumber: there is no customer 9"),
        (2002, "free@example.no", NotFound, "customerNumber: there is no customer 2002"),
        (1001, "other@example.no", Conflict, "is customer 1002: merge the two, or untie the user first"),
        (1001, "closed@example.no", Conflict, "is closed"),
    ],
)
async def test_what_cannot_be_tied_is_refused(
    link: Tie,
    reader: Reader,
    playground: Playground,
    connection: Connection,
    number: int,
    credential: str,
    error: type[ApiError],
    message: str,
) -> None:
    await playground.add_reader("free@example.no")
    await playground.add_reader("other@example.no", 1002)
    await playground.add_reader("at.annan@example.no", 2002, partner_id=2)
    closed = await playground.add_reader("closed@example.no")
    await connection.execute("update user_account set disabled_at = created_at where unique_id = $1", closed.unique_id)
    before = await links(connection)
    with pytest.raises(error, match=message):
        await link(number, credential)
    assert await links(connection) == before
    assert await told(connection) == []


@pytest.mark.parametrize("level", ["notVerified", "notRepeatedCredential", "repeatedCredential"])
async def test_who_has_not_shown_that_a_credential_is_theirs_gets_nobodys_customer(
    link: Tie, reader: Reader, playground: Playground, connection: Connection, level: str
) -> None:
    # Whoever typed this address has a password here. The owner of the address is the customer.
    typed = await playground.add_reader("owner@example.no", level=level)
    with pytest.raises(Conflict, match="nobody has shown yet that it is theirs"):
        await link(1001, "owner@example.no")
    # Another one that was verified says nothing of this one.
    await playground.add_credential(typed.unique_id, "typed@example.no")
    with pytest.raises(Conflict, match="nobody has shown"):
        await link(1001, "owner@example.no")
    assert await links(connection) == {(reader.unique_id, 1001)}
    assert await told(connection) == []
    # The owner's first code ends what whoever typed it has.
    await playground.connection.execute(
        "update user_credential set verification_level = 'verificationCode' where credential = 'owner@example.no'"
    )
    assert await link(1001, "owner@example.no") == typed.unique_id


async def test_only_who_is_tied_is_untied(
    unlink: Tie, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("other@example.no", 1002)
    for number, credential in ((1002, reader.credential), (1001, "other@example.no")):
        with pytest.raises(Conflict, match=f"is not customer {number}"):
            await unlink(number, credential)
    assert len(await links(connection)) == 2


async def test_an_order_at_the_same_moment_makes_no_second_customer(
    link: Tie,
    reader: Reader,
    playground: Playground,
    connection: Connection,
    another: Connection,
    partner: PartnerCatalogue,
    clock: Clock,
) -> None:
    ola = await playground.add_reader("ola@example.no")
    party = Party(last_name="Nordmann", postal_code="0150")

    async def register() -> int:
        async with another.transaction():
            return (await find_or_create_customer(another, partner, clock.now(), party, ola.unique_id)).customer_number

    async with connection.transaction():
        await link_user_to_customer(connection, partner, clock.now(), 1001, ola.credential, ACTOR)
        task = asyncio.create_task(register())
        await until_waiting(connection)
    assert await task == 1001
    assert await connection.fetchval("select count(*) from customer") == 1


async def test_of_two_who_tie_a_user_to_different_customers_one_does(
    link: Tie, reader: Reader, playground: Playground, connection: Connection, another: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    await playground.add_reader("siri@example.no", 1002)
    done = await asyncio.gather(link(1001, ola.credential), link(1002, ola.credential, another), return_exceptions=True)
    assert [type(result) for result in done].count(Conflict) == 1
    assert len(await links(connection)) == 3
