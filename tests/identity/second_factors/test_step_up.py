"""Clients that want two factors: what is asked, of whom, and what the client is told (OpenID Connect Core, 5.5.1.1)."""

import html
import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from kolofon.identity.second_factors import queries
from kolofon.identity.second_factors.queries import Passkey
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid
from tests.browser_session import Server
from tests.identity.openid.steps import is_sign_in, push, sign_in_query, trade, verified
from tests.identity.pages.reading import Form
from tests.identity.second_factors.steps import (
    App,
    Stepping,
    add_app,
    asks_for_code,
    codes_of,
    secret_of,
    sets_up,
    stepping,
)
from tests.identity.steps import AUTHORIZE, redirect_query
from tests.playground import WEB, Reader

ONE, TWO = "urn:kolofon:acr:1", "urn:kolofon:acr:2"
ESSENTIAL = json.dumps({"id_token": {"acr": {"essential": True, "values": [TWO]}}})


async def claims_of(person: Stepping, answer: httpx.Response) -> dict[str, object]:
    tokens = (await trade(person.server, redirect_query(answer)["code"])).json()
    return await verified(person.server, tokens["id_token"])


async def signed_in_before_the_app(person: Stepping) -> App:
    """A session of one factor, of a reader who has added an app since."""
    assert "code" in redirect_query(await person.authorize())
    return await add_app(person.server, person.clock, person.reader)


@pytest.mark.parametrize("wish", [{"acr_values": TWO}, {"claims": ESSENTIAL}], ids=["voluntary", "essential"])
async def test_only_the_second_factor_is_asked_for_of_who_is_signed_in(
    server: Server, reader: Reader, clock: Clock, connection: Connection, wish: dict[str, str]
) -> None:
    async with stepping(server, clock, reader) as person:
        app = await signed_in_before_the_app(person)
        before = dict(person.http.cookies)["kolofon_session"]
        began = await connection.fetchval("select authenticated_at from user_session")
        page = await person.page(await person.ask(**wish))
        assert asks_for_code(page)
        answer = await person.follow(await person.press(page, "second_factor", code=app.code))
        claims = await claims_of(person, answer)
        assert (claims["acr"], claims["amr"]) == (TWO, ["pwd", "otp", "mfa"])
        # The password was not typed anew, so a client that wants that still gets it by max_age.
        assert claims["auth_time"] == int(began.timestamp())
        # The session has another secret, and the old one opens nothing.
        assert dict(person.http.cookies)["kolofon_session"] != before
        assert await connection.fetchval("select count(*) from user_session") == 1
        assert "code" in redirect_query(await person.ask(prompt="none", claims=ESSENTIAL))
        assert is_sign_in(await person.ask(max_age="1"))


async def test_who_is_not_signed_in_shows_both(server: Server, reader: Reader, clock: Clock) -> None:
    app = await add_app(server, clock, reader)
    async with stepping(server, clock, reader) as person:
        page = await person.page(await person.ask(claims=ESSENTIAL))
        page = await person.password(page)
        assert asks_for_code(page)
        answer = await person.follow(await person.press(page, "second_factor", code=app.code))
        assert (await claims_of(person, answer))["acr"] == TWO


async def test_a_new_sign_in_with_two_factors_is_answered_by_one(server: Server, reader: Reader, clock: Clock) -> None:
    app = await add_app(server, clock, reader)
    async with stepping(server, clock, reader) as person:
        page = await person.password(await person.page(await person.ask()))
        await person.follow(await person.press(page, "second_factor", code=app.code))
        page = await person.page(await person.ask(prompt="login", claims=ESSENTIAL))
        page = await person.password(page)
        clock.move(timedelta(seconds=30))
        answer = await person.follow(await person.press(page, "second_factor", code=app.code))
        assert (await claims_of(person, answer))["acr"] == TWO


