"""Everything that can be known of an order is checked when it is registered, and the refusal names the field."""

from datetime import timedelta
from typing import Any

import pytest

from kolofon.platform.clock import Clock, epoch_milliseconds
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.calling import sell_anew
from tests.identity.changed_clients import change_client
from tests.order_management.order.ordering import (
    ARTICLE,
    ISSUE,
    MAGAZINE,
    MONTH,
    MUG,
    PAPER,
    PAYER,
    TRIAL,
    Shop,
    order,
    without,
)
from tests.playground import WEB, Playground, Reader

DAY = 24 * 3600 * 1000
KCO = {"klarnaOrderId": "k-1"}
DETAIL: dict[str, Any] = ARTICLE["articleDetail"]


def payer(*missing: str, **members: Any) -> dict[str, Any]:
    return order(payer=without(PAYER, *missing) | members)


def line(base: dict[str, Any], *missing: str, **members: Any) -> dict[str, Any]:
    return order(without(base, *missing) | members)


def prepaid(method: str, **members: Any) -> dict[str, Any]:
    return order(paymentMethod=method, prepaid=True, **members)


REFUSED: list[tuple[dict[str, Any], str]] = [
    # The payer.
    (order(payer=None), "object missing required field payer"),
    (order(payer={}), "payer.lastName: expected a name here or in companyName; payer.postalCode: expected"),
    (payer("lastName"), "payer.lastName: expected a name here or in companyName"),
    (payer("postalCode"), "payer.postalCode: expected the postal code"),
    (payer("emails", "phoneNumbers"), "payer.emails: expected an e-mail address here or a number in phoneNumbers"),
    (payer(emails=["  "], phoneNumbers=[]), "payer.emails: expected an e-mail address here"),
    (payer(emails=["kari@private.example", "nobody"]), "payer.emails[1]: expected an e-mail address"),
    (payer(emails=["+4790000001"]), "payer.emails[0]: expected an e-mail address"),
    (payer(phoneNumbers=["12"]), "payer.phoneNumbers[0]: expected a phone number"),
    (payer(phoneNumbers=["kari@example.no"]), "payer.phoneNumbers[0]: expected a phone number"),
    (payer(invoiceEmailAddress="nobody"), "payer.invoiceEmailAddress: expected an e-mail address"),
    (payer(customerNumber=9999), "payer.customerNumber: there is no customer 9999"),
    (payer(countryCode="XX"), "payer.countryCode: there is no country XX"),
    (payer(countryCode="NOR"), "payer.countryCode: there is no country NOR"),
    (payer(postalCode="150"), "payer.postalCode: expected the 4 digits of a postal code of NO"),
    (payer(countryCode="SE"), "payer.postalCode: expected the 5 digits of a postal code of SE"),
    (payer(postalAddressPostalCode="x"), "payer.postalAddressPostalCode: expected the 4 digits"),
    (payer(streetNumber="12 B"), "payer.streetNumber"),
    (payer(streetNumber=-1), "payer.streetNumber"),
    (payer(floorType="first"), "payer.floorType"),
    (payer(birthDate="1980-13-01"), "payer.birthDate: expected milliseconds since 1970, or a date as yyyy-mm-dd"),
    (payer(birthDate=2**53), "payer.birthDate: expected milliseconds since 1970"),
    (payer(birthDate=2**60), "payer.birthDate"),
    (payer(sex="unknown"), "payer.sex"),
    (payer(lastName="x" * 256), "payer.lastName"),
    (payer(emails="kari@private.example"), "payer.emails"),
    (payer(categories=[{"addressCategory": "CHESS"}]), "payer.categories[0].addressCategory: there is no category"),
    (payer(categories=[{}]), "payer.categories[0].addressCategory: expected the code of a category"),
    (payer(permissions=[{"enterpriseCode": "NEWS", "channelCode": "DM"}]), "payer.permissions[0].permissionType"),
    (
        payer(permissions=[{"enterpriseCode": "NO", "channelCode": "DM", "permissionType": "shield"}]),
        "payer.permissions[0].enterpriseCode: there is no enterprise NO",
    ),
    (
        payer(permissions=[{"channels": ["DM", "XX"], "permissionType": "shield"}]),
        "payer.permissions[0].enterpriseCode: there is no enterprise; payer.permissions[0].channels[1]: there is no",
    ),
    (
        payer(
            permissions=[
                {"enterpriseCode": "NEWS", "orderTypeCode": "X", "channelCode": "TM", "permissionType": "shield"}
            ]
        ),
        "payer.permissions[0].orderTypeCode: there is no order type X in the enterprise NEWS",
    ),
    (
        payer(permissions=[{"enterpriseCode": "NEWS", "permissionType": "permission"}]),
        "payer.permissions[0].channels: expected codes of channels here or one in channelCode",
    ),
    (payer(privacy=[{"enterpriseCode": "NEWS", "purpose": "XX"}]), "payer.privacy[0].purpose: there is no purpose XX"),
    (payer(privacy=[{"purpose": "DM"}]), "payer.privacy[0].enterpriseCode: there is no enterprise"),
    # The order as a whole.
    (order(paymentMethod=None), "object missing required field paymentMethod"),
    (order(paymentMethod="gold"), "paymentMethod"),
    (order(orderLines=[]), "orderLines"),
    (order(*[MONTH] * 101), "orderLines"),
    (order(currency="SEK"), "currency: expected NOK"),
    (order(companyCode="OTHER"), "companyCode: there is no company OTHER"),
    (order(salesMethod="FAX"), "salesMethod: there is no sales method FAX"),
    (order(marketingCouponCode="MKT"), "marketingCouponNumber: expected together with the other"),
    (order(marketingCouponNumber=7), "marketingCouponCode: expected together with the other"),
    (order(marketingCouponCode="MKT", marketingCouponNumber=8), "marketingCouponCode: there is no marketing coupon"),
    (order(marketingCouponCode="DIGI", marketingCouponNumber=1), "marketingCouponCode: there is no marketing coupon"),
    (order(orderDate="soon"), "orderDate: expected milliseconds since 1970"),
    (order(orderDate=2**53), "orderDate: expected"),
    (order(orderDate="2999-01-01"), "orderDate: expected a time that has been"),
    (order(externalOrderId="x" * 41), "externalOrderId"),
    (order(uniqueUserId="abc"), "uniqueUserId"),
    # How it is paid.
    (order(paymentMethod="nexi"), "paymentMethod: nexi is not set up here"),
    (order(paymentMethod="sms"), "paymentMethod: sms is not set up here"),
    (order(prepaid=True), "prepaid: expected false with paymentMethod invoice"),
    (order(paymentMethod="other"), "prepaid: expected true with paymentMethod other"),
    (prepaid("other", paymentInfoOther={"transactionId": "t"}, recurring=True), "recurring: expected false with"),
    (order(paymentMethod="vippsRecurring", recurring=False), "recurring: expected true with"),
    (order(TRIAL, paymentMethod="free", recurring=True), "recurring: expected false with paymentMethod free"),
    (prepaid("kco"), "paymentInfoKco.klarnaOrderId: missing"),
    (prepaid("kco", paymentInfoKco={}), "paymentInfoKco.klarnaOrderId: missing"),
    (prepaid("kco", paymentInfoKco={"klarnaOrderId": " "}), "paymentInfoKco.klarnaOrderId: missing"),
    (prepaid("kco", paymentInfoKco=KCO, recurring=True), "paymentInfoKco.recurringToken: missing"),
    (
        prepaid("kco", paymentInfoKco=KCO, paymentInfoNexi={"paymentId": "p"}),
        "paymentInfoNexi: does not go with paymentMethod kco and prepaid true",
    ),
    (prepaid("creditcardPayex", paymentInfo={"transactionId": "t"}), "paymentInfo: does not go with"),
    (order(paymentMethod="kco", paymentInfoKco=KCO), "paymentInfoKco: does not go with paymentMethod kco and prepaid"),
    (order(paymentMethod="free"), "paymentMethod: the order is not free: it costs 1.00 NOK"),
    # What it costs.
    (order(orderAmount=299), "orderAmount: expected 1.00 NOK"),
    (order(orderAmount=1.001), "orderAmount: expected at most 2 decimals"),
    (order(orderAmount=-1), "orderAmount"),
    (line(MONTH, unitPrice=2), "orderLines[0].unitPrice: expected 1.00 NOK"),
    (line(MONTH, unitPrice=0.999), "orderLines[0].unitPrice: expected at most 2 decimals"),
    (order(MAGAZINE, MONTH | {"unitPrice": 2}), "orderLines[1].unitPrice: expected 1.00 NOK"),
    # What is ordered.
    (line(MONTH, "productSpecType"), "orderLines[0]"),
    (line(MONTH, productSpecType="gift"), "orderLines[0].productSpecType"),
    (line(MONTH, "productSpecCode"), "orderLines[0].productSpecCode: missing; it is needed with"),
    (line(MONTH, "productSpecNo"), "orderLines[0].productSpecNo: missing; it is needed with"),
    (line(MONTH, productSpecNo=99), "orderLines[0].productSpecCode: there is no coupon DIGI 99"),
    (line(MONTH, productSpecCode="MKT", productSpecNo=7), "orderLines[0].productSpecCode: there is no coupon MKT 7"),
    (line(MONTH, productSpecCode="OLD"), "orderLines[0].productSpecCode: the coupon OLD 1 is not on sale"),
    (line(MUG, "product"), "orderLines[0].product: expected the code of a product"),
    (line(MUG, product="CUP"), "orderLines[0].product: there is no product CUP"),
    (line(MUG, product="DIGI"), "orderLines[0].product: DIGI is of type subscription"),
    (line(MUG, product="ARTICLE"), "orderLines[0].product: ARTICLE is of type article"),
    (line(MUG, product="PRODUCT-WITH-A-LONG-CODE"), "orderLines[0].product"),
    (line(ISSUE, "product"), "orderLines[0].product: expected the code of an issue"),
    (line(ISSUE, product="1999-01"), "orderLines[0].product: there is no issue 1999-01 of MAG"),
    (line(ARTICLE, "articleDetail"), "orderLines[0].articleDetail: missing; it is needed with productSpecType article"),
    (line(ARTICLE, articleDetail=without(DETAIL, "articleRef")), "orderLines[0].articleDetail.articleRef: expected"),
    (line(ARTICLE, articleDetail=DETAIL | {"product": "NO"}), "orderLines[0].articleDetail.product: there is no"),
    (line(ARTICLE, articleDetail=without(DETAIL, "product")), "orderLines[0].articleDetail.product: expected"),
    (line(ARTICLE, articleDetail=DETAIL | {"product": "MUG"}), "orderLines[0].articleDetail.product: no articles of"),
    (line(ARTICLE, articleDetail=DETAIL | {"companyCode": "X"}), "orderLines[0].articleDetail.companyCode: ARTICLE is"),
    (line(ARTICLE, quantity=2), "orderLines[0].quantity: expected 1"),
    (line(MONTH, quantity=0), "orderLines[0].quantity"),
    (line(MONTH, quantity=100_001), "orderLines[0].quantity"),
    (line(MONTH, quantity="many"), "orderLines[0].quantity"),
    (line(MUG, quantity=6), "orderLines[0].quantity: MUG is out of stock"),
    (order(MUG | {"quantity": 3}, MUG | {"quantity": 3}), "orderLines[1].quantity: MUG is out of stock"),
    (line(MONTH, categoryCode="CHESS"), "orderLines[0].categoryCode: there is no category CHESS"),
    # Vouchers and rewards.
    (line(MONTH, voucherCode="NOTHING"), "orderLines[0].voucherCode: there is no voucher NOTHING"),
    (line(MONTH, voucherCode="GIFT-LATE"), "orderLines[0].voucherCode: the voucher GIFT-LATE is not valid"),
    (line(PAPER, voucherCode="GIFT-ONE"), "orderLines[0].voucherCode: the voucher GIFT-ONE is not for this coupon"),
    (line(MUG, voucherCode="GIFT-ONE"), "orderLines[0].voucherCode: goes with a coupon only"),
    (order(*[MONTH | {"voucherCode": "GIFT-ONE"}] * 2), "orderLines[1].voucherCode: the voucher GIFT-ONE has been"),
    (line(MONTH, voucherCode="x" * 37), "orderLines[0].voucherCode"),
    (line(MONTH, rewardId="r-1"), "orderLines[0].rewardPartnerId: expected together with the other"),
    (line(MONTH, rewardPartnerId=7), "orderLines[0].rewardId: expected together with the other"),
    (line(MONTH, rewardPartnerId=8, rewardId="r-1"), "orderLines[0].rewardPartnerId: there is no reward partner 8"),
    (order(*[MONTH | {"rewardPartnerId": 7, "rewardId": "r"}] * 2), "orderLines[1].rewardId: the reward r has been"),
    # Access until the hand-over.
    (line(MONTH, allowAccessProduct="DIGI"), "orderLines[0].allowAccessSeconds: expected with what it opens"),
    (line(MONTH, allowAccessSeconds=60), "orderLines[0].allowAccessProduct: expected a product here"),
    (line(MONTH, allowAccessProduct="NO", allowAccessSeconds=60), "orderLines[0].allowAccessProduct: there is no"),
    (line(MONTH, allowAccessCategoryType="NO", allowAccessSeconds=60), "orderLines[0].allowAccessCategoryType: there"),
    (line(MONTH, allowAccessProduct="DIGI", allowAccessSeconds=0), "orderLines[0].allowAccessSeconds"),
    (line(MONTH, allowAccessProduct="DIGI", allowAccessSeconds=31_536_001), "orderLines[0].allowAccessSeconds"),
    (line(ISSUE, allowAccessProduct="DIGI", allowAccessSeconds=60), "orderLines[0].allowAccessProduct: there is no"),
    # Starts and other people.
    (line(MONTH, startInfo={"startDate": "2020-01-01"}), "orderLines[0].startInfo.startDate: expected a day from"),
    (line(MONTH, startInfo={"startDate": "later"}), "orderLines[0].startInfo.startDate: expected milliseconds"),
    (line(MAGAZINE, startInfo={"startIssue": "1999-01"}), "orderLines[0].startInfo.startIssue: there is no issue"),
    (line(MUG, startInfo={"startDate": "2999-01-01"}), "orderLines[0].startInfo: only a subscription has a start"),
    (line(MONTH, receiver={}), "orderLines[0].receiver.lastName: expected a name"),
    (line(MONTH, receiver={"lastName": "N"}), "orderLines[0].receiver.postalCode: expected the postal code"),
    (line(MONTH, receiver={"customerNumber": 9999}), "orderLines[0].receiver.customerNumber: there is no customer"),
    (
        line(MONTH, receiver={"lastName": "N", "postalCode": "0150", "countryCode": "SE"}),
        "orderLines[0].receiver.postalCode: expected the 5 digits",
    ),
    (line(MONTH, recruiter={"customerNumber": 9999}), "orderLines[0].recruiter.customerNumber: there is no customer"),
    (line(MONTH, recruiter={"emails": ["a@example.no"]}), "orderLines[0].recruiter.customerNumber: expected"),
]


