"""A provider that does not answer, or not as it should, costs nobody more than a friendly page."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from kolofon.identity.external_sign_in.outgoing import Outgoing, ProviderDown
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.external_sign_in.provider import ISSUER_PATH, Provider
from tests.identity.external_sign_in.test_signing_in import VOUCHED
from tests.identity.external_sign_in.travelling import Travelling, links
from tests.identity.jose_by_hand import new_ec_key
from tests.identity.pages.reading import Form, is_back

CONFIGURATION = f"{ISSUER_PATH}/.well-known/openid-configuration"
DOWN = "Vipps does not answer at the moment."
NOT_TOLD = "Vipps could not tell us who you are."
HUGE = b'{"x": "' + b"x" * 300_000 + b'"}'


@pytest.fixture(autouse=True)
def someone(provider: Provider) -> None:
    provider.claims = VOUCHED | {"name": "Ola Nordmann", "phone_number": "+4791234567"}


ANSWERS: dict[str, tuple[int, Any]] = {
    "500": (500, b""),
    "503 with a page": (503, b"<html>"),
    "404": (404, b""),
    "a redirect": (302, b""),
    "429": (429, {"error": "slow_down"}),
    "a page": (200, b"<html>"),
    "nothing": (200, b""),
    "a list": (200, []),
    "nested without end": (200, b"[" * 100_000),
    "huge": (200, HUGE),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("path", [CONFIGURATION, "/jwks", "/token", "/userinfo"])
async def test_a_friendly_page_is_shown(
    provider: Provider, reader_there: Travelling, connection: Connection, path: str, answer: str
) -> None:
    if path == "/userinfo":
        provider.userinfo = {"sub": "v-1"}
        provider.claims = VOUCHED
    status, body = ANSWERS[answer]
    provider.instead_of(path, status, body, location=f"{provider.base}/elsewhere")
    shown = await reader_there.leave(lang="en")
    if path != CONFIGURATION:
        back = await reader_there.http.get(shown.headers["location"], follow_redirects=False)
        shown = await reader_there.come_back(back.headers["location"])
    assert shown.status_code == 502, shown.text
    assert DOWN in shown.text
    # Other ways to sign in are on the same page.
    assert "password" in Form(shown.text).buttons
    assert "/elsewhere" not in provider.seen
    assert await links(connection) == []


@pytest.mark.parametrize("error", ["invalid_client", "invalid_grant", "unauthorized_client"])
async def test_a_refusal_at_the_token_endpoint_is_one(provider: Provider, reader_there: Travelling, error: str) -> None:
    provider.instead_of("/token", 401 if error == "invalid_client" else 400, {"error": error})
    shown = await reader_there.travel(lang="en")
    assert shown.status_code == 400
    assert NOT_TOLD in shown.text


@pytest.mark.parametrize("body", [{}, {"id_token": None}, {"id_token": 7}, {"access_token": "x"}])
async def test_an_answer_without_id_token_signs_nobody_in(
    provider: Provider, reader_there: Travelling, body: Any
) -> None:
    provider.instead_of("/token", 200, body)
    assert (await reader_there.travel()).status_code == 400


@pytest.mark.parametrize("error", ["access_denied", "server_error", "x\u00e6" * 100])
async def test_an_error_of_the_provider_leads_back_to_the_page_that_was_left(
    provider: Provider, reader_there: Travelling, error: str
) -> None:
    provider.answer = {"error": error, "error_description": "<script>", "code": ""}
    shown = await reader_there.travel(lang="en")
    assert shown.status_code == 400
    expected = "You did not finish signing in with Vipps." if error == "access_denied" else NOT_TOLD
    assert expected in shown.text
    assert "<script>" not in shown.text
    assert "password" in Form(shown.text).buttons
    assert "/token" not in provider.seen


METADATA: list[dict[str, Any]] = [
    {"authorization_endpoint": None},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "http://evil.example/"},
    {"token_endpoint": "http://evil.example/token"},
    {"jwks_uri": "https://user:word@evil.example/"},
    {"userinfo_endpoint": "file:///etc/passwd"},
]


@pytest.mark.parametrize("issuer", ["https://evil.example", "ours/", "http://127.0.0.1/op", None])
async def test_metadata_of_another_issuer_is_refused(
    provider: Provider, reader_there: Travelling, issuer: str | None
) -> None:
    provider.metadata = {"issuer": f"{provider.issuer}/" if issuer == "ours/" else issuer}
    shown = await reader_there.leave(lang="en")
    assert shown.status_code == 502
    assert DOWN in shown.text


@pytest.mark.parametrize("change", METADATA, ids=str)
async def test_metadata_that_cannot_be_right_is_not_used(
    provider: Provider, reader_there: Travelling, change: dict[str, Any]
) -> None:
    provider.metadata = change
    shown = await reader_there.leave(lang="en")
    assert shown.status_code == 502
    assert DOWN in shown.text


async def test_while_it_is_down_it_is_not_asked_by_everybody_and_then_it_is_asked_again(
    provider: Provider, reader_there: Travelling, clock: Clock
) -> None:
    provider.instead_of(CONFIGURATION, 500)
    for _ in range(3):
        assert (await reader_there.leave()).status_code == 502
    assert len(provider.seen[CONFIGURATION]) == 1
    del provider.instead[CONFIGURATION]
    clock.move(timedelta(seconds=5))
    assert is_back(await reader_there.travel())


async def test_what_is_known_of_a_provider_is_kept_for_an_hour_and_longer_while_it_is_down(
    provider: Provider, reader_there: Travelling, clock: Clock
) -> None:
    for _ in range(2):
        assert is_back(await reader_there.travel())
    assert (len(provider.seen[CONFIGURATION]), len(provider.seen["/jwks"])) == (1, 1)
    clock.move(timedelta(hours=1))
    assert is_back(await reader_there.travel())
    assert (len(provider.seen[CONFIGURATION]), len(provider.seen["/jwks"])) == (2, 2)
    provider.instead_of(CONFIGURATION, 500)
    provider.instead_of("/jwks", 500)
    clock.move(timedelta(hours=2))
    assert is_back(await reader_there.travel())


async def test_a_new_key_is_found_when_a_token_names_it(
    provider: Provider, reader_there: Travelling, clock: Clock
) -> None:
    assert is_back(await reader_there.travel())
    clock.move(timedelta(minutes=1))
    provider.key = new_ec_key() | {"kid": "k-2"}
    assert is_back(await reader_there.travel())
    assert len(provider.seen["/jwks"]) == 2


async def test_tokens_that_name_unknown_keys_do_not_make_us_ask_each_time(
    provider: Provider, reader_there: Travelling
) -> None:
    assert is_back(await reader_there.travel())
    published = [{name: value for name, value in provider.key.items() if name != "d"}]
    provider.published, provider.key = published, new_ec_key() | {"kid": "k-3"}
    for _ in range(3):
        assert (await reader_there.travel()).status_code == 400
    assert len(provider.seen["/jwks"]) == 1


async def test_no_connection_to_the_database_is_held_meanwhile(
    provider: Provider, server: Server, reader_there: Travelling
) -> None:
    url = await reader_there.at_provider()
    is_asked, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> tuple[int, dict[str, str], bytes]:
        is_asked.set()
        await go_on.wait()
        return 500, {}, b""

    provider.instead["/token"] = wait
    coming = asyncio.create_task(reader_there.come_back(url))
    await is_asked.wait()
    pool = server.parts.pool()
    async with asyncio.timeout(30):
        # All of them can be had.
        held = [await pool.acquire() for _ in range(server.parts.settings.database_connections)]
    for connection in held:
        await pool.release(connection)
    go_on.set()
    assert (await coming).status_code == 502


@pytest.fixture
async def impatient() -> AsyncIterator[Outgoing]:
    outgoing = Outgoing(seconds=0.3)
    yield outgoing
    await outgoing.close()


async def _serve(content: Any) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            async for part in content():
                writer.write(part)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


def _url(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


async def _silent() -> AsyncIterator[bytes]:
    await asyncio.sleep(3600)
    yield b""


async def _dripping() -> AsyncIterator[bytes]:
    yield HEAD + b'{"x": "'
    while True:
        await asyncio.sleep(0.02)
        yield b"x"


async def _endless() -> AsyncIterator[bytes]:
    yield HEAD
    while True:
        yield b" " * 65536


async def _broken() -> AsyncIterator[bytes]:
    yield b"not HTTP at all\r\n\r\n"


async def _cut() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"


@pytest.mark.parametrize("content", [_silent, _dripping, _endless, _broken, _cut])
async def test_a_call_ends_in_time_and_size_whatever_comes(impatient: Outgoing, content: Any) -> None:
    server = await _serve(content)
    async with asyncio.timeout(30):
        with pytest.raises(ProviderDown):
            await impatient.fetch(_url(server))
    server.close()


async def test_nobody_listening_is_a_provider_that_is_down(impatient: Outgoing) -> None:
    server = await _serve(_cut)
    url = _url(server)
    server.close()
    await server.wait_closed()
    with pytest.raises(ProviderDown, match="ConnectError"):
        await impatient.fetch(url)


async def test_what_is_compressed_is_not_unpacked(impatient: Outgoing) -> None:
    import gzip

    bomb = gzip.compress(b'{"x": "' + b"x" * 50_000_000 + b'"}')

    async def content() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb

    server = await _serve(content)
    with pytest.raises(ProviderDown, match="does not answer with a JSON object"):
        await impatient.fetch(_url(server))
    server.close()
