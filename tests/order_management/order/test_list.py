"""Orders are listed for whose they are, and for the client's partner."""

from datetime import timedelta
from typing import Any

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.order_management.order.ordering import MAGAZINE, MONTH, MUG, Shop, order
from tests.playground import Playground, Reader


async def listed(shop: Shop, path: str = "/order/status") -> list[dict[str, Any]]:
    answer = await shop.get(path)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["orders"]
    return list(answer.json()["orders"])


async def found(shop: Shop, **body: object) -> list[dict[str, Any]]:
    answer = await shop.post("/order/status", body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["orders"])


async def invoiced(connection: Connection, order_id: int, clock: Clock) -> None:
    """Hand an order over to customer 1001 by hand: invoice 17, with the order's lines."""
    await connection.execute(
        """
        update customer_order set status = 'transferred', customer_number = 1001, transferred_at = $2
        where order_id = $1
        """,
        order_id,
        clock.now(),
    )
    await connection.execute("update order_line set invoice_number = 17 where order_id = $1", order_id)
    await connection.execute(
        """
        insert into invoice (partner_id, customer_number, company_code, invoice_number, kind, kid, currency, created_at,
            invoice_date, due_date, net_minor, vat_minor, status, payment_method)
        values (1, 1001, 'HOUSE', 17, 'invoice', '1234', 'NOK', '2026-05-17T10:00:00Z', '2026-05-17', '2026-05-31',
            0, 0, 'open', 'invoice')
        """
    )
    await connection.execute(
        """
        insert into invoice_line (partner_id, customer_number, company_code, invoice_number, line_number, kind,
            product_code, description, quantity, net_minor, vat_percent, vat_minor, order_id, order_line_number)
        select 1, 1001, 'HOUSE', 17, row_number() over (order by line_number, kind), kind, product_code, description,
            quantity, net, vat_percent, vat, order_id, line_number
        from order_line, lateral (values
            ('product', net_minor, vat_minor), ('distribution', distribution_net_minor, distribution_vat_minor)
        ) as part (kind, net, vat)
        where order_id = $1
        """,
        order_id,
    )


async def test_a_user_sees_the_own_orders_the_newest_first(
    kari: Shop, shop: Shop, reader: Reader, playground: Playground, server: Server, clock: Clock
) -> None:
    first = await kari.registered(order(externalOrderId="web-1", orderDate=1700000000000))
    clock.move(timedelta(seconds=1))
    second = await shop.registered(order(MUG, uniqueUserId=reader.unique_id.hex, payer={"customerNumber": 1001}))
    await shop.registered(order())
    ola = await playground.add_reader("ola@example.no", 1002)
    by_ola = Shop(server, await server.user_token(ola.credential), is_client=False)
    await by_ola.registered(order())
    newest, oldest = await listed(kari)
    assert oldest == {
        "orderId": first,
        "externalOrderId": "web-1",
        "orderTime": 1700000000000,
        "orderStatus": "preliminary",
        "orderAmount": 1.0,
    }
    assert (newest["orderId"], newest["orderAmount"], newest["customerNumber"]) == (second, 258.0, 1001)
    assert len(await listed(by_ola)) == 1


async def test_who_has_ordered_nothing_has_an_empty_list(kari: Shop) -> None:
    assert await listed(kari) == []
    assert await listed(kari, "/customer/order/product/history") == []
    assert await found(kari, orderId=1) == []


async def test_an_order_is_found_by_its_id_with_its_lines(kari: Shop) -> None:
    order_id = await kari.registered(order(MONTH, MUG, externalOrderId="web-1"))
    [details] = await found(kari, orderId=order_id)
    assert details.pop("orderTime") > 0
    line = {"invoiceStatus": "notInvoiced", "deliveryStatus": "waiting"}
    assert details == {
        "orderId": order_id,
        "externalOrderId": "web-1",
        "orderStatus": "preliminary",
        "orderAmount": 259.0,
        "orderLines": [
            {"productId": "DIGI", "description": "One month for 1"} | line,
            {"productId": "MUG", "description": "MUG"} | line,
        ],
    }