@pytest.mark.parametrize(
    ("body", "told"), REFUSED, ids=[f"{index}-{told[:50]}" for index, (_, told) in enumerate(REFUSED)]
)
async def test_an_order_is_refused_with_the_fields_name(shop: Shop, body: dict[str, Any], told: str) -> None:
    assert (await shop.refused(body)).startswith(told)


async def test_what_is_wrong_is_told_at_once(shop: Shop) -> None:
    body = order(
        MONTH | {"productSpecNo": 99}, MUG | {"product": "CUP"}, payer=without(PAYER, "lastName"), currency="SEK"
    )
    assert await shop.refused(body) == (
        "currency: expected NOK; orderLines[0].productSpecCode: there is no coupon DIGI 99; "
        "orderLines[1].product: there is no product CUP; payer.lastName: expected a name here or in companyName"
    )


async def test_a_start_is_taken_within_a_year(shop: Shop, clock: Clock) -> None:
    now = epoch_milliseconds(clock.now())
    for days in (0, 1, 365):
        await shop.registered(line(MONTH, startInfo={"startDate": now + days * DAY}))
    for days in (-2, 370, 10**6):
        told = await shop.refused(line(MONTH, startInfo={"startDate": now + days * DAY}))
        assert told.startswith("orderLines[0].startInfo.startDate: expected a day from today on, within a year")


