"""A number that is gone: it is explained or followed, never given again, and what was known by it goes on."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from kolofon.app import API_HANDLERS
from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.readers.queries import NewCustomer, add_customer, link_customer
from kolofon.commands import billing
from kolofon.engine.billing.kid import mod10
from kolofon.engine.billing.renewal import renew_batch
from kolofon.engine.customers.party import Party
from kolofon.engine.customers.registering import find_or_create_customer
from kolofon.engine.orders.queries import find_order
from kolofon.engine.orders.service import complete_order
from kolofon.engine.orders.transfer import hand_over
from kolofon.identity.fulfillment.completing import Completing
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.calling import shop
from tests.engine.customers.belongings import FRIEND, GOES, STAYS, Belongings, Merger, insert, named
from tests.order_management.order.ordering import MAGAZINE, MONTH, order
from tests.order_management.order.ordering import Shop as OrderShop
from tests.ordering import DIGI, OLA, Ordering
from tests.playground import WEB, Playground, Reader

GONE = f"customerNumber: customer {GOES} was merged into {STAYS}"


@pytest.fixture
async def two(playground: Playground, merge: Merger) -> list[Reader]:
    """Two readers who are one customer now."""
    readers = [await playground.add_reader(f"u{number}@example.no", number) for number in (GOES, STAYS)]
    await playground.subscribe(GOES, "PAPER")
    await merge()
    return readers


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    return Ordering(playground.connection, clock)


async def handed_over(connection: Connection, partner: PartnerCatalogue, clock: Clock, order_id: int) -> list[Any]:
    """Complete and hand over an order; the customers of order, subscription and invoice."""
    async with connection.transaction():
        done = await complete_order(connection, partner, clock.now(), order_id, "client:x", "test")
        assert done.is_complete, done
        assert await hand_over(connection, partner, clock.now(), [order_id]) == [order_id]
    row = await connection.fetchrow(
        """
        select o.customer_number, s.customer_number, i.customer_number
        from customer_order o
        join order_line l using (order_id)
        join subscription s on s.subscription_id = l.subscription_id
        join invoice i on i.invoice_number = l.invoice_number
        where o.order_id = $1
        """,
        order_id,
    )
    assert row is not None
    return list(row)


BODIES: dict[str, Any] = {
    "registerExternalReferenceClient": {"referenceCode": "APP", "externalId": "1"},
    "changeExternalReferenceClient": {"externalId": "2"},
    "changeMetadataClient": {"a": 1},
}
PARTS = {"enterprise_code": "NEWS", "order_type": "SUB", "product_code": "PAPER", "reference_code": "CRM"}
OPERATIONS = [
    handler
    for handler in API_HANDLERS
    if isinstance(handler, HTTPRouteHandler) and any("{customer_number:" in path for path in handler.paths)
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.operation_id)
async def test_client_mode_says_where_it_went(server: Server, two: list[Reader], operation: HTTPRouteHandler) -> None:
    [method] = operation.http_methods - {"HEAD", "OPTIONS"}
    [path] = operation.paths
    filled = re.sub(r"{(\w+):\w+}", lambda part: str({"customer_number": GOES, **PARTS}[part[1]]), path)
    answer = await server.http.request(
        method,
        f"/capi{filled}",
        json=BODIES.get(str(operation.operation_id)),
        headers=bearer(await server.client_token()),
    )
    assert (answer.status_code, answer.json()["errorMessage"]) == (404, GONE)


@pytest.mark.parametrize(("number", "reads"), [(None, True), (GOES, True), (STAYS, True), (FRIEND, False)])
async def test_both_users_read_as_the_one_who_stays(
    server: Server, two: list[Reader], number: int | None, reads: bool
) -> None:
    asked = {"product": "PAPER"} | ({"customerNumber": number} if number is not None else {})
    for reader in two:
        headers = bearer(await server.user_token(reader.credential))
        answer = await server.http.post("/capi/v1/customer/access", json=asked, headers=headers)
        assert answer.json()["access"] is reads, answer.text


async def test_orders_that_name_it_are_those_of_who_stays(
    server: Server, two: list[Reader], connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    client = OrderShop(server, await server.client_token(), is_client=True)
    user = OrderShop(server, await server.user_token(two[1].credential), is_client=False)
    for where in (client, user):
        order_id = await where.registered(order(MONTH, payer={"customerNumber": GOES}))
        assert await handed_over(connection, partner, clock, order_id) == [STAYS] * 3
    gift = await client.registered(
        order(MONTH | {"receiver": {"customerNumber": GOES}}, payer={"customerNumber": STAYS})
    )
    assert await handed_over(connection, partner, clock, gift) == [STAYS] * 3
    # Who subscribes to PAPER has a discount.
    magazine = await client.registered(order(MAGAZINE, payer={"customerNumber": GOES}))
    assert await connection.fetchval("select discount_minor from order_line where order_id = $1", magazine)


async def test_another_users_order_that_names_it_is_refused_as_ever(
    server: Server, two: list[Reader], playground: Playground
) -> None:
    await playground.add_reader("siri@example.no", 1004)
    siri = OrderShop(server, await server.user_token("siri@example.no"), is_client=False)
    told = await siri.refused(order(payer={"customerNumber": GOES}))
    assert told == f"payer.customerNumber: there is no customer {GOES}"


async def test_an_order_from_before_the_merge_is_handed_over_to_who_stays(
    playground: Playground,
    ordering: Ordering,
    merge: Merger,
    connection: Connection,
    partner: PartnerCatalogue,
    clock: Clock,
) -> None:
    for number in (GOES, STAYS):
        await playground.add_reader(f"u{number}@example.no", number)
    order_id = await ordering.order(payer=OLA | {"customerNumber": GOES})
    await merge()
    assert await handed_over(connection, partner, clock, order_id) == [STAYS] * 3


async def test_an_order_that_is_tied_to_it_goes_on(
    server: Server,
    playground: Playground,
    ordering: Ordering,
    merge: Merger,
    connection: Connection,
    partner: PartnerCatalogue,
    clock: Clock,
) -> None:
    reader = await playground.add_reader(f"u{GOES}@example.no", GOES)
    await playground.add_reader(f"u{STAYS}@example.no", STAYS)
    opened = DIGI | {"allow_access_seconds": 3600, "allow_access_product": "DIGI"}
    order_id = await ordering.order(opened, unique_id=reader.unique_id, mode="user")
    async with connection.transaction():
        await complete_order(connection, partner, clock.now(), order_id, "client:x", "test")
    await merge()
    assert (await named(connection, STAYS))["customer_access.customer_number"] == 1
    async with connection.transaction():
        assert await hand_over(connection, partner, clock.now(), [order_id]) == [order_id]
    assert await connection.fetchval("select customer_number from subscription") == STAYS
    headers = bearer(await server.user_token(reader.credential))
    listed = await server.http.get("/capi/v1/order/status", headers=headers)
    assert [entry["customerNumber"] for entry in listed.json()["orders"]] == [STAYS], listed.text


async def test_the_page_of_an_order_knows_whose_the_number_is_now(
    two: list[Reader], ordering: Ordering, server: Server
) -> None:
    order_id = await ordering.order(payer=OLA | {"customerNumber": GOES})
    found = await find_order(ordering.connection, order_id)
    assert found is not None
    for reader in two:
        completing = Completing(server.parts.login_server(), 1, WEB, reader.unique_id)
        assert not await completing.names_another(found, reader.unique_id)


@pytest.mark.parametrize("is_client", [True, False])
async def test_registering_a_customer_by_it_finds_who_stays(server: Server, two: list[Reader], is_client: bool) -> None:
    token = await (server.client_token() if is_client else server.user_token(two[0].credential))
    where = OrderShop(server, token, is_client=is_client)
    assert await where.customer({"customerNumber": GOES}) == STAYS


async def test_an_external_identity_is_tied_to_who_stays(
    server: Server, two: list[Reader], connection: Connection
) -> None:
    body = {"externalId": "77", "credentialType": "D", "customerNumber": GOES}
    answer = await (await shop(server)).post("/extid/customer", body)
    assert answer["customerNumber"] == STAYS
    assert await connection.fetchval("select count(*) from user_customer where customer_number = $1", STAYS) == 3


async def test_a_payment_by_the_old_reference_is_taken(
    belongings: Belongings, merge: Merger, connection: Connection, clock: Clock
) -> None:
    for number in (GOES, STAYS):
        await belongings.playground.add_reader(f"u{number}@example.no", number)
    subscription_id = await belongings.subscription(GOES, None)
    await belongings.invoice(GOES, GOES, 1, subscription_id)
    kid = "00010010000001" + mod10("00010010000001")
    await connection.execute("update invoice set kid = $1", kid)
    await merge()
    payment = billing.NewPayment("example", "HOUSE", kid, Decimal("149.50"), "bank 2")
    said = await billing.pay(connection, clock, payment, "command-line:test")
    assert "is paid" in said
    assert await connection.fetchval("select customer_number from invoice_payment where reference = 'bank 2'") == STAYS


async def test_renewals_go_on(
    belongings: Belongings, merge: Merger, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    await belongings.give(GOES)
    await belongings.give(STAYS)
    await connection.execute("update subscription set coupon_code = 'DIGI', coupon_number = 1, category_code = null")
    await merge()
    clock.move(timedelta(days=21))
    made = await renew_batch(connection, partner, clock.now())
    assert (made.taken, made.renewed) == (6, 6)
    payers = await connection.fetch(
        """
        select i.customer_number, l.receiver_customer_number, count(*)
        from invoice i
        join invoice_line l using (partner_id, company_code, invoice_number)
        where i.status = 'open' and i.paid_minor = 0
        group by 1, 2 order by 1, 2
        """
    )
    assert [tuple(row) for row in payers] == [(STAYS, STAYS, 2), (STAYS, FRIEND, 2), (FRIEND, STAYS, 2)]


async def test_a_number_is_never_given_again(
    merge: Merger, playground: Playground, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    await connection.execute("select setval('customer_number', 5000)")
    for number in (5001, 5002, 5003, 5005):
        await playground.add_reader(f"u{number}@example.no", number)
    await merge(5002, 5001)
    await merge(5003, 5001)
    made = []
    for _ in range(3):
        async with connection.transaction():
            party = Party(last_name="New", postal_code="0150")
            made.append((await find_or_create_customer(connection, partner, clock.now(), party, None)).customer_number)
    assert made == [5004, 5006, 5007]


async def test_a_publisher_file_does_not_bring_it_back(
    merge: Merger, playground: Playground, connection: Connection, clock: Clock
) -> None:
    readers = [await playground.add_reader(f"u{number}@example.no", number) for number in (GOES, STAYS)]
    await merge()
    await connection.execute("delete from user_customer where unique_id = $1", readers[0].unique_id)
    customer = NewCustomer(
        partner_id=1,
        customer_number=GOES,
        first_name=None,
        middle_name=None,
        last_name="X",
        company_name=None,
        department_name=None,
        created_at=clock.now(),
    )
    assert not await add_customer(connection, customer)
    assert await link_customer(connection, readers[0].unique_id, 1, GOES, clock.now())
    assert (await named(connection, STAYS))["user_customer.customer_number"] == 2


async def test_a_user_is_assigned_to_an_order_that_names_it(
    server: Server, two: list[Reader], ordering: Ordering, connection: Connection
) -> None:
    await insert(
        connection,
        "customer_merge",
        customer_number=STAYS,
        merged_number=999,
        merged_at=ordering.clock.now(),
        actor="command-line:test",
    )
    order_id = await ordering.order(payer=OLA | {"customerNumber": GOES}, status="transferred", customer_number=STAYS)
    answer: httpx.Response = await server.http.post(
        f"/capi/v1/client/order/{order_id}/user",
        json={"credential": "new@example.no"},
        headers=bearer(await server.client_token()),
    )
    assert answer.status_code == 200, answer.text
