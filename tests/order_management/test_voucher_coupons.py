"""What may be ordered with a voucher, and that codes cannot be guessed."""

from datetime import timedelta

import pytest

from kolofon.engine.guessing import WRONG_CODES
from tests.browser_session import Server, bearer
from tests.calling import other_shop, sell_anew, shop
from tests.playground import Playground

PATH = "/voucher/coupons"


async def change(playground: Playground, columns: str, code: str = "GIFT-ONE") -> None:
    await playground.connection.execute(f"update voucher set {columns} where voucher_code = $1", code)


async def test_a_voucher_lists_its_coupons(server: Server) -> None:
    client = await shop(server)
    digi = {"couponCode": "DIGI", "couponNumber": 1, "description": "One month for 1"}
    paper = {"couponCode": "PAPER", "couponNumber": 10, "description": "Three months of paper"}
    assert await client.get(f"{PATH}/GIFT-ONE") == {"coupons": [digi]}
    assert await client.get(f"{PATH}/GIFT-MANY") == {"coupons": [digi, paper]}


@pytest.mark.parametrize("written", ["gift-one", "Gift-One", "%20GIFT-ONE%20"])
async def test_how_a_code_is_written_does_not_matter(server: Server, written: str) -> None:
    assert len((await (await shop(server)).get(f"{PATH}/{written}"))["coupons"]) == 1


@pytest.mark.parametrize(
    "columns",
    ["used = 1", "retired = true", "start_time = '2999-01-01'", "end_time = '2020-01-01'"],
)
async def test_a_voucher_that_cannot_be_used_is_refused(server: Server, playground: Playground, columns: str) -> None:
    client = await shop(server)
    await change(playground, columns)
    refused = await client.get(f"{PATH}/GIFT-ONE", 400)
    assert refused == {
        "exceptionType": "InvalidRequestException",
        "errorMessage": "voucherCode: there is no voucher GIFT-ONE that can be used",
    }


async def test_every_reason_sounds_the_same(server: Server, playground: Playground) -> None:
    client = await shop(server)
    await change(playground, "used = 1")
    messages = {
        (await client.get(f"{PATH}/{code}", 400))["errorMessage"].replace(code, "CODE")
        for code in ("GIFT-ONE", "GIFT-LATE", "NOTHING")
    }
    assert len(messages) == 1


async def test_a_voucher_with_uses_left_is_good_until_the_last(server: Server, playground: Playground) -> None:
    client = await shop(server)
    await change(playground, "used = 2", "GIFT-MANY")
    await client.get(f"{PATH}/GIFT-MANY")
    await change(playground, "used = 3", "GIFT-MANY")
    await client.get(f"{PATH}/GIFT-MANY", 400)


async def test_a_voucher_ends_at_its_time(server: Server, playground: Playground) -> None:
    await playground.connection.execute(
        "update voucher set end_time = $1 where voucher_code = 'GIFT-ONE'",
        playground.clock.now() + timedelta(minutes=1),
    )
    client = await shop(server)
    await client.get(f"{PATH}/GIFT-ONE")
    playground.clock.move(timedelta(minutes=1))
    await client.get(f"{PATH}/GIFT-ONE", 400)


async def test_a_coupon_that_is_sold_no_more_is_left_out_and_without_any_the_voucher_is_refused(
    server: Server, playground: Playground
) -> None:
    await sell_anew(server, playground, "update coupon set retired = true where coupon_code = 'DIGI'")
    client = await shop(server)
    found = await client.get(f"{PATH}/GIFT-MANY")
    assert [coupon["couponCode"] for coupon in found["coupons"]] == ["PAPER"]
    await client.get(f"{PATH}/GIFT-ONE", 400)


async def test_a_voucher_belongs_to_one_partner(server: Server, playground: Playground) -> None:
    await playground.connection.execute("delete from voucher_coupon where partner_id = 2")
    await playground.connection.execute("delete from voucher where partner_id = 2")
    await (await other_shop(server)).get(f"{PATH}/GIFT-ONE", 400)
    await (await shop(server)).get(f"{PATH}/GIFT-ONE")


async def test_a_code_that_is_too_long_is_refused(server: Server) -> None:
    await (await shop(server)).get(f"{PATH}/{'X' * 37}", 400)


async def guess(server: Server, headers: dict[str, str], codes: list[str]) -> list[int]:
    return [(await server.http.get(f"/capi/v1/client{PATH}/{code}", headers=headers)).status_code for code in codes]


async def test_after_too_many_wrong_codes_no_code_is_looked_up_not_even_a_right_one(server: Server) -> None:
    headers = bearer(await server.client_token())
    # All wrong ones at once may not fit into one second: what is sure is that no more than the minute's pass.
    refused = 0
    for number in range(10 * WRONG_CODES.per_minute):
        [status] = await guess(server, headers, [f"WRONG{number}"])
        assert status in {400, 429}
        refused += status == 400
        if status == 429:
            break
    assert WRONG_CODES.per_second <= refused <= WRONG_CODES.per_minute
    answer = await server.http.get(f"/capi/v1/client{PATH}/GIFT-ONE", headers=headers)
    assert answer.status_code == 429
    assert answer.json()["errorMessage"] == "too many wrong voucher codes, please wait a minute"
    assert int(answer.headers["Retry-After"]) >= 1
    # Another partner's shop is not in the way of it.
    await (await other_shop(server)).get(f"{PATH}/GIFT-ONE")


async def test_right_codes_are_not_counted(server: Server) -> None:
    headers = bearer(await server.client_token())
    count = WRONG_CODES.per_minute + 1
    assert await guess(server, headers, ["GIFT-MANY"] * count) == [200] * count
