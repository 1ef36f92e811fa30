"""Whether somebody has an account by a credential: asked by clients, before they assign an order to a user."""

from typing import Any

import pytest

from tests.browser_session import Server
from tests.calling import Shop, other_shop, shop
from tests.playground import Playground, Reader

PATH = "/credential"


@pytest.fixture
async def client(server: Server) -> Shop:
    return await shop(server)


async def check(client: Shop, credential: str, **members: Any) -> dict[str, Any]:
    return dict(await client.post(PATH, {"credential": credential} | members))


async def test_one_that_exists_is_told_with_its_user_and_whether_there_is_a_password(
    client: Shop, reader: Reader
) -> None:
    assert await check(client, "kari@example.no") == {
        "credential": "kari@example.no",
        "credentialType": "A",
        "exists": True,
        "uniqueId": reader.unique_id.hex,
        "isPasswordSet": True,
    }


async def test_one_that_does_not_exist_is_told_in_its_stored_form(client: Shop) -> None:
    assert await check(client, " Nobody@Example.NO ") == {
        "credential": "nobody@example.no",
        "credentialType": "A",
        "exists": False,
    }
    assert await check(client, "909 09 090") == {
        "credential": "+4790909090",
        "credentialType": "B",
        "exists": False,
    }


@pytest.mark.parametrize("written", ["+4790909090", "90909090", "+47 909 09 090", "004790909090"])
async def test_a_number_is_found_however_it_is_written(client: Shop, playground: Playground, written: str) -> None:
    ola = await playground.add_reader("+4790909090")
    found = await check(client, written)
    assert (found["credential"], found["uniqueId"]) == ("+4790909090", ola.unique_id.hex)


async def test_a_number_without_country_is_one_of_the_partners(server: Server) -> None:
    assert (await check(await other_shop(server), "070-123 45 67"))["credential"] == "+46701234567"


async def test_an_external_identity_is_found_with_its_prefix_or_by_its_type(
    client: Shop, playground: Playground, reader: Reader
) -> None:
    await playground.connection.execute(
        """
        insert into user_credential (credential, credential_type, unique_id, created_at)
        values ('AID:4711', 'D', $1, $2)
        """,
        reader.unique_id,
        playground.clock.now(),
    )
    expected = {"credential": "AID:4711", "credentialType": "D", "exists": True}
    for answer in (
        await check(client, "AID:4711"),
        await check(client, "4711", credentialType="D"),
        await check(client, "AID:4711", credentialType="D"),
    ):
        assert expected.items() <= answer.items()
    assert not (await check(client, "4711", credentialType="E"))["exists"]


async def test_a_user_without_a_password_is_told_apart(client: Shop, playground: Playground, reader: Reader) -> None:
    await playground.connection.execute("update user_account set password_hash = null")
    assert (await check(client, reader.credential))["isPasswordSet"] is False


async def test_a_closed_account_has_its_credentials_still(client: Shop, playground: Playground, reader: Reader) -> None:
    await playground.connection.execute("update user_account set disabled_at = $1", playground.clock.now())
    found = await check(client, reader.credential)
    assert (found["exists"], found["uniqueId"]) == (True, reader.unique_id.hex)


async def test_users_are_shared_by_partners_but_what_a_partner_knows_of_them_is_not(
    server: Server, client: Shop, reader: Reader
) -> None:
    assert await check(await other_shop(server), reader.credential) == await check(client, reader.credential)
    assert "1001" not in str(await check(client, reader.credential)).replace(reader.unique_id.hex, "")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"credential": "kari"}, "credential: expected an e-mail address or a phone number"),
        ({"credential": "12"}, "credential: expected an e-mail address or a phone number"),
        ({"credential": " "}, "credential: expected an e-mail address or a phone number"),
        (
            {"credential": "kari@example.no", "credentialType": "B"},
            "credentialType: expected A, which the credential is, or nothing",
        ),
        (
            {"credential": "AID:7", "credentialType": "E"},
            "credentialType: expected D, which the credential is, or nothing",
        ),
    ],
)
async def test_what_is_none_is_refused(client: Shop, body: dict[str, Any], message: str) -> None:
    assert await client.refused(PATH, body) == message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "credential"),
        ({"credential": ""}, "credential"),
        ({"credential": "x" * 61}, "credential"),
        ({"credential": 7}, "credential"),
        ({"credential": "kari@example.no", "credentialType": "email"}, "credentialType"),
        ({"credential": "kari@example.no", "credentialType": ""}, "credentialType"),
    ],
)
async def test_what_is_wrong_is_refused_by_its_field(client: Shop, body: dict[str, Any], field: str) -> None:
    assert field in await client.refused(PATH, body)


async def test_a_client_that_asks_too_often_is_told_to_wait(server: Server, playground: Playground) -> None:
    secret = "another-secret-that-is-long-enough"
    await playground.add_client("no.example.slow", 1, secret, [], calls_per_minute=5, calls_per_second=5)
    slow = Shop(server, {"Authorization": f"Bearer {await server.client_token('no.example.slow', secret)}"})
    for _ in range(5):
        await check(slow, "nobody@example.no")
    await slow.post(PATH, {"credential": "nobody@example.no"}, 429)
