"""How clients prove who they are (RFC 6749, section 2.3), with all the habits of existing clients."""

from base64 import b64encode
from datetime import timedelta
from urllib.parse import quote_plus

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.ids import hash_secret
from tests.browser_session import Server
from tests.identity.steps import TOKEN, assert_refused
from tests.playground import APP, OTHER, WEB, WEB_SECRET, Playground, Reader

SPECIAL = "no.example.special"
SPECIAL_SECRET = "50%41 of+this:is/special=&æ"
ROTATING = "no.example.rotating"
OLD_SECRET, NEW_SECRET = "old-secret-that-is-long-enough", "new-secret-that-is-long-enough"
OVERLAP = timedelta(days=1)
GRANT = {"grant_type": "client_credentials"}
IN_PARAMETERS = {"client_id": WEB, "client_secret": WEB_SECRET}


@pytest.fixture
async def playground(playground: Playground, clock: Clock) -> Playground:
    await playground.add_client(SPECIAL, 1, SPECIAL_SECRET, [])
    await playground.add_client("no.example.disabled", 1, WEB_SECRET, [], disabled=True)
    await playground.add_client(ROTATING, 1, NEW_SECRET, [])
    await playground.connection.execute(
        "insert into client_secret (client_id, secret_hash, created_at, expires_at) values ($1, $2, $3, $4)",
        ROTATING,
        hash_secret(OLD_SECRET),
        clock.now(),
        clock.now() + OVERLAP,
    )
    return playground


async def ask(
    server: Server,
    basic: str | None = None,
    query: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
) -> httpx.Response:
    """Ask for a client token; `basic` is what the Basic header holds, before base64."""
    headers = {} if basic is None else {"Authorization": f"Basic {b64encode(basic.encode()).decode()}"}
    return await server.http.post(TOKEN, params=query, data=form, headers=headers)


async def test_the_credentials_may_be_in_header_body_or_query_and_in_several_when_equal(server: Server) -> None:
    basic, everything = f"{WEB}:{WEB_SECRET}", GRANT | IN_PARAMETERS
    answers = [
        await ask(server, basic, form=GRANT),
        await ask(server, basic, query=GRANT),
        await ask(server, form=everything),
        await ask(server, query=everything),
        await ask(server, query=everything, form=everything),
        await ask(server, query=IN_PARAMETERS, form=GRANT),
        await ask(server, basic, query=everything, form=everything),
        await ask(server, basic, form=GRANT | {"client_id": WEB}),
        await ask(server, basic, form=GRANT | {"client_secret": WEB_SECRET}),
        await ask(server, basic, form=GRANT | {"client_id": "", "client_secret": ""}),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)


async def test_credentials_that_contradict_each_other_are_refused(server: Server) -> None:
    basic = f"{WEB}:{WEB_SECRET}"
    for answer in (
        await ask(server, basic, form=GRANT | {"client_id": OTHER}),
        await ask(server, basic, form=GRANT | {"client_id": WEB, "client_secret": "another"}),
        await ask(server, basic, form=GRANT | {"client_secret": "another"}),
        await ask(server, f"{WEB}:another", form=GRANT | IN_PARAMETERS),
        await ask(server, query=IN_PARAMETERS | {"client_secret": "another"}, form=GRANT | IN_PARAMETERS),
        await ask(server, query=IN_PARAMETERS, form=GRANT | IN_PARAMETERS | {"client_id": OTHER}),
    ):
        assert_refused(answer, "invalid_request")


async def test_every_parameter_may_be_doubled_in_query_and_body_but_not_contradicted(server: Server) -> None:
    everything = GRANT | IN_PARAMETERS | {"redirect_uri": "https://web.example.no/?a&b=%20", "scope": "read"}
    assert (await ask(server, query=everything, form=everything)).status_code == 200
    answer = await ask(server, query=everything, form=everything | {"grant_type": "refresh_token"})
    assert_refused(answer, "invalid_request")
    answer = await server.http.post(f"{TOKEN}?grant_type=client_credentials&grant_type=x", data=IN_PARAMETERS)
    assert_refused(answer, "invalid_request")


