"""The page on which a reader types a device's code and says yes or no."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.changed_clients import announced, change_client
from tests.identity.device.steps import DEVICE, TV, Viewer, device, grants, is_form, is_question, is_sign_in
from tests.identity.pages.reading import Form
from tests.playground import WEB, Playground, Reader


async def test_without_a_session_the_code_leads_to_the_clients_sign_in_page_and_then_to_the_question(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    page = await viewer.type_code(tv.user_code.lower().replace("-", " "))
    assert is_sign_in(page)
    assert "Sign in to Example TV" in page.text
    question = await viewer.sign_in(page, reader.credential)
    assert is_question(question)
    assert "Do you want to sign in to Example TV on a device?" in question.text
    for told in (tv.user_code, reader.credential, "started this yourself"):
        assert told in question.text
    assert await grants(playground) == 0
    done = await viewer.press(question, "yes")
    assert (done.status_code, "Your device is signed in" in done.text) == (200, True)
    assert (await tv.poll()).status_code == 200


async def test_who_is_signed_in_is_asked_without_signing_in_again(
    server: Server, viewer: Viewer, reader: Reader
) -> None:
    await viewer.question((await device(server)).user_code, reader.credential)
    tv = await device(server)
    question = await viewer.type_code(tv.user_code)
    assert is_question(question)
    assert await tv.error() == "authorization_pending"
    await viewer.press(question, "yes")
    assert (await tv.poll()).status_code == 200


async def test_a_link_with_the_code_fills_the_field_and_does_nothing_by_itself(
    server: Server, viewer: Viewer, reader: Reader
) -> None:
    await viewer.question((await device(server)).user_code, reader.credential)
    tv = await device(server)
    page = await viewer.http.get(tv.codes["verification_uri_complete"].replace("http://127.0.0.1:8000", ""))
    assert is_form(page)
    assert Form(page.text).fields["user_code"] == tv.user_code
    assert not is_question(page)
    assert is_question(await viewer.follow(await viewer.press(page, "enter")))
    assert await tv.error() == "authorization_pending"


async def test_a_no_signs_nothing_in_and_says_so(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    done = await viewer.press(await viewer.question(tv.user_code, reader.credential), "no")
    assert "The device was not signed in" in done.text
    assert await grants(playground) == 0
    assert await tv.error() == "access_denied"
    # Nobody can say yes to it afterwards.
    assert is_form(await viewer.type_code(tv.user_code))


@pytest.mark.parametrize("code", ["", "nonsense", "BBBB-BBBB", "<script>alert(1)</script>", "WDJB\0MJHT"])
async def test_a_wrong_code_gets_the_form_again(server: Server, viewer: Viewer, code: str) -> None:
    await device(server)
    page = await viewer.press(await viewer.open(), "enter", user_code=code)
    assert page.status_code == 400
    if "\0" in code:
        return
    assert is_form(page)
    assert 'aria-invalid="true"' in page.text
    assert "<script>" not in page.text
    assert page.text.count('id="user_code-error"') == 1


async def test_a_code_that_has_expired_or_was_decided_on_leads_nowhere(
    server: Server, viewer: Viewer, reader: Reader, clock: Clock
) -> None:
    tv, late = await device(server), await device(server)
    question = await viewer.question(late.user_code, reader.credential)
    await viewer.follow(await viewer.press(await viewer.type_code(tv.user_code), "yes"))
    assert is_form(await viewer.type_code(tv.user_code))
    clock.move(timedelta(minutes=10))
    assert is_form(await viewer.type_code(late.user_code))
    assert is_form(await viewer.press(question, "yes"))
    assert await late.error() == "expired_token"


async def test_a_client_that_is_disabled_or_may_not_use_the_grant_cannot_be_permitted(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    await change_client(server, playground, TV, "grant_types = '{refresh_token}'")
    assert is_form(await viewer.press(question, "yes"))
    assert is_form(await viewer.type_code(tv.user_code))
    await change_client(server, playground, TV, "grant_types = '{device_code}', disabled = true")
    assert is_form(await viewer.press(question, "yes"))
    assert is_form(await viewer.type_code(tv.user_code))
    assert await grants(playground) == 0


async def test_of_a_third_partys_device_the_reader_is_told_what_it_may_do(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    own = await viewer.question((await device(server, scope="openid email read")).user_code, reader.credential)
    assert "See your e-mail address" not in own.text
    await change_client(server, playground, TV, "third_party = true")
    question = await viewer.type_code((await device(server, scope="openid email read")).user_code)
    assert is_question(question)
    for told in ("See your e-mail address", "subscriptions and permissions at Example"):
        assert told in question.text


async def test_staff_that_needs_a_second_factor_is_asked_for_it_first(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    first = await device(server)
    question = await viewer.question(first.user_code, reader.credential)
    await playground.connection.execute(
        "update partner set staff_credentials = $1, staff_second_factor = true where partner_id = 1",
        [reader.credential],
    )
    await announced(server, playground)
    answer = await viewer.press(question, "yes")
    assert await grants(playground) == 0
    for page in (await viewer.follow(answer), await viewer.type_code((await device(server)).user_code)):
        assert page.url.path == "/user/login"
        assert not is_question(page)


async def test_typing_codes_is_bounded_for_an_address(server: Server, viewer: Viewer) -> None:
    page = await viewer.open()
    answers = [await viewer.press(page, "enter", user_code="BBBB-BBBB") for _ in range(21)]
    assert {answer.status_code for answer in answers} == {400, 429}
    tv = await device(server)
    refused = [await viewer.press(page, "enter", user_code=tv.user_code) for _ in range(20)]
    assert 429 in {answer.status_code for answer in refused}
    assert "Too many attempts" in refused[-1].text


async def test_asking_for_codes_is_bounded_for_an_address(server: Server) -> None:
    statuses = set()
    for _ in range(61):
        answer = await server.http.post("/user/oauth/device_authorization", data={"client_id": TV})
        statuses.add(answer.status_code)
    assert statuses == {200, 429}


async def test_giving_up_signing_in_leads_back_to_the_code(server: Server, viewer: Viewer) -> None:
    tv = await device(server)
    page = await viewer.type_code(tv.user_code)
    [error_url] = parse_qs(urlsplit(str(page.url)).query)["errorUrl"]
    back = await viewer.http.get(error_url.replace("http://127.0.0.1:8000", ""))
    assert Form(back.text).fields["user_code"] == tv.user_code


async def test_it_speaks_the_readers_language_at_both_addresses_and_is_safe(server: Server, viewer: Viewer) -> None:
    for prefix in ("/user", "/login"):
        page = await viewer.http.get(f"{prefix}/device", params={"lang": "nn"})
        assert '<html lang="nn">' in page.text
        assert "Logg inn på ei eining" in page.text
        assert f'action="{prefix}/device?"' in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
    answer = await viewer.http.get(DEVICE, headers={"Accept-Language": "sv"})
    assert '<html lang="nn">' in answer.text  # remembered


async def test_what_was_permitted_is_in_the_audit_log(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    await viewer.permit((await device(server)).user_code, reader.credential)
    row = await playground.connection.fetchrow("select * from audit_log where action = 'permitDevice'")
    assert row is not None
    assert (row["actor"], row["client_id"]) == (f"user:{reader.unique_id.hex}", TV)


async def test_a_device_at_one_client_is_none_at_another(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    await viewer.permit((await device(server)).user_code, reader.credential)
    assert await playground.connection.fetchval("select client_id from oauth_grant") == TV != WEB
