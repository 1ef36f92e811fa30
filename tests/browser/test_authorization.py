"""The pages that an authorization request and a logout request lead through, in a real browser."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kolofon.platform.clock import Clock
from tests.browser.surfing import NARROW, PLAIN, PLAIN_NARROW, Looks, Window, seen_in
from tests.identity.second_factors.steps import App, add_app
from tests.playground import PASSWORD, WEB, WEB_SECRET, Playground, Reader

GUEST = "no.kryssord.web"
TWO = "urn:kolofon:acr:2"


@pytest.fixture
async def playground(playground: Playground, site: str) -> Playground:
    await playground.add_client(
        GUEST, 1, WEB_SECRET, [f"{site}/callback"], name="Kryssordbladet for hele familien", third_party=True
    )
    return playground


async def authorize(window: Window, client_id: str = WEB, **members: str) -> None:
    """Open the authorization endpoint as the client's site does."""
    callback = window.back.partition("/welcome")[0] + "/callback"
    query = {"response_type": "code", "client_id": client_id, "redirect_uri": callback, "state": "s-1"}
    await window.open("/user/oauth/authorize", **query | {"scope": "openid"} | members)


def answer(window: Window) -> dict[str, str]:
    """What the client was told."""
    url = urlsplit(window.page.url)
    assert url.path == "/callback", window.page.url
    return {name: values[0] for name, values in parse_qs(url.query).items()}


@seen_in(NARROW, PLAIN)
async def test_a_client_gets_a_code_after_the_sign_in_page(window: Window, reader: Reader) -> None:
    await authorize(window)
    assert "/user/oauthLogin?" in window.page.url
    await window.look("oauth-sign-in")
    await window.sign_in(reader, "not the password")
    await window.look("oauth-sign-in-wrong")
    await window.sign_in(reader, PASSWORD)
    assert answer(window)["state"] == "s-1"
    # Nothing is asked of who is signed in.
    await authorize(window, state="s-2")
    assert "code" in answer(window)
    assert answer(window)["state"] == "s-2"


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_who_is_new_registers_within_the_request(window: Window) -> None:
    await authorize(window)
    await window.press("Register")
    await window.look("oauth-register")
    await window.field("E-mail or mobile number").fill("ny@example.no")
    await window.press("Send me a code")
    await window.field("Code").fill(await window.newest_code("ny@example.no"))
    await window.press("Continue")
    await window.fill(first_name="Åse", last_name="Ørn", new_password="seks blå hester i regn")
    await window.press("Register")
    assert "code" in answer(window)


@seen_in(NARROW, PLAIN)
async def test_who_is_signed_in_already_chooses_an_account(
    window: Window, reader: Reader, playground: Playground
) -> None:
    other = await playground.add_reader("ola.nordmann.med.et.langt.navn@underavdeling.avisene.example.no")
    await authorize(window)
    await window.sign_in(other)
    await authorize(window, prompt="select_account")
    await window.look("signed-in")
    await window.press("Continue")
    assert "code" in answer(window)
    await authorize(window, prompt="select_account")
    await window.press("Use another account")
    await window.sign_in(reader)
    assert "code" in answer(window)
    await window.open("/user/loginCheck", credential=reader.credential, **window.site)
    assert window.page.url == window.back


@seen_in(NARROW, PLAIN)
async def test_consent_is_given_once(window: Window, reader: Reader) -> None:
    scope = "openid profile email phone read"
    await authorize(window, GUEST, scope=scope)
    await window.sign_in(reader)
    await window.look("consent")
    await window.press("Allow")
    assert "code" in answer(window)
    await authorize(window, GUEST, scope=scope, state="s-2")
    assert answer(window)["state"] == "s-2"


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_consent_is_refused(window: Window, reader: Reader) -> None:
    await authorize(window, GUEST, scope="openid email")
    await window.sign_in(reader)
    await window.press("Do not allow")
    assert answer(window)["error"] == "access_denied"


@seen_in(NARROW, PLAIN)
async def test_a_second_factor_is_asked_for_when_the_client_wants_it(
    window: Window, reader: Reader, clock: Clock
) -> None:
    await authorize(window)
    await window.sign_in(reader)
    app = await add_app(window.server, clock, reader)
    await authorize(window, claims=essential())
    await window.look("step-up")
    await window.field("Code from the app").fill("000000")
    await window.press("Continue")
    await window.look("step-up-wrong")
    await window.field("Code from the app").fill(app.code)
    await window.press("Continue")
    assert "code" in answer(window)


@seen_in(NARROW, PLAIN)
async def test_who_has_none_sets_one_up_or_goes_on_without(window: Window, reader: Reader, clock: Clock) -> None:
    await authorize(window)
    await window.sign_in(reader)
    await authorize(window, acr_values=TWO)
    await window.look("set-up-wished")
    await window.press("Go on without")
    assert "code" in answer(window)
    await authorize(window, claims=essential())
    await window.press("Cancel and go back to %(name)s", name="Fjordposten")
    assert answer(window)["error"]
    await authorize(window, claims=essential())
    app = App((await window.page.locator(".key").inner_text()).replace(" ", ""), clock)
    await window.field("Code from the app").fill(app.code)
    await window.press("Continue")
    await window.look("set-up-done")
    await window.press("I have kept them. Continue")
    assert "code" in answer(window)


@seen_in(NARROW, PLAIN)
async def test_signing_out_at_the_wish_of_a_client_is_asked_about(window: Window, reader: Reader) -> None:
    await authorize(window)
    await window.sign_in(reader)
    goodbye = window.back.partition("/welcome")[0] + "/goodbye"
    await window.open("/user/oauth/logout", client_id=WEB, post_logout_redirect_uri=goodbye, state="s-3")
    await window.look("sign-out")
    await window.press("Sign out")
    assert window.page.url == f"{goodbye}?state=s-3"
    await window.open("/user/oauth/logout")
    await window.look("signed-out")
    assert await window.heading() == window.text("You are signed out")


def essential() -> str:
    """The claims parameter of a client that does not do without two factors."""
    wanted: dict[str, Any] = {"id_token": {"acr": {"essential": True, "values": [TWO]}}}
    return json.dumps(wanted)
