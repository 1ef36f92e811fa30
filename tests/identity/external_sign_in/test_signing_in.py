"""Signing in through a provider that behaves."""

from typing import Any

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization, bearer
from tests.events.outbox import messages_to
from tests.identity.external_sign_in.provider import CLIENT_ID, Provider, rsa_signer
from tests.identity.external_sign_in.travelling import Travelling, credentials_of, links, query_of, travelling
from tests.identity.jose_by_hand import Json
from tests.identity.pages.reading import BACK, Form, is_back, wrong
from tests.identity.steps import disable, redirect_query
from tests.playground import OTHER, OTHER_CALLBACK, Playground, Reader

VOUCHED = {"sub": "v-1", "email": "Ola@Example.no", "email_verified": True}
PERSON = VOUCHED | {"given_name": "Ola", "middle_name": "Li", "family_name": "Nordmann"}


async def test_who_is_new_gets_an_account_with_what_the_provider_vouches_for(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    phone = {"phone_number": "4791234567", "phone_number_verified": True}
    provider.claims = PERSON | phone
    assert is_back(await reader_there.travel())
    found = await credentials_of(connection)
    assert {name: level for name, (_, level) in found.items()} == {
        "ola@example.no": "externallyVerified",
        "+4791234567": "externallyVerified",
    }
    row = await connection.fetchrow("select first_name, last_name, password_hash from user_account")
    assert row is not None
    assert tuple(row) == ("Ola Li", "Nordmann", None)
    assert await links(connection) == [("vipps", "v-1", found["ola@example.no"][0])]
    assert await reader_there.is_signed_in("ola@example.no")


async def test_a_known_subject_signs_in_whatever_its_email_is_now(
    provider: Provider, server: Server, connection: Connection
) -> None:
    provider.claims = PERSON
    async with travelling(server, connection) as first:
        assert is_back(await first.travel())
    provider.claims = {"sub": "v-1", "email": "ola.new@example.no", "email_verified": True}
    async with travelling(server, connection) as second:
        assert is_back(await second.travel())
        assert await second.is_signed_in("ola@example.no")
    assert await connection.fetchval("select count(*) from user_account") == 1
    assert list(await credentials_of(connection)) == ["ola@example.no"]


async def test_an_account_with_the_credential_is_linked_when_both_sides_have_verified_it(
    provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = {"sub": "v-2", "email": "KARI@example.no", "email_verified": True}
    assert is_back(await reader_there.travel())
    assert await links(connection) == [("vipps", "v-2", reader.unique_id)]
    assert (await credentials_of(connection))["kari@example.no"] == (reader.unique_id, "verificationCode")
    [notice] = await messages_to(connection, "kari@example.no")
    assert "Vipps" in notice.text


async def test_a_verified_phone_links_before_an_address_that_was_never_verified_here(
    provider: Provider, playground: Playground, reader_there: Travelling, connection: Connection
) -> None:
    await playground.add_reader("ola@example.no", level="notVerified")
    owner = await playground.add_reader("+4791234567")
    provider.claims = VOUCHED | {"phone_number": "+47 912 34 567", "phone_number_verified": True}
    assert is_back(await reader_there.travel())
    assert await links(connection) == [("vipps", "v-1", owner.unique_id)]


async def test_who_has_no_verified_address_proves_one_and_gets_an_account(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = {"sub": "v-3", "name": "Ola Nordmann", "email": "ola@example.no"}
    page = await reader_there.travel()
    assert Form(page.text).fields["j_username"] == "ola@example.no"
    assert await credentials_of(connection) == {}
    asked = await reader_there.press(page, "code", j_username="mine@example.no")
    code = await reader_there.newest_code("mine@example.no")
    refused = await reader_there.press(asked, "enter_code", code=wrong(code))
    assert refused.status_code == 400
    assert is_back(await reader_there.press(refused, "enter_code", code=code))
    found = await credentials_of(connection)
    assert {name: level for name, (_, level) in found.items()} == {"mine@example.no": "verificationCode"}
    assert await links(connection) == [("vipps", "v-3", found["mine@example.no"][0])]
    assert await connection.fetchval("select first_name from user_account") == "Ola"


async def test_an_account_that_has_the_proved_address_is_linked(
    other: Provider, reader: Reader, reader_there: Travelling, connection: Connection
) -> None:
    # Verified, but this provider's word is not taken.
    other.claims = {"sub": "o-1", "email": "kari@example.no", "email_verified": True}
    page = await reader_there.travel("other")
    assert page.status_code == 200
    assert await links(connection) == []
    answer = await reader_there.prove(page, "kari@example.no", j_username="kari@example.no")
    assert is_back(answer)
    assert await links(connection) == [("other", "o-1", reader.unique_id)]


@pytest.mark.parametrize("text", ["", "nobody", "https://example.no"])
async def test_the_proof_wants_an_address_that_a_code_can_be_sent_to(
    provider: Provider, reader_there: Travelling, text: str
) -> None:
    provider.claims = {"sub": "v-3"}
    answer = await reader_there.press(await reader_there.travel(), "code", j_username=text)
    assert answer.status_code == 400
    assert 'id="j_username-error"' in answer.text


async def test_the_page_of_the_proof_can_be_had_in_another_language(
    provider: Provider, reader_there: Travelling
) -> None:
    provider.claims = {"sub": "v-3"}
    page = await reader_there.travel(lang="nb")
    assert "Din e-post eller ditt mobilnummer" in page.text
    flow = Form(page.text).fields
    data = {"form_token": flow["form_token"], "flow": flow["flow"], "action": "show", "lang": "sv"}
    swedish = await reader_there.http.post(Form(page.text).action, data=data)
    assert "Din e-postadress eller ditt mobilnummer" in swedish.text


async def test_an_authorization_request_goes_on_where_it_was(
    provider: Provider, server: Server, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = PERSON
    page = await reader_there.http.get("/user/oauth/authorize", params=authorization(scope="openid", state="s 1&2"))
    assert "Vipps" in page.text
    path = page.text.partition('href="/user/external/vipps')[2].partition('"')[0].replace("&amp;", "&")
    left = await reader_there.http.get(f"/user/external/vipps{path}", follow_redirects=False)
    back = await reader_there.http.get(left.headers["location"], follow_redirects=False)
    done = await reader_there.come_back(back.headers["location"])
    answer = await reader_there.come_back(done.headers["location"])
    assert redirect_query(answer)["state"] == "s 1&2"
    assert "code" in redirect_query(answer)
    assert await connection.fetchval("select authentication_methods from oauth_grant") == ["fed"]


async def test_the_other_address_of_the_login_server_is_kept(provider: Provider, reader_there: Travelling) -> None:
    provider.claims = {"sub": "v-3"}
    query = {"clientId": "no.example.web", "returnUrl": BACK, "errorUrl": BACK}
    left = await reader_there.http.get("/login/external/vipps", params=query, follow_redirects=False)
    sent = query_of(left.headers["location"])
    assert sent["redirect_uri"] == "http://127.0.0.1:8000/user/external/vipps/callback"
    back = await reader_there.http.get(left.headers["location"], follow_redirects=False)
    page = await reader_there.come_back(back.headers["location"])
    assert Form(page.text).action.startswith("/login/externalConfirm?clientId=")


@pytest.mark.parametrize(("remember", "is_remembered"), [("true", True), ("", False), ("false", False)])
async def test_the_reader_is_remembered_when_the_link_says_so(
    provider: Provider, reader_there: Travelling, remember: str, is_remembered: bool
) -> None:
    provider.claims = PERSON
    assert is_back(await reader_there.travel(remember=remember))
    assert ("kolofon_remember.no.example.web" in reader_there.http.cookies) == is_remembered


async def test_the_page_offers_what_the_partners_clients_have_and_says_what_is_remembered(
    reader_there: Travelling,
) -> None:
    page = await reader_there.open("login", lang="en")
    assert "Continue with Vipps" in page.text
    assert "Continue with The Other" in page.text
    assert "You then stay signed in on this device." in page.text
    passing = await reader_there.open("login", lang="en", remember="false")
    assert "signed in this time only" in passing.text
    assert "remember=true" not in passing.text.partition("/user/external/vipps")[2].partition('"')[0]
    query = {"clientId": OTHER, "returnUrl": OTHER_CALLBACK, "errorUrl": OTHER_CALLBACK, "lang": "en"}
    elsewhere = await reader_there.http.get("/user/login", params=query)
    assert "Continue with Vipps" in elsewhere.text
    assert "The Other" not in elsewhere.text
    assert (await reader_there.http.get("/user/external/other", params=query)).status_code == 404


async def test_where_a_new_sign_in_is_asked_for_no_provider_is_offered(reader_there: Travelling) -> None:
    assert "Vipps" not in (await reader_there.open("login", prompt="login")).text
    answer = await reader_there.leave(prompt="login")
    assert answer.headers["location"].startswith("/user/login?clientId=")


async def test_a_closed_account_is_refused_kindly(
    provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    provider.claims = {"sub": "v-2", "email": "kari@example.no", "email_verified": True}
    await disable(connection, clock, reader)
    answer = await reader_there.travel(lang="en")
    assert answer.status_code == 400
    assert "cannot be used here" in answer.text
    assert await links(connection) == []
    await connection.execute("update user_account set disabled_at = null")
    assert is_back(await reader_there.travel())
    await disable(connection, clock, reader)
    answer = await reader_there.travel(lang="en")
    assert answer.status_code == 400
    assert "cannot be used here" in answer.text
    assert not await reader_there.is_signed_in()


async def test_a_closed_account_is_refused_after_the_proof_too(
    other: Provider, reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    other.claims = {"sub": "o-1"}
    await disable(connection, clock, reader)
    answer = await reader_there.prove(
        await reader_there.travel("other"), "kari@example.no", j_username="kari@example.no"
    )
    assert answer.status_code == 400
    assert await links(connection) == []
    assert not await reader_there.is_signed_in()


async def test_what_an_id_token_lacks_is_asked_of_userinfo_with_its_access_token(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = {"sub": "v-1"}
    provider.userinfo = PERSON | {"phone_number": "4791234567"}
    assert is_back(await reader_there.travel())
    # Nothing is said of the number, so nobody vouches for it.
    assert list(await credentials_of(connection)) == ["ola@example.no"]


async def test_rs256_and_a_client_secret_in_the_form_will_do(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    public, provider.sign = rsa_signer()
    provider.published = [public]
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    provider.claims = PERSON
    assert is_back(await reader_there.travel())
    [request] = provider.seen["/token"]
    assert request["form"]["client_id"] == CLIENT_ID
    assert "authorization" not in request["headers"]


async def test_the_request_carries_state_nonce_and_pkce(provider: Provider, reader_there: Travelling) -> None:
    """And what the file says; no address of the reader."""
    left = await reader_there.leave(credential="kari@example.no")
    sent = query_of(left.headers["location"])
    assert sent.keys() == {
        "from", "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert sent["scope"] == "openid name email phoneNumber"
    assert left.headers["referrer-policy"] == "no-referrer"


async def test_what_came_from_the_provider_never_reaches_the_browser(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = {"sub": "a-subject-to-look-for", "phone_number": "+4791234567"}
    tokens = ["an-access-token"]
    sign = provider.sign

    def remembered(header: Json, claims: Json) -> str:
        tokens.append(sign(header, claims))
        return tokens[-1]

    provider.sign = remembered
    page = await reader_there.travel()
    asked = await reader_there.press(page, "code", j_username="ola@example.no")
    code = await reader_there.newest_code("ola@example.no")
    done = await reader_there.press(asked, "enter_code", code=code)
    assert is_back(done)
    assert len(tokens) == 2
    for answer in (page, asked, done):
        seen = answer.text + str(answer.headers.multi_items())
        assert not any(secret in seen for secret in (*tokens, "a-subject-to-look-for", "+4791234567"))
    # Nor are the tokens kept.
    tables = ("external_sign_in_link", "user_session", "audit_log", "user_external_profile")
    kept = str([await connection.fetch(f"select * from {table}") for table in tables])
    assert not any(token in kept for token in tokens)


async def external_profiles(server: Server, reader: Travelling, credential: str) -> Any:
    assert await reader.is_signed_in(credential)
    answer = await reader.http.get("/user/oauth/authorize", params=authorization(), follow_redirects=False)
    form = {
        "grant_type": "authorization_code",
        "code": redirect_query(answer)["code"],
        "redirect_uri": authorization()["redirect_uri"],
    }
    token = (await server.token(form)).json()["access_token"]
    shown = await server.http.get("/capi/v1/user/profile/external", headers=bearer(token))
    assert shown.status_code == 200, shown.text
    return shown.json()["externalProfileList"]


async def test_the_api_shows_what_came_along(provider: Provider, server: Server, reader_there: Travelling) -> None:
    home = {"address_type": "home", "street_address": "Storgata 1\nH0101", "postal_code": "0603", "region": "OSLO"}
    provider.claims = PERSON | {
        "birthdate": "1970-01-01",
        "phone_number": "4791234567",
        "address": home | {"country": "no", "formatted": "Storgata 1"},
        "other_addresses": [{"address_type": "work", "postal_code": 179, "locality": "Oslo"}],
        "nin": "01017012345",
    }
    assert is_back(await reader_there.travel())
    assert await external_profiles(server, reader_there, "ola@example.no") == [
        {
            "source": "Vipps",
            "info": {
                "birthDate": 0,
                "name": {"firstName": "Ola", "middleName": "Li", "lastName": "Nordmann"},
                "phoneNumbers": ["+4791234567"],
                "emails": ["ola@example.no"],
                "addresses": [
                    {
                        "addressType": "home",
                        "streetAddress": "Storgata 1 H0101",
                        "postalCode": "0603",
                        "postalPlace": "OSLO",
                        "countryCode": "NO",
                    },
                    {"addressType": "work", "postalCode": "179", "postalPlace": "Oslo"},
                ],
            },
        }
    ]


NONSENSE: list[Any] = [None, True, 7, -1.5, "", "\u0000", "x" * 3000, [], [1], {}, {"a": []}]


@pytest.mark.parametrize("value", NONSENSE, ids=[repr(value)[:20] for value in NONSENSE])
async def test_no_answer_of_a_provider_makes_the_api_fail(
    provider: Provider, server: Server, reader_there: Travelling, value: Any
) -> None:
    names = ("given_name", "middle_name", "family_name", "name", "phone_number", "phone_number_verified", "birthdate")
    address = dict.fromkeys(("address_type", "street_address", "postal_code", "locality", "region", "country"), value)
    provider.claims = VOUCHED | dict.fromkeys(names, value) | {"address": address, "other_addresses": [value, address]}
    assert is_back(await reader_there.travel())
    [profile] = await external_profiles(server, reader_there, "ola@example.no")
    assert profile["info"]["emails"] == ["ola@example.no"]
    provider.claims = VOUCHED | {"address": value, "other_addresses": value, "email": value, "email_verified": value}
    assert is_back(await reader_there.travel())
    await external_profiles(server, reader_there, "ola@example.no")
