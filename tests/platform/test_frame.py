"""What is the same for every operation under /capi/v1."""

import re

from kolofon import __version__
from tests.browser_session import Server, bearer
from tests.playground import APP, CALLBACK, OTHER, OTHER_SECRET, Playground, Reader

PROFILE = "/capi/v1/user/profile"
SHIELD = "/capi/v1/client/customer/pbm/1001/NEWS"
LIMITED = "no.example.limited"
SECRET = "limited-secret-that-is-long-enough"


async def limited_client(playground: Playground, server: Server, **limits: int) -> None:
    await playground.add_client(LIMITED, 1, SECRET, [CALLBACK], **limits)
    await server.parts.catalogue._read(playground.connection)


async def test_every_answer_carries_version_limits_and_a_request_id_of_its_own(server: Server, reader: Reader) -> None:
    headers = bearer(await server.user_token(reader.credential))
    answers = [await server.http.get(PROFILE, headers=headers) for _ in range(2)]
    for answer in answers:
        assert answer.headers["x-mediaconnect-api-version"] == __version__
        assert int(answer.headers["x-ratelimit-remaining"]) < 100_000
        assert 1 <= int(answer.headers["x-ratelimit-reset"]) <= 60
        assert answer.headers["cache-control"] == "no-store"
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
    assert answers[0].headers["x-request-id"] != answers[1].headers["x-request-id"]


async def test_a_refusal_carries_the_version_and_a_request_id_too(server: Server) -> None:
    answer = await server.http.get(PROFILE)
    assert answer.status_code == 401
    assert answer.headers["x-mediaconnect-api-version"] == __version__
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]


async def test_the_calls_left_count_down_to_a_429_that_says_when_to_come_back(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await limited_client(playground, server, calls_per_second=100, calls_per_minute=3)
    headers = bearer(await server.client_token(LIMITED, SECRET))
    left = [int((await server.http.get(SHIELD, headers=headers)).headers["x-ratelimit-remaining"]) for _ in range(3)]
    assert left == [2, 1, 0]
    refused = await server.http.get(SHIELD, headers=headers)
    assert refused.status_code == 429
    assert refused.json() == {"exceptionType": "TooManyRequestsException", "errorMessage": "Too Many Requests"}
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["retry-after"] == refused.headers["x-ratelimit-reset"]


async def test_all_tokens_of_a_client_share_its_limit(server: Server, playground: Playground, reader: Reader) -> None:
    await limited_client(playground, server, calls_per_minute=2)
    code = await server.code(reader.credential, client_id=LIMITED)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    user_token = (await server.token(form, (LIMITED, SECRET))).json()["access_token"]
    calls = [
        (SHIELD, await server.client_token(LIMITED, SECRET)),
        (PROFILE, user_token),
        (SHIELD, await server.client_token(LIMITED, SECRET)),
    ]
    statuses = [(await server.http.get(path, headers=bearer(token))).status_code for path, token in calls]
    assert statuses == [200, 200, 429]


async def test_one_clients_calls_do_not_count_for_another(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await limited_client(playground, server, calls_per_minute=1)
    limited = bearer(await server.client_token(LIMITED, SECRET))
    await server.http.get(SHIELD, headers=limited)
    assert (await server.http.get(SHIELD, headers=limited)).status_code == 429
    other = bearer(await server.client_token(OTHER, OTHER_SECRET))
    answer = await server.http.get("/capi/v1/client/customer/pbm/1001/NEWS", headers=other)
    assert answer.status_code == 404
    assert answer.headers["x-ratelimit-remaining"] != "0"


async def test_a_client_has_a_hundred_calls_a_second_and_two_thousand_a_minute_unless_told_otherwise(
    server: Server, playground: Playground
) -> None:
    await playground.connection.execute(
        "insert into client (client_id, partner_id, name, grant_types) values ('no.example.plain', 1, 'Plain', '{}')"
    )
    await server.parts.catalogue._read(playground.connection)
    limits = server.parts.catalogue.current.clients["no.example.plain"].limits
    assert (limits.per_second, limits.per_minute) == (100, 2000)


async def test_a_token_of_no_worth_does_not_use_up_anybodys_limit(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await limited_client(playground, server, calls_per_minute=1)
    token = await server.client_token(LIMITED, SECRET)
    assert (await server.http.get(SHIELD, headers=bearer(token[:-4] + "AAAA"))).status_code == 401
    assert (await server.http.get(SHIELD, headers=bearer(token))).status_code == 200


async def test_an_unknown_path_is_404_for_a_caller_and_401_for_anybody_else(server: Server) -> None:
    token = await server.client_token()
    for path in ("/capi/v1/nothing", "/capi/v1/client", "/capi/v1/"):
        answer = await server.http.get(path, headers=bearer(token))
        assert answer.status_code == 404, path
        assert answer.json()["exceptionType"] == "NotFoundException"
        assert (await server.http.get(path)).status_code == 401, path


async def test_a_method_that_a_path_does_not_have_is_405_and_the_answer_names_those_it_has(server: Server) -> None:
    answer = await server.http.delete("/capi/v1/client/access", headers=bearer(await server.client_token()))
    assert answer.status_code == 405
    assert answer.json()["exceptionType"] == "MethodNotAllowedException"
    assert "POST" in answer.headers["allow"]


async def test_a_nul_character_in_the_url_is_refused(server: Server, reader: Reader) -> None:
    headers = bearer(await server.user_token(reader.credential))
    for path in ("/capi/v1/customer/privacy/NE%00WS", f"{PROFILE}?x=%00"):
        answer = await server.http.get(path, headers=headers)
        assert answer.status_code == 400, path
        assert "NUL" in answer.json()["errorMessage"]


async def test_no_spelling_of_a_path_leads_around_the_frame(server: Server, reader: Reader) -> None:
    for path in (
        "//capi/v1/user/profile",
        "/capi//v1/user/profile",
        "/capi/v1//user/profile",
        "/capi/v1/user/profile/",
        "/%63api/v1/user/profile",
        "/capi%2Fv1/user/profile",
    ):
        # As httpx would make another path of it, the request is made by hand.
        request = server.http.build_request("GET", server.base_url)
        request.url = request.url.copy_with(raw_path=path.encode())
        answer = await server.http.send(request)
        assert answer.status_code == 401, path
        assert answer.json()["error"] == "invalid_token"
        assert answer.headers["x-mediaconnect-api-version"] == __version__


async def test_what_lies_beside_the_api_needs_no_token(server: Server) -> None:
    for path in ("/health", "/capi/openapi.json", "/capi/docs"):
        assert (await server.http.get(path)).status_code == 200, path
    assert (await server.http.get("/capi/v1x")).status_code == 404


async def test_a_client_that_was_disabled_is_refused_with_its_living_token(
    server: Server, playground: Playground, reader: Reader
) -> None:
    token = await server.client_token()
    await playground.connection.execute("update client set disabled = true where client_id <> $1", APP)
    await server.parts.catalogue._read(playground.connection)
    answer = await server.http.get(SHIELD, headers=bearer(token))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
