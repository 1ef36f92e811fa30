"""Who is asked for consent, about what, and what is remembered."""

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.consent.steps import GUEST, OTHER_GUEST, answered, ask, consented, is_page, press, trade_for
from tests.identity.openid.steps import Person, is_sign_in, push, userinfo
from tests.identity.pages.reading import Form
from tests.identity.steps import AUTHORIZE, redirect_query
from tests.playground import WEB, WEB_SECRET, Playground

WORDS = {
    "openid": "Recognise you when you come back",
    "profile": "See your name",
    "email": "See your e-mail address",
    "phone": "See your phone number",
    "read": "See and change your details, subscriptions and permissions at Example",
}


async def test_a_third_party_client_asks_first(person: Person) -> None:
    page = await ask(person, state="s-7", nonce="n-7")
    assert is_page(page)
    answer = answered(await press(person, page, "allow"))
    assert (answer["state"], answer["iss"]) == ("s-7", person.server.parts.settings.issuer)
    tokens = await trade_for(person, answer["code"])
    assert tokens["scope"] == "openid email"
    assert (await userinfo(person.server, tokens["access_token"]))["email"] == "kari@example.no"


async def test_the_partners_own_clients_ask_nothing(person: Person) -> None:
    assert "code" in redirect_query(await person.authorize())


@pytest.mark.parametrize("scope", ["", "read", "openid", "openid profile", "openid email phone", "read openid email"])
async def test_the_page_says_who_asks_and_for_what(person: Person, scope: str) -> None:
    person.http.headers["Accept-Language"] = "en"
    page = (await ask(person, scope=scope)).text
    assert "Kryssordbladet" in page
    assert "asks Example for permission to:" in page
    assert "kari@example.no" in page
    for name, words in WORDS.items():
        assert (words in page) == (name in (scope or "read").split()), name


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nb", "Vil du gi Kryssordbladet tilgang?"),
        ("nn", "Vil du gje Kryssordbladet tilgang?"),
        ("sv", "Vill du ge Kryssordbladet åtkomst?"),
        ("en", "Do you want to give Kryssordbladet access?"),
    ],
)
async def test_it_speaks_the_readers_language_and_the_one_that_the_client_asks_for(
    person: Person, language: str, words: str
) -> None:
    assert words in (await ask(person, ui_locales=language)).text
    person.http.headers["Accept-Language"] = language
    assert words in (await ask(person)).text
    assert words in (await press(person, await ask(person, ui_locales="fi"), "show")).text


async def test_another_language_can_be_chosen_and_the_request_goes_on(person: Person) -> None:
    page = await press(person, await ask(person, state="s-8"), "show", lang="sv")
    assert page.headers["content-language"] == "sv"
    assert answered(await press(person, page, "allow"))["state"] == "s-8"
    assert (await ask(person, prompt="consent")).headers["content-language"] == "sv"


async def test_a_yes_is_remembered(person: Person) -> None:
    await consented(person, scope="openid email")
    for less in ("openid email", "openid"):
        assert "code" in redirect_query(await ask(person, scope=less))


async def test_more_scope_asks_again(person: Person) -> None:
    await consented(person, scope="openid email")
    await consented(person, scope="openid phone")
    assert "code" in redirect_query(await ask(person, scope="openid email phone"))
    assert is_page(await ask(person, scope="openid profile"))


async def test_claims_that_are_asked_for_by_name_need_the_consent_of_their_scope(person: Person) -> None:
    person.http.headers["Accept-Language"] = "en"
    wish = '{"userinfo": {"phone_number": null}}'
    await consented(person, scope="openid")
    page = await ask(person, scope="openid", claims=wish)
    assert WORDS["phone"] in page.text
    assert WORDS["email"] not in page.text
    assert "code" in answered(await press(person, page, "allow"))
    assert "code" in redirect_query(await ask(person, scope="openid phone"))


async def test_a_no_is_told_and_not_remembered_and_takes_nothing_back(person: Person) -> None:
    for _ in range(2):
        answer = answered(await press(person, await ask(person, state="s-9"), "deny"))
        assert (answer["error"], answer["state"]) == ("access_denied", "s-9")
        assert answer["iss"] == person.server.parts.settings.issuer
    await consented(person)
    answered(await press(person, await ask(person, scope="openid phone"), "deny"))
    assert "code" in redirect_query(await ask(person))