async def test_the_basic_header_may_be_form_encoded_as_the_rfc_says_or_not_as_many_do(server: Server) -> None:
    encoded = f"{quote_plus(SPECIAL)}:{quote_plus(SPECIAL_SECRET)}"
    assert (await ask(server, encoded, form=GRANT)).status_code == 200
    assert (await ask(server, f"{SPECIAL}:{SPECIAL_SECRET}", form=GRANT)).status_code == 200
    in_parameters = {"client_id": SPECIAL, "client_secret": SPECIAL_SECRET}
    assert (await ask(server, encoded, form=GRANT | in_parameters)).status_code == 200
    assert (await ask(server, form=GRANT | in_parameters)).status_code == 200
    once_more = f"{SPECIAL}:{quote_plus(quote_plus(SPECIAL_SECRET))}"
    assert_refused(await ask(server, once_more, form=GRANT), "invalid_client", 401)


async def test_every_failure_gets_the_same_answer(server: Server) -> None:
    answers = [
        await ask(server, f"{WEB}:wrong", form=GRANT),
        await ask(server, f"no.such.client:{WEB_SECRET}", form=GRANT),
        await ask(server, f"no.example.disabled:{WEB_SECRET}", form=GRANT),
        await ask(server, f"{WEB}:", form=GRANT),
        await ask(server, form=GRANT | {"client_id": WEB}),
        await ask(server, form=GRANT | {"client_id": WEB, "client_secret": WEB_SECRET.upper()}),
        await ask(server, f"{APP}:{WEB_SECRET}", form=GRANT),
    ]
    for answer in answers:
        assert_refused(answer, "invalid_client", 401)
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.content == answers[0].content


async def test_a_malformed_or_missing_proof_is_refused(server: Server) -> None:
    for authorization in ("Basic", "Basic %%%", "Basic YWJj", "Basic //79", "Bearer abc", ""):
        answer = await server.http.post(TOKEN, data=GRANT, headers={"Authorization": authorization})
        assert_refused(answer, "invalid_client", 401)
        assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_public_client_with_a_secret_is_refused(server: Server) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": APP}
    assert_refused(await ask(server, form=form), "invalid_grant")
    assert_refused(await ask(server, f"{APP}:", form=form), "invalid_grant")
    assert_refused(await ask(server, form=form | {"client_secret": "guess"}), "invalid_client", 401)
    assert_refused(await ask(server, f"{APP}:guess", form=form), "invalid_client", 401)


async def test_while_a_secret_is_rotated_both_work_and_afterwards_the_new_one(server: Server, clock: Clock) -> None:
    clock.move(OVERLAP - timedelta(seconds=1))
    for secret in (OLD_SECRET, NEW_SECRET):
        assert (await ask(server, f"{ROTATING}:{secret}", form=GRANT)).status_code == 200
    clock.move(timedelta(seconds=1))
    assert_refused(await ask(server, f"{ROTATING}:{OLD_SECRET}", form=GRANT), "invalid_client", 401)
    assert (await ask(server, f"{ROTATING}:{NEW_SECRET}", form=GRANT)).status_code == 200


async def test_guessing_is_throttled_at_every_endpoint_and_honest_clients_are_not(server: Server) -> None:
    for endpoint in ("token", "revoke", "introspect"):
        for _ in range(100):
            answer = await server.http.post(f"/user/oauth/{endpoint}", data=GRANT, auth=(WEB, "guess"))
            if answer.status_code != 401:
                break
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["exceptionType"] == "TooManyRequestsException"
    answers = [await ask(server, f"{WEB}:{WEB_SECRET}", form=GRANT) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}


async def test_a_body_that_is_no_form_is_refused(server: Server, reader: Reader) -> None:
    auth = httpx.BasicAuth(WEB, WEB_SECRET)
    answer = await server.http.post(TOKEN, json=GRANT, auth=auth)
    assert answer.status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    for content in (b"grant_type=\xe6", b"grant_type=%ff", b"grant_type=%00", b"a=1&" * 300):
        answer = await server.http.post(TOKEN, content=content, headers=form, auth=auth)
        assert_refused(answer, "invalid_request")
    answer = await server.http.post(TOKEN, content=b"grant_type=client_credentials", headers=form, auth=auth)
    assert answer.status_code == 200
