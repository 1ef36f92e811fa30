"""Merging at the same moment as something else: who waits finds the number gone, and nothing is written to nobody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import asyncpg
import pytest
from asyncpg import DeadlockDetectedError, UniqueViolationError

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.readers.queries import NewCustomer, add_customer
from kolofon.engine.billing.drafts import Paid
from kolofon.engine.billing.dunning import remind
from kolofon.engine.billing.renewal import renew_batch
from kolofon.engine.billing.service import credit_invoice, pay_invoice, write_off
from kolofon.engine.customers.linking import link_user_to_customer, unlink_user_from_customer
from kolofon.engine.customers.merging.service import merge_customers
from kolofon.engine.customers.party import Party
from kolofon.engine.customers.registering import Found, find_or_create_customer
from kolofon.engine.customers.service import lock_remaining
from kolofon.engine.orders.queries import lock_order
from kolofon.engine.orders.service import complete_order, end_order
from kolofon.engine.orders.transfer import hand_over
from kolofon.engine.subscriptions.changing import stop_at_period_end, stop_now
from kolofon.engine.subscriptions.running import change_states
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.platform.errors import ApiError, NotFound
from tests.browser_session import Server, bearer
from tests.engine.customers.belongings import ACTOR, FRIEND, GOES, STAYS, Belongings, Merger, named, rows
from tests.ordering import DIGI, MUG, Ordering
from tests.playground import Playground, Reader
from tests.waiting import until, until_waiting

T = TypeVar("T")
Work = Callable[[], Awaitable[T]]


class Meeting:
    """Two who want something of one customer: `connection` merges, `another` does the other thing."""

    def __init__(self, connection: Connection, another: Connection, partner: PartnerCatalogue, clock: Clock) -> None:
        self.connection = connection
        self.another = another
        self.partner = partner
        self.clock = clock

    @asynccontextmanager
    async def merging(self, merged: int = GOES, into: int = STAYS) -> AsyncIterator[None]:
        """A merge that is done and not committed, until the end of the block."""
        async with self.connection.transaction():
            await merge_customers(self.connection, self.partner, self.clock.now(), merged, into, ACTOR)
            yield

    async def during(self, work: Work[T]) -> T:
        """Begin something while a merge is under way; it waits. What came of it, after the merge is committed."""
        async with self.merging():
            task = asyncio.ensure_future(work())
            await until_waiting(self.connection)
        return await task

    async def before(self, work: Work[T]) -> T:
        """Merge while something is done and not committed; the merge waits. What came of the thing."""
        async with self.another.transaction():
            done = await work()
            task = asyncio.create_task(self.merge())
            await until_waiting(self.another)
        await task
        return done

    async def merge(self) -> None:
        """Merge, and commit."""
        async with self.merging():
            pass


@pytest.fixture
def meeting(connection: Connection, another: Connection, partner: PartnerCatalogue, clock: Clock) -> Meeting:
    return Meeting(connection, another, partner, clock)


@pytest.fixture
async def third(database_url: str) -> AsyncIterator[Connection]:
    """A third connection."""
    connection = await asyncpg.connect(database_url)
    await prepare_connection(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def two(playground: Playground) -> list[Reader]:
    return [await playground.add_reader(f"u{number}@example.no", number) for number in (GOES, STAYS)]


@pytest.fixture
async def both(belongings: Belongings) -> Belongings:
    await belongings.give(GOES)
    await belongings.give(STAYS)
    return belongings


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    return Ordering(playground.connection, clock)


async def nothing_names_it(connection: Connection) -> None:
    left = {column for column, count in (await named(connection, GOES)).items() if count}
    assert left == {"customer_merge.merged_number"}


# Finding the customer of a party


@pytest.mark.parametrize("by", ["number", "user", "credential"])
async def test_who_is_being_registered_becomes_who_stays(meeting: Meeting, two: list[Reader], by: str) -> None:
    party = Party(last_name="Nordmann", postal_code="0150")
    if by == "number":
        party = Party(customer_number=GOES)
    elif by == "credential":
        party = Party(last_name="Nordmann", emails=[two[0].credential], postal_code="0150")
    unique_id = two[0].unique_id if by == "user" else None

    async def register() -> Found:
        async with meeting.another.transaction():
            return await find_or_create_customer(
                meeting.another, meeting.partner, meeting.clock.now(), party, unique_id
            )

    found = await meeting.during(register)
    assert (found.customer_number, found.is_new, found.by) == (STAYS, False, by)
    await nothing_names_it(meeting.connection)


# Orders


async def completed(ordering: Ordering, partner: PartnerCatalogue, *lines: Any, **columns: Any) -> int:
    order_id = await ordering.order(*lines, **columns)
    async with ordering.connection.transaction():
        await complete_order(ordering.connection, partner, ordering.clock.now(), order_id, "client:x", "test")
    return order_id


@pytest.mark.parametrize("is_tied", [True, False])
@pytest.mark.parametrize("way", ["during", "before"])
async def test_an_order_is_handed_over_to_who_stays(
    meeting: Meeting, two: list[Reader], ordering: Ordering, way: str, is_tied: bool
) -> None:
    opened = DIGI | {"allow_access_seconds": 3600, "allow_access_product": "DIGI"} if is_tied else DIGI
    columns: dict[str, Any] = {"unique_id": two[0].unique_id, "mode": "user"}
    order_id = await completed(ordering, meeting.partner, opened, MUG, **columns)

    async def transfer() -> list[int]:
        async with meeting.another.transaction():
            return await hand_over(meeting.another, meeting.partner, meeting.clock.now(), [order_id])

    assert await getattr(meeting, way)(transfer) == [order_id]
    await nothing_names_it(meeting.connection)
    assert (await named(meeting.connection, STAYS))["subscription.customer_number"] == 1
    assert (await named(meeting.connection, STAYS))["invoice.customer_number"] == 1


async def test_an_order_that_is_tied_while_the_merge_begins_is_moved_too(
    meeting: Meeting, two: list[Reader], ordering: Ordering
) -> None:
    """The merge has looked for orders, and waits for the customer that the order is being tied to."""
    opened = DIGI | {"allow_access_seconds": 3600, "allow_access_product": "DIGI"}
    order_id = await ordering.order(opened, unique_id=two[0].unique_id, mode="user")

    async def complete() -> None:
        await complete_order(meeting.another, meeting.partner, meeting.clock.now(), order_id, "client:x", "test")

    await meeting.before(complete)
    await nothing_names_it(meeting.connection)
    assert await meeting.connection.fetchval("select customer_number from customer_order") == STAYS


async def test_who_holds_an_order_and_waits_for_its_customer_is_not_waited_for_the_other_way_round(
    meeting: Meeting, two: list[Reader], ordering: Ordering, third: Connection
) -> None:
    """Neither is ended by PostgreSQL, as it does when two wait for each other."""
    opened = DIGI | {"allow_access_seconds": 3600, "allow_access_product": "DIGI"}
    order_id = await ordering.order(opened, unique_id=two[0].unique_id, mode="user")

    async def hold_both() -> int | None:
        async with third.transaction():
            assert await lock_order(third, 1, order_id) is not None
            return await lock_remaining(third, 1, GOES)

    async with meeting.another.transaction():
        await complete_order(meeting.another, meeting.partner, meeting.clock.now(), order_id, "client:x", "test")
        holding = asyncio.create_task(hold_both())
        merging = asyncio.create_task(meeting.merge())
        await until_waiting(meeting.another, 2)
    await asyncio.gather(holding, merging)
    await nothing_names_it(meeting.connection)


@pytest.mark.parametrize("way", ["during", "before"])
async def test_an_order_ends_with_all_it_has_opened(
    meeting: Meeting, two: list[Reader], ordering: Ordering, way: str
) -> None:
    opened = DIGI | {"allow_access_seconds": 3600, "allow_access_product": "DIGI"}
    columns: dict[str, Any] = {"unique_id": two[0].unique_id, "mode": "user"}
    order_id = await completed(ordering, meeting.partner, opened, **columns)

    async def end() -> None:
        async with meeting.another.transaction():
            await end_order(
                meeting.another, meeting.partner, meeting.clock.now(), order_id, "failed", "client:x", "test"
            )

    await getattr(meeting, way)(end)
    await nothing_names_it(meeting.connection)
    assert await meeting.connection.fetchval("select count(*) from customer_access") == 0


# Money


async def pay(meeting: Meeting, number: int) -> bool:
    paid = Paid(amount_minor=14950, reference="rest", paid_at=meeting.clock.now())
    async with meeting.another.transaction():
        return await pay_invoice(meeting.another, meeting.partner, meeting.clock.now(), "HOUSE", number, paid)


@pytest.mark.parametrize("number", [GOES, GOES + 100_000, GOES + 200_000])
@pytest.mark.parametrize("way", ["during", "before"])
async def test_a_payment_is_taken(meeting: Meeting, both: Belongings, way: str, number: int) -> None:
    assert await getattr(meeting, way)(lambda: pay(meeting, number))
    row = await meeting.connection.fetchrow(
        "select status, paid_minor, customer_number from invoice where invoice_number = $1", number
    )
    assert row is not None
    assert tuple(row) == ("paid", 29900, FRIEND if number == GOES + 200_000 else STAYS)
    await nothing_names_it(meeting.connection)


async def test_a_payment_is_taken_while_who_stays_is_merged_as_well(
    meeting: Meeting, both: Belongings, third: Connection
) -> None:
    """It waits for the customers one after the other, before it has the invoice in hand."""

    async def merge_again() -> None:
        async with third.transaction():
            await merge_customers(third, meeting.partner, meeting.clock.now(), STAYS, FRIEND, ACTOR)

    # With orders the second merge would begin anew.
    for table in ("customer_reward", "order_line", "customer_order"):
        await meeting.connection.execute(f"delete from {table}")
    async with meeting.merging():
        tasks = [asyncio.create_task(merge_again()), asyncio.create_task(pay(meeting, GOES))]
        await until_waiting(meeting.connection, 2)
    await asyncio.gather(*tasks)
    row = await meeting.connection.fetchrow(
        "select status, paid_minor, customer_number from invoice where invoice_number = $1", GOES
    )
    assert row is not None
    assert tuple(row) == ("paid", 29900, FRIEND)


@pytest.mark.parametrize("way", ["during", "before"])
async def test_a_payment_of_what_is_no_subscription_is_taken(meeting: Meeting, both: Belongings, way: str) -> None:
    """It waits for nothing but the invoice itself."""
    await meeting.connection.execute("update invoice_line set subscription_id = null, period_number = null")
    assert await getattr(meeting, way)(lambda: pay(meeting, GOES))
    assert await meeting.connection.fetchval("select status from invoice where invoice_number = $1", GOES) == "paid"
    await nothing_names_it(meeting.connection)


@pytest.mark.parametrize("way", ["during", "before"])
@pytest.mark.parametrize("what", ["credit", "write off"])
async def test_an_invoice_is_closed(meeting: Meeting, both: Belongings, way: str, what: str) -> None:
    async def close() -> None:
        async with meeting.another.transaction():
            if what == "credit":
                await credit_invoice(meeting.another, meeting.partner, meeting.clock.now(), "HOUSE", GOES)
            else:
                await write_off(meeting.another, meeting.partner, "HOUSE", GOES)

    await getattr(meeting, way)(close)
    status = await meeting.connection.fetchval("select status from invoice where invoice_number = $1", GOES)
    assert status == {"credit": "credited", "write off": "writtenOff"}[what]
    await nothing_names_it(meeting.connection)


# Runs pass over what somebody else works on, and come back for it.


async def test_renewals_come_back_for_what_is_being_merged(meeting: Meeting, both: Belongings) -> None:
    clause = "coupon_code = 'DIGI', coupon_number = 1, category_code = null"
    await meeting.connection.execute(f"update subscription set {clause}")
    meeting.clock.move(timedelta(days=21))
    async with meeting.merging():
        passed_over = await renew_batch(meeting.another, meeting.partner, meeting.clock.now())
        assert passed_over.taken == 3  # what the other one has, and pays for
    rest = await renew_batch(meeting.another, meeting.partner, meeting.clock.now())
    assert rest.renewed == 3
    await nothing_names_it(meeting.connection)


async def test_the_merge_waits_for_renewals_and_takes_what_they_made(meeting: Meeting, both: Belongings) -> None:
    clause = "coupon_code = 'DIGI', coupon_number = 1, category_code = null"
    await meeting.connection.execute(f"update subscription set {clause}")
    meeting.clock.move(timedelta(days=21))

    async def renew() -> int:
        return (await renew_batch(meeting.another, meeting.partner, meeting.clock.now())).renewed

    assert await meeting.before(renew) == 6
    await nothing_names_it(meeting.connection)


@pytest.mark.parametrize("way", ["during", "before"])
async def test_reminders_come_back_and_stop_what_is_not_paid(meeting: Meeting, both: Belongings, way: str) -> None:
    # The last reminder was sent: now it stops.
    await meeting.connection.execute("update invoice set reminder_number = 2, remind_at = $1", meeting.clock.now())

    async def dun() -> int:
        return await remind(meeting.another, meeting.partner, meeting.clock.now())

    await getattr(meeting, way)(dun)
    while await dun():
        pass
    await nothing_names_it(meeting.connection)
    states = await meeting.connection.fetch("select distinct state from subscription")
    assert [row[0] for row in states] == ["stopped"]
    assert await meeting.connection.fetchval("select count(*) from invoice where remind_at is not null") == 0


async def test_states_change_after_the_merge(meeting: Meeting, both: Belongings) -> None:
    await meeting.connection.execute(
        "update subscription set state = 'stopping', change_at = end_time, renew_at = null"
    )
    meeting.clock.move(timedelta(days=21))
    async with meeting.merging():
        assert await change_states(meeting.another, meeting.partner, meeting.clock.now()) == 3
    assert await change_states(meeting.another, meeting.partner, meeting.clock.now()) == 3
    await nothing_names_it(meeting.connection)


# What customer and customer service change


@pytest.mark.parametrize("way", ["during", "before"])
async def test_a_change_of_a_subscription_follows_it(meeting: Meeting, both: Belongings, way: str) -> None:
    subscription_id = await meeting.connection.fetchval(
        "select subscription_id from subscription where customer_number = $1 and payer_customer_number is null", GOES
    )

    async def stop() -> None:
        async with meeting.another.transaction():
            await stop_at_period_end(
                meeting.another, meeting.partner, meeting.clock.now(), (GOES, subscription_id), "none", "client:x"
            )

    await getattr(meeting, way)(stop)
    row = await meeting.connection.fetchrow(
        "select state, customer_number from subscription where subscription_id = $1", subscription_id
    )
    assert row is not None
    assert tuple(row) == ("stopping", STAYS)
    await nothing_names_it(meeting.connection)


async def test_a_subscription_of_somebody_else_is_not_found_by_following(
    meeting: Meeting, both: Belongings, merge: Merger
) -> None:
    await merge()
    friends = await meeting.connection.fetchval(
        "select subscription_id from subscription where customer_number = $1 limit 1", FRIEND
    )
    with pytest.raises(NotFound):
        await stop_now(meeting.another, meeting.partner, meeting.clock.now(), (GOES, friends), "none", "client:x")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("pbm/NEWS", {"channels": [{"type": "SHIELD", "value": "TM"}]}),
        ("privacy/NEWS", {"permission": [{"purpose": "TM"}]}),
    ],
)
async def test_what_a_reader_permits_meanwhile_is_kept_of_who_stays(
    server: Server, meeting: Meeting, two: list[Reader], path: str, body: dict[str, Any]
) -> None:
    headers = bearer(await server.user_token(two[0].credential))
    url = f"/capi/v1/customer/{path}"
    answer = await meeting.during(lambda: server.http.post(url, json=body, headers=headers))
    assert answer.status_code == 200, answer.text
    await nothing_names_it(meeting.connection)
    table = "marketing_permission" if path.startswith("pbm") else "privacy_permission"
    assert await meeting.connection.fetchval(f"select customer_number from {table}") == STAYS


async def test_an_external_identity_is_tied_to_who_stays(server: Server, meeting: Meeting, two: list[Reader]) -> None:
    body = {"externalId": "77", "credentialType": "D", "customerNumber": GOES}
    headers = bearer(await server.client_token())
    answer = await meeting.during(
        lambda: server.http.post("/capi/v1/client/extid/customer", json=body, headers=headers)
    )
    assert (answer.status_code, answer.json()["customerNumber"]) == (200, STAYS)
    await nothing_names_it(meeting.connection)


async def test_a_user_is_tied_by_hand_before_or_not_at_all(
    meeting: Meeting, two: list[Reader], playground: Playground
) -> None:
    await playground.add_reader("third@example.no")

    async def link() -> None:
        async with meeting.another.transaction():
            await link_user_to_customer(
                meeting.another, meeting.partner, meeting.clock.now(), GOES, "third@example.no", ACTOR
            )

    with pytest.raises(NotFound, match="customer 1001 was merged into 1002"):
        await meeting.during(link)
    assert (await named(meeting.connection, STAYS))["user_customer.customer_number"] == 2


async def test_a_user_who_is_being_untied_is_not_tied_to_who_stays(meeting: Meeting, two: list[Reader]) -> None:
    async def unlink() -> None:
        await unlink_user_from_customer(
            meeting.another, meeting.partner, meeting.clock.now(), GOES, two[0].credential, ACTOR
        )

    await meeting.before(unlink)
    assert (await named(meeting.connection, STAYS))["user_customer.customer_number"] == 1


# Other merges


@pytest.mark.parametrize("pair", [(GOES, STAYS), (STAYS, GOES), (GOES, FRIEND), (FRIEND, GOES)])
async def test_of_two_merges_of_one_customer_the_second_finds_it_gone(
    meeting: Meeting, both: Belongings, pair: tuple[int, int]
) -> None:
    async def merge() -> None:
        async with meeting.another.transaction():
            await merge_customers(meeting.another, meeting.partner, meeting.clock.now(), *pair, ACTOR)

    with pytest.raises(NotFound, match="customer 1001 was merged into 1002"):
        await meeting.during(merge)
    await nothing_names_it(meeting.connection)


async def test_a_merge_of_who_stays_takes_both_along(meeting: Meeting, both: Belongings) -> None:
    async def merge() -> None:
        async with meeting.another.transaction():
            await merge_customers(meeting.another, meeting.partner, meeting.clock.now(), STAYS, FRIEND, ACTOR)

    await meeting.during(merge)
    await nothing_names_it(meeting.connection)
    left = {column for column, count in (await named(meeting.connection, STAYS)).items() if count}
    assert left == {"customer_merge.merged_number"}
    assert (await named(meeting.connection, FRIEND))["customer_merge.customer_number"] == 4


async def test_a_number_that_is_going_is_not_given_to_who_waits_for_it(meeting: Meeting, two: list[Reader]) -> None:
    customer = NewCustomer(
        partner_id=1,
        customer_number=GOES,
        first_name=None,
        middle_name=None,
        last_name="X",
        company_name=None,
        department_name=None,
        created_at=meeting.clock.now(),
    )
    with pytest.raises(UniqueViolationError, match="not given again"):
        await meeting.during(lambda: add_customer(meeting.another, customer))


async def test_many_merges_at_once_lose_nothing(
    belongings: Belongings, connection: Connection, partner: PartnerCatalogue, clock: Clock, database_url: str
) -> None:
    numbers = list(range(1001, 1009))
    for number in numbers:
        await belongings.give(number)
    before = await rows(connection, "invoice_payment", dict.fromkeys(numbers, 1001))

    async def merge(merged: int, into: int) -> bool:
        own = await asyncpg.connect(database_url)
        await prepare_connection(own)
        try:
            async with own.transaction():
                await merge_customers(own, partner, clock.now(), merged, into, ACTOR)
        except (ApiError, DeadlockDetectedError):
            return False
        finally:
            await own.close()
        return True

    pairs = [(merged, into) for merged in numbers for into in numbers if merged != into]
    for _ in range(20):
        await asyncio.gather(*(merge(*pair) for pair in pairs[::3]))
        await asyncio.gather(*(merge(*pair) for pair in pairs[1::3]))
        if await connection.fetchval("select count(*) from customer where partner_id = 1") == 2:
            break
    [last] = [
        row[0]
        for row in await connection.fetch("select customer_number from customer where partner_id = 1")
        if row[0] != FRIEND
    ]
    assert await rows(connection, "invoice_payment", {last: 1001}) == before
    leads = await connection.fetch("select distinct customer_number from customer_merge where merged_number < 1500")
    assert [row[0] for row in leads] == [last]


async def test_what_is_killed_in_the_middle_has_not_begun(
    meeting: Meeting, both: Belongings, connection: Connection
) -> None:
    tables = [
        row[0] for row in await connection.fetch("select tablename::text from pg_tables where schemaname = 'public'")
    ]
    tables = [table for table in tables if not table.startswith(("_yoyo", "yoyo"))]
    before = {table: await rows(connection, table) for table in tables}
    pid = await meeting.another.fetchval("select pg_backend_pid()")
    transaction = meeting.another.transaction()
    await transaction.start()
    await merge_customers(meeting.another, meeting.partner, meeting.clock.now(), GOES, STAYS, ACTOR)
    await connection.execute("select pg_terminate_backend($1)", pid)

    async def is_gone() -> bool:
        return not await connection.fetchval("select count(*) from pg_stat_activity where pid = $1", pid)

    await until(is_gone)
    assert {table: await rows(connection, table) for table in tables} == before