async def test_a_consent_is_one_readers_to_one_client(person: Person, playground: Playground) -> None:
    await consented(person)
    assert is_page(await ask(person, client_id=OTHER_GUEST))
    other = await playground.add_reader("ola@example.no")
    assert is_page(await person.sign_in(await person.ask(client_id=GUEST, prompt="login", scope="openid email"), other))


async def test_prompt_consent_asks_again_the_partners_own_clients_too(person: Person) -> None:
    await consented(person)
    for client_id in (GUEST, WEB, GUEST, WEB):
        page = await person.ask(client_id=client_id, scope="openid email", prompt="consent")
        assert "code" in answered(await press(person, page, "allow"))
    # Without openid it means nothing.
    assert "code" in redirect_query(await person.ask(prompt="consent", scope="read"))


async def test_prompt_none_shows_no_page(person: Person) -> None:
    await ask(person)
    assert redirect_query(await ask(person, prompt="none"))["error"] == "consent_required"
    await consented(person)
    assert "code" in redirect_query(await ask(person, prompt="none"))


@pytest.mark.parametrize("prompt", ["consent", "login consent", "consent select_account"])
async def test_a_new_sign_in_that_was_asked_for_comes_first_and_the_question_stays(person: Person, prompt: str) -> None:
    await consented(person)
    person.http.cookies.delete("kolofon_session")
    asked = await person.ask(client_id=GUEST, scope="openid email", prompt=prompt)
    assert is_sign_in(asked)
    page = await person.sign_in(asked)
    assert "code" in answered(await press(person, page, "allow"))


async def test_a_new_sign_in_for_who_has_a_session_keeps_the_question_too(person: Person) -> None:
    await consented(person)
    asked = await person.ask(client_id=GUEST, scope="openid email", prompt="login consent")
    page = await person.sign_in(asked)
    assert "code" in answered(await press(person, page, "allow"))


@pytest.mark.parametrize("prompt", ["", "consent", "login", "login consent"])
async def test_a_pushed_request_is_asked_about_as_it_was_pushed_and_answered_once(person: Person, prompt: str) -> None:
    await person.tokens()
    request_uri = (
        await push(person.server, (GUEST, WEB_SECRET), client_id=GUEST, scope="openid", prompt=prompt, state="s-p")
    ).json()["request_uri"]
    query = {"client_id": GUEST, "request_uri": request_uri, "scope": "openid email"}
    answer = await person.http.get(AUTHORIZE, params=query, follow_redirects=False)
    assert is_sign_in(answer) == ("login" in prompt)
    page = await person.sign_in(answer) if is_sign_in(answer) else answer
    first = answered(await press(person, page, "allow"))
    assert first["state"] == "s-p"
    assert (await trade_for(person, first["code"]))["scope"] == "openid"
    again = answered(await press(person, page, "allow"))
    assert again["error"] == "invalid_request_uri"


async def test_another_account_may_be_used_instead(person: Person, playground: Playground) -> None:
    other = await playground.add_reader("ola@example.no")
    sent = await press(person, await ask(person), "other")
    assert sent.status_code == 303
    sent.status_code = 302
    page = await person.sign_in(sent, other)
    assert "ola@example.no" in page.text
    tokens = await trade_for(person, answered(await press(person, page, "allow"))["code"])
    assert (await userinfo(person.server, tokens["access_token"]))["email"] == "ola@example.no"


async def test_the_page_is_as_safe_as_the_others_and_names_nobody_else(server: Server, person: Person) -> None:
    page = await ask(person)
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://web.example.no" in policy
    assert "script" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert Form(page.text).buttons == ["allow", "deny", "other"]


async def test_what_was_given_is_kept_in_one_row(person: Person, connection: Connection) -> None:
    await consented(person, scope="openid email")
    await consented(person, scope="openid phone")
    [row] = await connection.fetch("select * from client_consent")
    assert (row["unique_id"], row["client_id"]) == (person.reader.unique_id, GUEST)
    assert sorted(row["scopes"]) == ["email", "openid", "phone"]