async def test_a_coupon_is_refused_as_soon_as_it_has_ended(
    server: Server, shop: Shop, playground: Playground, clock: Clock
) -> None:
    end = clock.now() + timedelta(hours=2)
    await sell_anew(server, playground, f"update coupon set end_time = '{end}' where coupon_code = 'PAPER'")
    await shop.registered(order(PAPER))
    clock.move(timedelta(hours=3))
    assert "the coupon PAPER 10 is not on sale" in await shop.refused(order(PAPER))


async def test_a_used_voucher_a_given_reward_and_an_empty_stock_are_refused(shop: Shop, connection: Connection) -> None:
    first = await shop.registered(line(MONTH, voucherCode="GIFT-ONE", rewardPartnerId=7, rewardId="r-1"))
    await connection.execute("update voucher set used = 1 where voucher_code = 'GIFT-ONE'")
    await connection.execute(
        "insert into customer_reward values (1, 7, 'r-1', 'MUG', $1, 1, null, '2026-01-01')", first
    )
    await connection.execute("update stock set quantity = 0")
    told = await shop.refused(line(MONTH, voucherCode="GIFT-ONE"))
    assert told == "orderLines[0].voucherCode: the voucher GIFT-ONE has been used"
    told = await shop.refused(line(MONTH, rewardPartnerId=7, rewardId="r-1"))
    assert told.startswith(
        "orderLines[0].rewardId: the reward r-1 has been given; orderLines[0].rewardPartnerId: MUG is"
    )
    assert await shop.refused(order(MUG)) == "orderLines[0].quantity: MUG is out of stock"


