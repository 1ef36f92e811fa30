"""RP-Initiated Logout; the tests that begin with oidcc are named after the modules of its profile."""

import re
from datetime import timedelta

import httpx
import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.openid.steps import AFTER_LOGOUT, LOGOUT, Person, register_logout
from tests.identity.openid.test_attacks import forged_hints
from tests.playground import OTHER, WEB, Playground


async def log_out(person: Person, **members: str) -> httpx.Response:
    return await person.http.get(LOGOUT, params=members, follow_redirects=False)


async def confirm(person: Person, page: httpx.Response, token: str | None = None) -> httpx.Response:
    """Press the button of the page that asks."""
    found = re.search(r'action="([^"]+)">\s*<input type="hidden" name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None, page.text
    url = found[1].replace("&amp;", "&")
    return await person.http.post(url, data={"form_token": token or found[2]}, follow_redirects=False)


async def assert_page_without_logout(person: Person, answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert "location" not in answer.headers
    assert await person.is_signed_in()


async def test_oidcc_rp_initiated_logout(person: Person, playground: Playground) -> None:
    hint = (await person.tokens())["id_token"]
    session = person.http.cookies["kolofon_session"]
    answer = await log_out(person, id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT, state="a b")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{AFTER_LOGOUT}&state=a+b"
    assert "kolofon_session" not in person.http.cookies
    assert await playground.connection.fetchval("select count(*) from user_session") == 0
    person.http.cookies.set("kolofon_session", session)
    assert not await person.is_signed_in()


async def test_oidcc_rp_initiated_logout_no_state(person: Person) -> None:
    hint = (await person.tokens())["id_token"]
    answer = await log_out(person, id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT, client_id=WEB)
    assert answer.headers["location"] == AFTER_LOGOUT


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(person: Person) -> None:
    hint = (await person.tokens())["id_token"]
    answer = await log_out(person, id_token_hint=hint)
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert "Du er logget ut" in answer.text
    assert not await person.is_signed_in()


@pytest.mark.parametrize(
    "uri",
    [
        AFTER_LOGOUT + "&more=1",
        AFTER_LOGOUT.split("?", maxsplit=1)[0],
        AFTER_LOGOUT.upper(),
        "https://web.example.no/callback",
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
    ],
)
async def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(person: Person, uri: str) -> None:
    hint = (await person.tokens())["id_token"]
    answer = await log_out(person, id_token_hint=hint, post_logout_redirect_uri=uri)
    await assert_page_without_logout(person, answer, 400)


async def test_oidcc_rp_initiated_logout_no_id_token_hint(person: Person) -> None:
    await person.tokens()
    page = await log_out(person, client_id=WEB, post_logout_redirect_uri=AFTER_LOGOUT, state="s")
    await assert_page_without_logout(person, page, 200)
    assert page.headers["content-security-policy"].endswith("form-action 'self' https://web.example.no")
    answer = await confirm(person, page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AFTER_LOGOUT}&state=s")
    assert not await person.is_signed_in()


async def test_oidcc_rp_initiated_logout_no_params(person: Person) -> None:
    await person.tokens()
    page = await log_out(person)
    await assert_page_without_logout(person, page, 200)
    answer = await confirm(person, page)
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert not await person.is_signed_in()


async def test_oidcc_rp_initiated_logout_only_state(person: Person) -> None:
    await person.tokens()
    page = await log_out(person, state="s")
    await assert_page_without_logout(person, page, 200)
    answer = await confirm(person, page)
    assert (answer.status_code, "location" in answer.headers) == (200, False)
    assert not await person.is_signed_in()


async def test_oidcc_rp_initiated_logout_modified_id_token_hint_and_other_forged_ones(person: Person) -> None:
    for hint in await forged_hints(person):
        await assert_page_without_logout(person, await log_out(person, id_token_hint=hint), 200)
        answer = await log_out(person, id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT)
        await assert_page_without_logout(person, answer, 400)


async def test_an_expired_hint_will_do(person: Person, clock: Clock) -> None:
    hint = (await person.tokens())["id_token"]
    clock.move(timedelta(hours=3))
    assert await person.is_signed_in()
    answer = await log_out(person, id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT)
    assert answer.headers["location"] == AFTER_LOGOUT
    assert not await person.is_signed_in()


async def test_somebody_elses_hint_asks_first(person: Person, playground: Playground) -> None:
    hint = (await person.tokens())["id_token"]
    other = await playground.add_reader("ola@example.no")
    await person.sign_in(await person.ask(prompt="login"), other)
    await assert_page_without_logout(person, await log_out(person, id_token_hint=hint), 200)


async def test_a_hint_goes_with_its_own_client_and_that_clients_urls(person: Person, playground: Playground) -> None:
    await register_logout(playground, "https://web.annan.se/bye", client_id=OTHER)
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")
    hint = (await person.tokens())["id_token"]
    answer = await log_out(person, id_token_hint=hint, client_id=OTHER)
    await assert_page_without_logout(person, answer, 400)
    answer = await log_out(person, id_token_hint=hint, post_logout_redirect_uri="https://web.annan.se/bye")
    await assert_page_without_logout(person, answer, 400)


@pytest.mark.parametrize("members", [{"post_logout_redirect_uri": AFTER_LOGOUT}, {"client_id": "no.such.client"}])
async def test_without_a_known_client_nothing_is_redirected(person: Person, members: dict[str, str]) -> None:
    await person.tokens()
    await assert_page_without_logout(person, await log_out(person, **members), 400)


async def test_another_site_cannot_press_the_button(person: Person, server: Server) -> None:
    await person.tokens()
    page = await log_out(person)
    await assert_page_without_logout(person, await confirm(person, page, token="0" * 64), 400)
    async with server.browser() as attacker:
        stranger = await attacker.get(LOGOUT)
        assert stranger.status_code == 200
    # A token of the attacker's own browser is not this browser's.
    other = Person(server, person.clock, person.reader, server.browser())
    await other.tokens()
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', (await log_out(other)).text)
    await other.http.aclose()
    assert token is not None
    await assert_page_without_logout(person, await confirm(person, page, token=token[1]), 400)


async def test_a_clients_form_is_led_to_where_the_cookies_come_along(person: Person, server: Server) -> None:
    hint = (await person.tokens())["id_token"]
    form = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}
    answer = await server.http.post(LOGOUT, data=form)
    assert answer.status_code == 303
    url = answer.headers["location"].replace(server.parts.settings.public_url, server.base_url)
    answer = await person.http.get(url, follow_redirects=False)
    assert answer.headers["location"] == AFTER_LOGOUT
    assert not await person.is_signed_in()


async def test_who_is_not_signed_in_is_sent_on_without_a_question(person: Person) -> None:
    answer = await log_out(person, client_id=WEB, post_logout_redirect_uri=AFTER_LOGOUT)
    assert answer.headers["location"] == AFTER_LOGOUT


@pytest.mark.parametrize(
    ("language", "heading"),
    [("nb", "Vil du logge ut?"), ("sv", "Vill du logga ut?"), ("en", "Do you want to sign out?")],
)
async def test_the_question_is_asked_in_the_readers_language(person: Person, language: str, heading: str) -> None:
    await person.tokens()
    page = await person.http.get(LOGOUT, params={"client_id": WEB}, headers={"Accept-Language": language})
    assert f"<h1>{heading}</h1>" in page.text
    assert page.headers["content-language"] == language
    assert page.headers["x-frame-options"] == "DENY"
