"""Check article price."""

from datetime import date
from typing import Any

import pytest

from tests.browser_session import Server, bearer
from tests.calling import sell_anew
from tests.playground import Playground, Reader

PATH = "/capi/v1/customer/article/price"
ARTICLE = {"companyCode": "HOUSE", "product": "ARTICLE", "articleRef": "a-1"}


async def asked(server: Server, reader: Reader, status: int = 200, **members: Any) -> dict[str, Any]:
    body = {name: value for name, value in (ARTICLE | members).items() if value is not None}
    headers = bearer(await server.user_token(reader.credential))
    answer = await server.http.post(PATH, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def live(playground: Playground, product: str, address: str | None, day: date) -> None:
    await playground.connection.execute(
        "update customer_address set valid_until = $1 where valid_until is null",
        day,
    )
    await playground.connection.execute(
        """
        insert into customer_address (partner_id, customer_number, country_code, valid_from, created_at)
        values (1, 1001, $1, $2, $3)
        """,
        address,
        day,
        playground.clock.now(),
    )


async def test_an_article_has_a_price_with_its_vat(server: Server, reader: Reader) -> None:
    assert await asked(server, reader) == {
        "companyCode": "HOUSE",
        "product": "ARTICLE",
        "articleRef": "a-1",
        "price": 19.0,
        "vatAmount": 0.0,
        "vatpercent": 0.0,
        "vatInclude": True,
        "currency": "NOK",
    }


async def test_the_price_hangs_on_the_category_and_others_cost_what_all_others_do(
    server: Server, reader: Reader
) -> None:
    assert (await asked(server, reader, articleCategory="PLUS"))["price"] == 29.0
    assert (await asked(server, reader, articleCategory="SPORT"))["price"] == 19.0


async def test_the_vat_is_that_of_the_country_where_the_customer_lives_today(
    server: Server, playground: Playground, reader: Reader
) -> None:
    today = playground.clock.now().date()
    await live(playground, "ARTICLE", "NO", date(2020, 1, 1))
    await live(playground, "ARTICLE", "SE", date(2021, 1, 1))
    await live(playground, "ARTICLE", "DK", date(today.year + 1, 1, 1))
    found = await asked(server, reader)
    assert (found["price"], found["vatpercent"], found["vatAmount"]) == (19.0, 6.0, 1.08)


async def test_who_is_no_customer_is_asked_for_the_vat_of_the_partners_country(
    server: Server, playground: Playground
) -> None:
    loner = await playground.add_reader("loner@example.no")
    assert (await asked(server, loner))["vatpercent"] == 0.0


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"companyCode": "NOBODY"}, "companyCode: there is no company NOBODY"),
        ({"product": "NOTHING"}, "product: HOUSE has no product NOTHING"),
        ({"product": "DIGI"}, "product: expected a product of type article, DIGI is subscription"),
        ({"companyCode": None}, "companyCode"),
        ({"product": None}, "product"),
        ({"articleRef": None}, "articleRef"),
        ({"articleRef": ""}, "articleRef"),
        ({"articleRef": "x" * 256}, "articleRef"),
        ({"companyCode": "X" * 13}, "companyCode"),
        ({"articleCategory": 7}, "articleCategory"),
    ],
)
async def test_what_is_not_sold_is_refused_with_the_field(
    server: Server, reader: Reader, members: dict[str, Any], message: str
) -> None:
    assert message in (await asked(server, reader, 400, **members))["errorMessage"]


async def test_an_article_of_no_category_with_a_price_is_refused(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await sell_anew(server, playground, "delete from article_price where article_category = ''")
    refused = await asked(server, reader, 400, articleCategory="SPORT")
    assert refused["errorMessage"] == "articleCategory: articles of the category SPORT are not sold"
    refused = await asked(server, reader, 400)
    assert refused["errorMessage"] == "articleCategory: expected a category, since the price hangs on it"