async def test_another_partners_voucher_is_none(other_shop: Shop, shop: Shop, connection: Connection) -> None:
    await connection.execute("update voucher set used = uses_allowed where partner_id = 2")
    swede = PAYER | {"countryCode": "SE", "postalCode": "11129"}
    assert "has been used" in await other_shop.refused(order(MONTH | {"voucherCode": "GIFT-ONE"}, payer=swede))
    await shop.registered(line(MONTH, voucherCode="GIFT-ONE"))


async def test_a_line_has_to_be_in_one_warehouse(shop: Shop, connection: Connection) -> None:
    await connection.execute("insert into stock values (1, 'MUG', 'NORTH', 4, '2026-01-01')")
    await shop.registered(order(MUG | {"quantity": 5}, MUG | {"quantity": 4}))
    assert "out of stock" in await shop.refused(line(MUG, quantity=6))


async def test_what_is_not_counted_is_never_out_of_stock(shop: Shop, connection: Connection) -> None:
    await connection.execute("delete from stock")
    await shop.registered(line(MUG, quantity=1000))


async def test_all_lines_are_of_one_company(server: Server, shop: Shop, playground: Playground) -> None:
    await sell_anew(
        server,
        playground,
        "insert into company (partner_id, company_code, name) values (1, 'SECOND', 'Second')",
        "update product set company_code = 'SECOND' where partner_id = 1 and product_code = 'MUG'",
    )
    told = await shop.refused(order(MONTH, MUG))
    assert told == "orderLines[1].productSpecType: MUG is sold by SECOND; expected what HOUSE sells"
    assert "DIGI is sold by HOUSE; expected what SECOND sells" in await shop.refused(order(companyCode="SECOND"))
    await shop.registered(order(MUG, companyCode="SECOND"))


