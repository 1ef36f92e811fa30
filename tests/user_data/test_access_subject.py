"""About whom access is asked: the token's user, the one a client names, and nobody else."""

from typing import Any

import pytest

from tests.browser_session import Server
from tests.playground import OTHER, OTHER_SECRET, Playground, Reader
from tests.user_data.access_checks import as_client, as_user

FULL = {"access": True, "accessLevel": "A", "accessType": "A"}
NONE = {"access": False, "accessLevel": "A", "accessType": "D"}


async def test_a_user_with_only_product_is_answered_about_herself(server: Server, reader: Reader) -> None:
    ask = await as_user(server, reader.credential)
    assert await ask(product="DIGI") == {"access": True, "accesses": [FULL]}
    assert await ask(product="MAG") == {"access": False, "accesses": [NONE]}


@pytest.mark.parametrize("credential", ["kari@example.no", "Kari@Example.NO", "+4791234567", "912 34 567"])
async def test_a_client_names_the_user_by_credential(
    server: Server, playground: Playground, reader: Reader, credential: str
) -> None:
    await playground.add_credential(reader.unique_id, "+4791234567")
    ask = await as_client(server)
    assert await ask(product="DIGI", credential=credential) == {"access": True, "accesses": [FULL]}


async def test_a_client_names_the_user_by_unique_id(server: Server, reader: Reader) -> None:
    ask = await as_client(server)
    assert await ask(product="DIGI", uniqueId=reader.unique_id.hex) == {"access": True, "accesses": [FULL]}
    assert await ask(product="DIGI", uniqueId=reader.unique_id.hex.upper()) == {"access": True, "accesses": [FULL]}


@pytest.mark.parametrize(
    "question",
    [
        {"product": "DIGI"},
        {"articleId": "plus-1"},
        {"domain": "example.no"},
        {"categoryType": "SPORT"},
        {"accessArticle": True},
        {"product": "DIGI", "ip": "192.0.2.7"},
        {"product": "DIGI", "customerNumber": 1001},
    ],
)
async def test_a_client_must_name_the_user_for_any_check_but_by_ip(
    server: Server, reader: Reader, question: dict[str, Any]
) -> None:
    refusal = await (await as_client(server)).refusal(**question)
    assert refusal == "uniqueId or credential: needed for any check other than by ip"


async def test_an_unknown_user_has_no_access_and_is_no_error(server: Server, reader: Reader) -> None:
    ask = await as_client(server)
    assert await ask(product="DIGI", credential="nobody@example.no") == {"access": False, "accesses": [NONE]}
    assert await ask(product="DIGI", uniqueId="0" * 32) == {"access": False, "accesses": [NONE]}


async def test_the_customer_number_must_be_that_of_the_user(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "MAG")
    for ask in (await as_user(server, reader.credential), await as_client(server)):
        named = {"credential": reader.credential}
        assert (await ask(product="DIGI", customerNumber=1001, **named))["access"] is True
        assert await ask(product="DIGI", customerNumber=1002, **named) == {"access": False, "accesses": [NONE]}
        assert await ask(product="MAG", customerNumber=1002, **named) == {"access": False, "accesses": [NONE]}


async def test_a_credential_must_be_one_of_the_users_own(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "MAG")
    user, client = await as_user(server, reader.credential), await as_client(server)
    for product in ("DIGI", "MAG"):
        assert await user(product=product, credential="ola@example.no") == {"access": False, "accesses": [NONE]}
        asked = {"product": product, "uniqueId": reader.unique_id.hex, "credential": "ola@example.no"}
        assert await client(**asked) == {"access": False, "accesses": [NONE]}


async def test_a_user_can_ask_about_nobody_else(server: Server, playground: Playground, reader: Reader) -> None:
    other = await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "MAG")
    ask = await as_user(server, reader.credential)
    assert (await ask(product="DIGI", uniqueId=reader.unique_id.hex))["access"] is True
    assert (await ask.refusal(product="MAG", uniqueId=other.unique_id.hex)).startswith("uniqueId: a user's token")


async def test_a_user_of_another_partner_only_is_no_customer_here(server: Server, playground: Playground) -> None:
    swede = await playground.add_reader("anna@annan.se", 2001, partner_id=2)
    await playground.subscribe(2001, "DIGI", partner_id=2)
    here, there = await as_client(server), await as_client(server, OTHER, OTHER_SECRET)
    for named in ({"credential": "anna@annan.se"}, {"uniqueId": swede.unique_id.hex}):
        assert await here(product="DIGI", **named) == {"access": False, "accesses": [NONE]}
        assert await there(product="DIGI", **named) == {"access": True, "accesses": [FULL]}


async def test_a_customer_of_both_partners_is_seen_by_each_as_its_own(
    server: Server, playground: Playground, reader: Reader
) -> None:
    # The same number at both partners, so that only the partner in the query keeps them apart.
    await playground.link(reader.unique_id, 1001, partner_id=2)
    await playground.subscribe(1001, "MAG", partner_id=2)
    await playground.give_access(1001, "article", "a-1", partner_id=2)
    here, there = await as_client(server), await as_client(server, OTHER, OTHER_SECRET)
    found = {
        product: [(await ask(product=product, credential=reader.credential))["access"] for ask in (here, there)]
        for product in ("DIGI", "MAG")
    }
    assert found == {"DIGI": [True, False], "MAG": [False, True]}
    assert (await here(articleId="a-1", credential=reader.credential))["access"] is False
    assert (await there(articleId="a-1", credential=reader.credential))["access"] is True


async def test_a_number_at_one_partner_is_somebody_else_at_the_other(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.link(reader.unique_id, 2001, partner_id=2)
    await playground.add_reader("ola@example.no", 2001)
    await playground.subscribe(2001, "MAG")
    ask = await as_client(server)
    assert await ask(product="MAG", credential=reader.credential) == {"access": False, "accesses": [NONE]}
    assert (await ask(product="MAG", credential="ola@example.no"))["access"] is True