async def test_who_has_no_second_factor_may_set_one_up_or_go_on_without(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with stepping(server, clock, reader) as person:
        page = await person.page(await person.authorize(acr_values=TWO))
        assert sets_up(page)
        answer = await person.follow(await person.press(page, "decline"))
        assert (await claims_of(person, answer))["acr"] == ONE
        page = await person.page(await person.ask(acr_values=TWO))
        wrong = await person.press(page, "set_up", code="123")
        assert sets_up(wrong)
        app = App(secret_of(wrong), clock)
        done = await person.press(wrong, "set_up", code=app.code)
        assert len(codes_of(done)) == 10
        answer = await person.http.get(_link(done), follow_redirects=False)
        assert (await claims_of(person, answer))["acr"] == TWO
    assert await connection.fetchval("select count(*) from totp_secret") == 1
    assert await connection.fetchval("select count(*) from user_session") == 1


async def test_essential_means_that_without_it_the_client_gets_an_error(
    server: Server, reader: Reader, clock: Clock
) -> None:
    async with stepping(server, clock, reader) as person:
        page = await person.page(await person.authorize(claims=ESSENTIAL))
        assert sets_up(page)
        query = redirect_query(await person.follow(await person.press(page, "decline")))
        assert (query["error"], query["state"]) == ("unmet_authentication_requirements", "s-1")
        page = await person.page(await person.ask(claims=ESSENTIAL))
        app = App(secret_of(page), clock)
        done = await person.press(page, "set_up", code=app.code)
        answer = await person.http.get(_link(done), follow_redirects=False)
        assert (await claims_of(person, answer))["acr"] == TWO


async def test_quiet_requests_are_answered_as_they_are_or_with_an_error(
    server: Server, reader: Reader, clock: Clock
) -> None:
    async with stepping(server, clock, reader) as person:
        await signed_in_before_the_app(person)
        assert (await claims_of(person, await person.ask(prompt="none", acr_values=TWO)))["acr"] == ONE
        quiet = redirect_query(await person.ask(prompt="none", claims=ESSENTIAL))
        assert quiet["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize(
    "wish",
    [
        {"acr_values": f"{TWO} {ONE}"},
        {"acr_values": ONE},
        {"acr_values": "urn:mace:silver"},
        {"acr_values": TWO, "scope": "read"},
        {"claims": json.dumps({"id_token": {"acr": {"values": [ONE]}}})},
    ],
    ids=["either", "one", "unknown", "not openid", "claims"],
)
async def test_a_wish_that_is_met_or_unknown_asks_for_nothing(
    server: Server, reader: Reader, clock: Clock, wish: dict[str, str]
) -> None:
    async with stepping(server, clock, reader) as person:
        await signed_in_before_the_app(person)
        assert "code" in redirect_query(await person.ask(**wish))


async def test_a_wish_among_the_claims_is_one_too(server: Server, reader: Reader, clock: Clock) -> None:
    async with stepping(server, clock, reader) as person:
        await signed_in_before_the_app(person)
        wish = json.dumps({"id_token": {"acr": {"value": TWO}}})
        assert sign_in_query(await person.ask(claims=wish))["second_factor"] == "wished"


@pytest.mark.parametrize("signed_in", [False, True])
async def test_a_pushed_request_is_asked_for_as_well_and_keeps_its_secrets(
    server: Server, reader: Reader, clock: Clock, signed_in: bool
) -> None:
    async with stepping(server, clock, reader) as person:
        app = await add_app(server, clock, reader)
        if signed_in:
            page = await person.password(await person.page(await person.ask()))
            await person.follow(await person.press(page, "second_factor", code=app.code))
            clock.move(timedelta(seconds=60))
            async with server.parts.pool().acquire() as connection:
                await connection.execute("update user_session set authentication_methods = '{pwd}'")
        request_uri = (await push(server, acr_values=TWO, claims=ESSENTIAL)).json()["request_uri"]
        query = {"client_id": WEB, "request_uri": request_uri}
        answer = await person.http.get(AUTHORIZE, params=query, follow_redirects=False)
        shown = sign_in_query(answer)
        assert not {"acr_values", "claims", "nonce", "state"} & shown.keys()
        page = await person.page(answer)
        if not signed_in:
            page = await person.password(page)
        assert asks_for_code(page)
        answer = await person.follow(await person.press(page, "second_factor", code=app.code))
        assert (await claims_of(person, answer))["acr"] == TWO


async def test_the_wish_cannot_be_taken_out_of_a_marked_request(server: Server, reader: Reader, clock: Clock) -> None:
    async with stepping(server, clock, reader) as person:
        await person.authorize()
        asked = sign_in_query(await person.ask(prompt="login", acr_values=TWO))
        page = await person.http.get("/user/oauthLogin", params=asked)
        back = urlsplit((await person.password(page)).headers["location"])
        query = {name: values[0] for name, values in parse_qs(back.query).items()}
        changed = {name: value for name, value in query.items() if name != "acr_values"} | {"prompt": "login"}
        # The mark is another request's, so the reader is asked again.
        assert is_sign_in(await person.http.get(AUTHORIZE, params=changed, follow_redirects=False))


async def test_a_session_that_has_ended_cannot_be_stepped_up(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with stepping(server, clock, reader) as person:
        app = await signed_in_before_the_app(person)
        page = await person.page(await person.ask(claims=ESSENTIAL))
        await connection.execute("delete from user_session")
        answer = await person.press(page, "second_factor", code=app.code)
        assert answer.status_code == 400
        assert "password" in Form(answer.text).buttons
        assert await connection.fetchval("select count(*) from user_session") == 0


@pytest.mark.parametrize("meanwhile", ["app", "passkey"])
async def test_a_factor_that_was_set_up_meanwhile_has_to_be_shown(
    server: Server, reader: Reader, clock: Clock, connection: Connection, meanwhile: str
) -> None:
    async with stepping(server, clock, reader) as person:
        page = await person.page(await person.authorize(claims=ESSENTIAL))
        mine = App(secret_of(page), clock)
        if meanwhile == "app":
            await add_app(server, clock, reader)
        else:
            phone = Passkey(bytes(32), new_uuid(), reader.unique_id, b"key", 0, "Phone", clock.now(), None)
            assert await queries.add_passkey(connection, phone)
        assert (await person.press(page, "set_up", code=mine.code)).status_code == 400
    assert await connection.fetchval("select count(*) from totp_secret") == (1 if meanwhile == "app" else 0)
    assert await connection.fetchval("select authentication_methods from user_session") == ["pwd"]


def _link(page: httpx.Response) -> str:
    """Where the page with the recovery codes leads on to."""
    found = re.search(r'id="continueLink" href="([^"]+)"', page.text)
    assert found is not None, page.text
    return html.unescape(found.group(1)).replace("http://127.0.0.1:8000", "")