async def test_a_prepaid_order_may_say_what_was_paid(shop: Shop, connection: Connection) -> None:
    body = prepaid("kco", paymentInfoKco=KCO, orderAmount=250.5)
    order_id = await shop.registered(body)
    found = await connection.fetchrow(
        "select amount_minor, prepaid_minor, payment_info from customer_order where order_id = $1", order_id
    )
    assert found is not None
    assert tuple(found) == (100, 25050, KCO)


async def test_a_prepaid_order_keeps_the_price_that_it_was_paid_at(shop: Shop, connection: Connection) -> None:
    line_at = MAGAZINE | {"unitPrice": 80, "quantity": 2}
    body = order(line_at, paymentMethod="other", prepaid=True, paymentInfoOther={"transactionId": "t-1"})
    order_id = await shop.registered(body)
    found = await connection.fetchrow(
        """
        select unit_price_minor, net_minor, vat_minor, price_version, discount_minor
        from order_line where order_id = $1
        """,
        order_id,
    )
    assert found is not None
    assert tuple(found) == (8000, 16000, 4000, None, 0)


async def test_a_free_order_costs_nothing(shop: Shop) -> None:
    await shop.registered(order(TRIAL, paymentMethod="free", orderAmount=0))
    told = await shop.refused(order(TRIAL, PAPER, paymentMethod="free"))
    assert told == "paymentMethod: the order is not free: it costs 1058.00 NOK"


