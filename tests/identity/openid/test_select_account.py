"""prompt=select_account: who is signed in says whether it shall be this account, and nobody says it for them."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server, submit_sign_in
from tests.identity.openid.steps import Person, is_sign_in, push, sign_in_query, trade, verified
from tests.identity.pages.reading import Form
from tests.identity.steps import AUTHORIZE, redirect_query
from tests.playground import PASSWORD, WEB, Playground


async def chooser(person: Person, asked: httpx.Response) -> httpx.Response:
    """The page that asks whose session it shall be."""
    assert is_sign_in(asked), asked.headers
    page = await person.http.get(asked.headers["location"])
    assert Form(page.text).buttons == ["go_on", "by_password"], page.text
    return page


async def press(person: Person, page: httpx.Response, button: str) -> httpx.Response:
    form = Form(page.text)
    data = form.fields | {"action": button}
    return await person.http.post(form.action, data=data, follow_redirects=False)


async def go_on(person: Person, page: httpx.Response) -> httpx.Response:
    """What the authorization endpoint says after the reader went on."""
    sent = await press(person, page, "go_on")
    assert sent.status_code == 303, sent.text
    return await person.http.get(sent.headers["location"], follow_redirects=False)


async def test_who_is_signed_in_may_go_on_and_the_sign_in_stays_as_it_was(person: Person, clock: Clock) -> None:
    first = await person.id_token()
    clock.move(timedelta(seconds=100))
    page = await chooser(person, await person.ask(prompt="select_account"))
    assert "kari@example.no" in page.text
    answer = await trade(person.server, redirect_query(await go_on(person, page))["code"])
    second = await verified(person.server, answer.json()["id_token"])
    assert [second[name] for name in ("sub", "auth_time", "sid")] == [first[n] for n in ("sub", "auth_time", "sid")]


async def test_another_account_may_be_used(person: Person, playground: Playground, clock: Clock) -> None:
    await person.tokens()
    other = await playground.add_reader("ola@example.no")
    page = await chooser(person, await person.ask(prompt="select_account"))
    form = await press(person, page, "by_password")
    clock.move(timedelta(seconds=1))
    sent = await submit_sign_in(person.http, str(form.url), form.text, other.credential, PASSWORD)
    back = await person.http.get(sent.headers["location"], follow_redirects=False)
    answer = await trade(person.server, redirect_query(back)["code"])
    assert (await verified(person.server, answer.json()["id_token"]))["sub"] == other.unique_id.hex


async def test_without_a_session_signing_in_is_the_choice(person: Person) -> None:
    assert "code" in redirect_query(await person.sign_in(await person.ask(prompt="select_account")))


async def test_a_link_cannot_say_it_for_the_reader(person: Person) -> None:
    await person.tokens()
    query = sign_in_query(await person.ask(prompt="select_account"))
    marked = {name: value for name, value in query.items() if name != "prompt"}
    forged = [
        query,
        marked,
        query | {"prompt": "none"},
        marked | {"chosen": "1"},
        marked | {"chosen": "0" * 64},
        marked | {"chosen": "æ"},
        marked | {"chosen": query["asked"]},
    ]
    for one in forged:
        answer = await person.http.get(AUTHORIZE, params=one, follow_redirects=False)
        assert is_sign_in(answer) or redirect_query(answer)["error"] == "login_required"


async def test_a_choice_is_good_for_its_own_session_and_request_only(
    server: Server, person: Person, playground: Playground, clock: Clock
) -> None:
    await person.tokens()
    other = await playground.add_reader("ola@example.no")
    sent = await press(person, await chooser(person, await person.ask(prompt="select_account")), "go_on")
    chosen = dict(parse_qsl(urlsplit(sent.headers["location"]).query))
    assert {"asked", "chosen"} <= chosen.keys()
    other_request = sign_in_query(await person.ask(prompt="select_account", state="s-2"))
    mixed = other_request | {"chosen": chosen["chosen"]}
    mixed.pop("prompt")
    assert is_sign_in(await person.http.get(AUTHORIZE, params=mixed, follow_redirects=False))
    async with server.browser() as http:
        victim = Person(server, clock, other, http)
        await victim.tokens()
        # Their session is older than the mark, so that it does not answer it by itself.
        clock.move(timedelta(seconds=1))
        fresh = await press(person, await chooser(person, await person.ask(prompt="select_account")), "go_on")
        answer = await http.get(fresh.headers["location"], follow_redirects=False)
        assert is_sign_in(answer)
    first = await person.http.get(AUTHORIZE, params=chosen, follow_redirects=False)
    assert "code" in redirect_query(first)
    assert is_sign_in(await person.http.get(AUTHORIZE, params=chosen, follow_redirects=False))


async def test_another_site_cannot_press_the_button(person: Person) -> None:
    await person.tokens()
    page = await chooser(person, await person.ask(prompt="select_account"))
    form = Form(page.text)
    data = form.fields | {"action": "go_on", "form_token": "0" * 64}
    answer = await person.http.post(form.action, data=data, follow_redirects=False)
    assert answer.status_code == 400


async def test_a_pushed_request_is_chosen_for_like_any_other(person: Person) -> None:
    await person.tokens()
    request_uri = (await push(person.server, prompt="select_account")).json()["request_uri"]
    query = {"client_id": WEB, "request_uri": request_uri}
    page = await chooser(person, await person.http.get(AUTHORIZE, params=query, follow_redirects=False))
    assert "code" in redirect_query(await go_on(person, page))


async def test_login_beside_it_wants_a_new_sign_in(person: Person) -> None:
    await person.tokens()
    asked = await person.ask(prompt="login select_account")
    page = await person.http.get(asked.headers["location"])
    assert "go_on" not in Form(page.text).buttons
    assert "code" in redirect_query(await person.sign_in(asked))


@pytest.mark.parametrize("more", [{"max_age": "1"}, {"claims": '{"id_token": {"sub": {"value": "%s"}}}' % ("0" * 32)}])
async def test_a_session_that_will_not_do_is_not_offered(person: Person, clock: Clock, more: dict[str, str]) -> None:
    await person.tokens()
    clock.move(timedelta(seconds=10))
    page = await person.http.get((await person.ask(prompt="select_account", **more)).headers["location"])
    assert "go_on" not in Form(page.text).buttons