async def test_orders_are_found_by_the_id_that_they_share(kari: Shop, clock: Clock) -> None:
    ids = []
    for _ in range(2):
        ids.append(await kari.registered(order(externalOrderId="web-1")))
        clock.move(timedelta(seconds=1))
    await kari.registered(order(externalOrderId="web-2"))
    assert [details["orderId"] for details in await found(kari, externalOrderId="web-1")] == ids[::-1]


async def test_a_search_is_by_one_of_the_two_ids(kari: Shop) -> None:
    neither_or_both: list[dict[str, Any]] = [{}, {"orderId": 1, "externalOrderId": "a"}, {"externalOrderId": " "}]
    for body in neither_or_both:
        assert await kari.refused(body, "/order/status") == "orderId: expected either this or externalOrderId"
    wrong: list[dict[str, Any]] = [{"orderId": 0}, {"orderId": "x"}, {"orderId": 2**60}, {"externalOrderId": "x" * 41}]
    for body in wrong:
        assert (await kari.refused(body, "/order/status")).startswith(next(iter(body)))


async def test_another_users_order_is_not_found_by_any_id(
    kari: Shop, shop: Shop, server: Server, playground: Playground
) -> None:
    ola = await playground.add_reader("ola@example.no", 1002)
    by_ola = Shop(server, await server.user_token(ola.credential), is_client=False)
    ids = [await made.registered(order(externalOrderId="web-1")) for made in (by_ola, shop)]
    for order_id in ids:
        assert await found(kari, orderId=order_id) == []
    assert await found(kari, externalOrderId="web-1") == []


async def test_the_lines_of_an_order_tell_of_their_invoice(kari: Shop, connection: Connection, clock: Clock) -> None:
    order_id = await kari.registered(order(MAGAZINE, MUG))
    await invoiced(connection, order_id, clock)
    [details] = await found(kari, orderId=order_id)
    invoice = {"invoiceNumber": 17, "invoiceTime": 1779012000000, "invoiceStatus": "invoiced"}
    rest = invoice | {"deliveryStatus": "waiting"}
    assert details["orderLines"] == [
        {"productId": "MAG", "description": "A year of the magazine", "invoiceLineAmount": 184.0} | rest,
        {"productId": "MUG", "description": "MUG", "invoiceLineAmount": 258.0} | rest,
    ]


async def test_the_goods_that_a_customer_has_bought_are_its_history(
    kari: Shop, connection: Connection, clock: Clock
) -> None:
    order_id = await kari.registered(order(MONTH, MUG, orderDate=1700000000000))
    await kari.registered(order(MUG))
    assert await listed(kari, "/customer/order/product/history") == []
    await invoiced(connection, order_id, clock)
    assert await listed(kari, "/customer/order/product/history") == [
        {
            "customerNumber": 1001,
            "orderNumber": order_id,
            "orderDate": 1700000000000,
            "description": "MUG",
            "amount": 258.0,
            "vat": 51.6,
            "invoiceNumber": 17,
            "invoiceDate": 1779012000000,
            "companyCode": "HOUSE",
            "invoiceStatus": "invoiced",
            "target": "C",
        }
    ]


async def test_a_client_sees_the_status_of_its_partners_orders_and_of_no_others(shop: Shop, other_shop: Shop) -> None:
    order_id = await shop.registered(order(externalOrderId="web-1"))
    [status] = await listed(shop, f"/order/status/{order_id}")
    assert (status["orderId"], status["orderStatus"], status["orderAmount"]) == (order_id, "preliminary", 1.0)
    foreign = await other_shop.get(f"/order/status/{order_id}")
    unknown = await other_shop.get("/order/status/4711")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["errorMessage"].replace(str(order_id), "4711") == unknown.json()["errorMessage"]
    for nonsense in ("abc", "-1", str(2**60), "0"):
        assert (await shop.get(f"/order/status/{nonsense}")).status_code in {400, 404}