async def test_what_is_recurring_by_nature_need_not_say_so(shop: Shop, connection: Connection) -> None:
    order_id = await shop.registered(order(paymentMethod="vippsRecurring"))
    assert await connection.fetchval("select recurring from customer_order where order_id = $1", order_id) is True


async def test_guessing_voucher_codes_is_slowed_down(kari: Shop, shop: Shop, reader: Reader) -> None:
    for index in range(12):
        await kari.refused(order(*[MONTH | {"voucherCode": f"GUESS-{index}-{n}"} for n in range(10)]))
        answer = await kari.post("/order", line(MONTH, voucherCode="GIFT-ONE"))
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    # Only who guessed has to wait.
    await shop.registered(line(MONTH, voucherCode="GIFT-ONE"))
    await kari.registered(order())


async def test_an_order_with_more_vouchers_than_are_counted_is_refused(shop: Shop) -> None:
    lines = [MONTH | {"voucherCode": f"GUESS-{n}"} for n in range(21)]
    told = await shop.refused(order(*lines))
    assert told == "orderLines: expected 20 different vouchers at most"
    # None of them was looked up.
    await shop.registered(line(MONTH, voucherCode="GIFT-ONE"))
    many = [MONTH | {"voucherCode": "gift-many"}] * 3 + [MONTH] * 30
    await shop.registered(order(*many))


async def test_a_public_client_opens_nothing_before_the_hand_over(
    kari: Shop, server: Server, playground: Playground
) -> None:
    body = line(TRIAL, allowAccessProduct="PAPER", allowAccessSeconds=31_536_000)
    await kari.registered(body)
    await change_client(server, playground, WEB, "public = true")
    for access in ({"allowAccessProduct": "PAPER"}, {"allowAccessCategoryType": "SPORT"}):
        told = await kari.refused(order(MONTH, TRIAL | access | {"allowAccessSeconds": 60}))
        assert told == "orderLines[1].allowAccessSeconds: expected nothing of a public client in user mode"
    await kari.registered(order())


async def test_a_public_client_cannot_vouch_for_a_payment(kari: Shop, server: Server, playground: Playground) -> None:
    body = prepaid("kco", paymentInfoKco=KCO)
    await kari.registered(body)
    await change_client(server, playground, WEB, "public = true")
    assert await kari.refused(body) == (
        "prepaid: expected false of a public client; a payment is vouched for by a server"
    )
    await kari.registered(order())


async def test_a_coupon_for_holders_of_vouchers_is_sold_to_nobody_else(
    shop: Shop, kari: Shop, server: Server, playground: Playground
) -> None:
    only = "update coupon set voucher_only = true where (coupon_code, coupon_number) = ('DIGI', 1)"
    await sell_anew(server, playground, only)
    needed = "voucherCode: missing; the coupon DIGI 1 is for who has a voucher"
    assert await shop.refused(order()) == f"orderLines[0].{needed}"
    # A blank is none.
    assert await shop.refused(line(MONTH, voucherCode=" ")) == f"orderLines[0].{needed}"
    listed = (await shop.get("/coupon/DIGI")).json()["coupons"]
    assert ("DIGI", 1) not in {(coupon["couponCode"], coupon["couponNumber"]) for coupon in listed}
    assert len((await shop.get("/voucher/coupons/GIFT-ONE")).json()["coupons"]) == 1
    await shop.registered(line(MONTH, voucherCode="GIFT-ONE"))
    start = {"product": "DIGI", "startTime": 1, "couponCode": "DIGI", "couponNumber": 1}
    assert "is for who has a voucher" in await kari.refused(start, "/subscription")
