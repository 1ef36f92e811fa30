"""What somebody could try who is not the reader. Each of these fails when its guard is taken out."""

import asyncio
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.external_sign_in.provider import Provider
from tests.identity.external_sign_in.test_signing_in import VOUCHED
from tests.identity.external_sign_in.travelling import Travelling, credentials_of, links, query_of, travelling
from tests.identity.pages.reading import BACK, Form, is_back
from tests.identity.steps import refresh
from tests.playground import Playground, Reader


@pytest.fixture(autouse=True)
def someone(provider: Provider) -> None:
    provider.claims = dict(VOUCHED)


async def test_a_state_is_good_once(reader_there: Travelling, provider: Provider) -> None:
    url = await reader_there.at_provider()
    assert is_back(await reader_there.come_back(url))
    assert (await reader_there.come_back(url)).status_code == 400
    assert len(provider.seen["/token"]) == 1


async def test_of_two_with_one_state_at_once_one_comes_through(reader_there: Travelling, provider: Provider) -> None:
    url = await reader_there.at_provider()
    answers = await asyncio.gather(*(reader_there.come_back(url) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400]
    assert len(provider.seen["/token"]) == 1


async def test_another_browsers_state_is_refused(
    server: Server, connection: Connection, reader_there: Travelling, provider: Provider
) -> None:
    """And it stays good in the browser that left."""
    url = await reader_there.at_provider()
    async with travelling(server, connection) as another:
        await another.open("login")
        answer = await another.come_back(url)
        assert answer.status_code == 400
        assert not await another.is_signed_in()
    assert "/token" not in provider.seen
    assert is_back(await reader_there.come_back(url))


async def test_a_state_is_good_for_ten_minutes(reader_there: Travelling, clock: Clock) -> None:
    url = await reader_there.at_provider()
    clock.move(timedelta(minutes=10))
    assert (await reader_there.come_back(url)).status_code == 400
    url = await reader_there.at_provider()
    clock.move(timedelta(minutes=10) - timedelta(seconds=1))
    assert is_back(await reader_there.come_back(url))


@pytest.mark.parametrize("state", ["", "x", "\u00e6"])
async def test_nobody_can_make_a_state(reader_there: Travelling, state: str) -> None:
    await reader_there.open("login")
    answer = await reader_there.http.get(
        "/user/external/vipps/callback", params={"code": "c", "state": state}, follow_redirects=False
    )
    assert answer.status_code == 400


async def test_a_mix_up_of_two_providers_is_refused(
    reader_there: Travelling, provider: Provider, other: Provider
) -> None:
    """Mix-up (RFC 9700, section 4.4): the code would go to the wrong token endpoint."""
    url = await reader_there.at_provider("vipps")
    mixed_up = url.replace("/external/vipps/", "/external/other/")
    assert (await reader_there.come_back(mixed_up)).status_code == 400
    assert "/token" not in other.seen
    assert is_back(await reader_there.come_back(url))


@pytest.mark.parametrize("iss", ["https://evil.example", "http://127.0.0.1/op", "x"])
async def test_an_answer_of_another_issuer_is_not_taken(reader_there: Travelling, provider: Provider, iss: str) -> None:
    """RFC 9207: even from a provider that does not announce it."""
    provider.answer = {"iss": iss}
    assert (await reader_there.travel()).status_code == 400
    assert "/token" not in provider.seen


async def test_where_the_issuer_is_announced_it_has_to_be_there(reader_there: Travelling, provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    assert (await reader_there.travel()).status_code == 400
    assert "/token" not in provider.seen
    provider.answer = {"iss": provider.issuer}
    assert is_back(await reader_there.travel())


@pytest.mark.parametrize("ignores_pkce", [False, True])
async def test_a_code_of_another_sign_in_does_not_fit(
    server: Server, connection: Connection, reader_there: Travelling, provider: Provider, ignores_pkce: bool
) -> None:
    """Injection: a stolen code in the thief's own browser. At a provider that ignores PKCE the nonce tells."""
    provider.ignores_pkce = ignores_pkce
    stolen = query_of(await reader_there.at_provider())["code"]
    async with travelling(server, connection) as thief:
        own = await thief.at_provider()
        assert query_of(own)["code"] != stolen
        answer = await thief.come_back(own.replace(query_of(own)["code"], stolen))
        assert answer.status_code == 400
        assert not await thief.is_signed_in()
    assert len(provider.seen["/token"]) == 1


async def test_every_sign_in_has_its_own_state_nonce_and_verifier(
    reader_there: Travelling, connection: Connection
) -> None:
    sent = [query_of((await reader_there.leave()).headers["location"]) for _ in range(3)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({each[name] for each in sent}) == 3
    # None of them stands in the database.
    rows = str([tuple(row) for row in await connection.fetch("select * from external_sign_in_request")])
    assert not any(value in rows for each in sent for value in (each["state"], each["nonce"], each["code_challenge"]))


async def test_the_session_is_a_new_one(reader_there: Travelling, reader: Reader) -> None:
    await reader_there.sign_in(reader.credential)
    before = reader_there.http.cookies["kolofon_session"]
    assert is_back(await reader_there.travel())
    assert reader_there.http.cookies["kolofon_session"] != before
    assert await reader_there.is_signed_in("ola@example.no")
    assert not await reader_there.is_signed_in(reader.credential)


async def test_a_browser_goes_back_to_where_the_client_may_send_it_only(reader_there: Travelling) -> None:
    answer = await reader_there.leave(returnUrl="https://evil.example/")
    assert answer.status_code == 400
    assert "location" not in answer.headers
    answer = await reader_there.leave(clientId="no.example.nobody")
    assert answer.status_code == 400


async def test_an_address_that_another_put_on_an_account_is_proved_first_and_ends_what_was_held(
    server: Server, playground: Playground, connection: Connection, reader_there: Travelling, provider: Provider
) -> None:
    """Pre-hijacking: the account was made with the victim's address, and waits for the victim."""
    squatted = await playground.add_reader("ola@example.no", level="notVerified")
    async with travelling(server, connection) as squatter:
        assert is_back(await squatter.sign_in("ola@example.no"))
        tokens = await server.user_tokens("ola@example.no")
        await connection.execute(
            "insert into external_sign_in_link values ('other', 'i', 's', $1, $2, $2)",
            squatted.unique_id,
            provider.clock.now(),
        )
        page = await reader_there.travel()
        assert page.status_code == 200
        assert "ola@example.no" in page.text
        assert [code for code, _, _ in await links(connection)] == ["other"]
        assert await squatter.is_signed_in("ola@example.no")

        assert is_back(await reader_there.prove(page, "ola@example.no"))
        assert await links(connection) == [("vipps", "v-1", squatted.unique_id)]
        assert (await credentials_of(connection))["ola@example.no"] == (squatted.unique_id, "verificationCode")
        assert not await squatter.is_signed_in()
        assert (await squatter.sign_in("ola@example.no")).status_code == 400
        assert (await refresh(server, tokens["refresh_token"])).status_code == 400
        answer = await server.http.get(
            "/capi/v1/user/profile", headers={"Authorization": f"Bearer {tokens['access_token']}"}
        )
        assert answer.status_code == 401
        assert await reader_there.is_signed_in("ola@example.no")


async def test_a_verified_account_keeps_its_password_when_the_reader_proves_the_address(
    playground: Playground, connection: Connection, reader_there: Travelling, provider: Provider, reader: Reader
) -> None:
    provider.claims = {"sub": "v-1"}
    page = await reader_there.travel()
    assert is_back(await reader_there.prove(page, reader.credential, j_username=reader.credential))
    assert await connection.fetchval("select password_hash is not null from user_account")


async def test_the_address_that_has_to_be_proved_cannot_be_exchanged(
    playground: Playground, connection: Connection, reader_there: Travelling
) -> None:
    await playground.add_reader("ola@example.no", level="notVerified")
    page = await reader_there.travel()
    asked = await reader_there.press(page, "code", j_username="mine@evil.example")
    assert "ola@example.no" in asked.text
    assert "mine@evil.example" not in asked.text


async def test_the_proof_is_one_browsers_and_ends(
    server: Server, connection: Connection, reader_there: Travelling, provider: Provider, clock: Clock
) -> None:
    provider.claims = {"sub": "v-1"}
    page = await reader_there.travel()
    asked = await reader_there.press(page, "code", j_username="ola@example.no")
    code = await reader_there.newest_code("ola@example.no")
    form = Form(asked.text)
    async with travelling(server, connection) as another:
        own = Form((await another.open("login")).text).fields["form_token"]
        data = form.fields | {"form_token": own, "action": "enter_code", "code": code}
        assert (await another.http.post(form.action, data=data, follow_redirects=False)).status_code == 400
        assert not await another.is_signed_in()
        # Nor can another browser have a code sent with it.
        first = Form(page.text)
        data = first.fields | {"form_token": own, "action": "code", "j_username": "evil@example.no"}
        assert (await another.http.post(first.action, data=data, follow_redirects=False)).status_code == 400
    clock.move(timedelta(minutes=10))
    assert (await reader_there.press(asked, "enter_code", code=code)).status_code == 400
    assert (await reader_there.press(page, "code", j_username="ola@example.no")).status_code == 400
    assert await links(connection) == []


async def test_a_form_of_another_site_proves_nothing(
    connection: Connection, reader_there: Travelling, provider: Provider
) -> None:
    provider.claims = {"sub": "v-1"}
    asked = await reader_there.press(await reader_there.travel(), "code", j_username="ola@example.no")
    code = await reader_there.newest_code("ola@example.no")
    answer = await reader_there.press(asked, "enter_code", code=code, form_token="0" * 64)
    assert answer.status_code == 400
    assert await links(connection) == []


async def test_a_proof_that_is_sent_again_from_the_history_signs_nobody_in(
    server: Server, connection: Connection, reader_there: Travelling, provider: Provider
) -> None:
    provider.claims = {"sub": "v-1"}
    asked = await reader_there.press(await reader_there.travel(), "code", j_username="ola@example.no")
    code = await reader_there.newest_code("ola@example.no")
    assert is_back(await reader_there.press(asked, "enter_code", code=code))
    await reader_there.open("logout")
    assert (await reader_there.press(asked, "enter_code", code=code)).status_code == 400
    assert not await reader_there.is_signed_in()


async def test_what_a_provider_told_is_no_flow_of_the_other_pages(
    reader_there: Travelling, provider: Provider, connection: Connection
) -> None:
    provider.claims = {"sub": "v-1"}
    page = await reader_there.travel()
    asked = await reader_there.press(page, "code", j_username="ola@example.no")
    code = await reader_there.newest_code("ola@example.no")
    form = Form(asked.text)
    data = form.fields | {"action": "enter_code", "code": code}
    path = form.action.replace("externalConfirm", "login")
    assert (await reader_there.http.post(path, data=data, follow_redirects=False)).status_code == 400
    own = Form((await reader_there.ask_for_code("kari@example.no", page="createUser")).text)
    data = own.fields | {"action": "enter_code", "code": "000000"}
    path = own.action.replace("createUser", "externalConfirm")
    assert (await reader_there.http.post(path, data=data, follow_redirects=False)).status_code == 400


async def test_two_first_sign_ins_at_once_make_one_account(
    server: Server, connection: Connection, provider: Provider
) -> None:
    async with travelling(server, connection) as one, travelling(server, connection) as two:
        urls = [await one.at_provider(), await two.at_provider()]
        answers = await asyncio.gather(one.come_back(urls[0]), two.come_back(urls[1]))
    assert all(is_back(answer) for answer in answers)
    assert await connection.fetchval("select count(*) from user_account") == 1
    assert len(await links(connection)) == 1


async def test_two_users_of_the_provider_with_one_address_at_once_share_its_account(
    server: Server, connection: Connection, provider: Provider
) -> None:
    subjects = iter(range(100))
    sign = provider.sign
    provider.sign = lambda header, claims: sign(header, claims | {"sub": f"v-{next(subjects)}"})
    async with travelling(server, connection) as one, travelling(server, connection) as two:
        urls = [await one.at_provider(), await two.at_provider()]
        answers = await asyncio.gather(one.come_back(urls[0]), two.come_back(urls[1]))
    assert all(is_back(answer) for answer in answers)
    assert await connection.fetchval("select count(*) from user_account") == 1
    assert len(await links(connection)) == 2


async def test_two_proofs_at_once_for_one_user_of_the_provider_make_one_account(
    server: Server, connection: Connection, provider: Provider
) -> None:
    provider.claims = {"sub": "v-1"}
    async with travelling(server, connection) as one, travelling(server, connection) as two:
        forms = []
        for browser, address in ((one, "one@example.no"), (two, "two@example.no")):
            asked = await browser.press(await browser.travel(), "code", j_username=address)
            forms.append((browser, asked, await browser.newest_code(address)))
        answers = await asyncio.gather(*(each.press(page, "enter_code", code=code) for each, page, code in forms))
    assert all(is_back(answer) for answer in answers)
    assert await connection.fetchval("select count(*) from user_account") == 1
    assert len(await links(connection)) == 1


async def test_leaving_is_bounded_for_each_address(reader_there: Travelling, connection: Connection) -> None:
    statuses = {(await reader_there.leave()).status_code for _ in range(61)}
    assert statuses == {302, 429}
    assert await connection.fetchval("select count(*) from external_sign_in_request") <= 60


async def test_requests_nobody_came_back_with_are_swept(
    reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    from kolofon.identity.external_sign_in.queries import sweep_requests

    await reader_there.leave()
    assert await sweep_requests(connection, clock.now()) == 0
    clock.move(timedelta(minutes=11))
    assert await sweep_requests(connection, clock.now()) == 1


async def test_a_long_query_waits_here_and_not_at_the_provider(reader_there: Travelling) -> None:
    back = f"{BACK}&{urlencode({'x': 'y' * 3000})}"
    left = await reader_there.leave(returnUrl=back)
    assert len(left.headers["location"]) < 800
    answer = await reader_there.travel(returnUrl=back)
    assert answer.headers["location"] == back


async def test_a_query_that_is_too_long_is_not_kept(reader_there: Travelling, connection: Connection) -> None:
    """Anybody can leave, and each one's query is kept for ten minutes."""
    assert (await reader_there.leave(x="y" * 9000)).status_code == 400
    assert await connection.fetchval("select count(*) from external_sign_in_request") == 0
