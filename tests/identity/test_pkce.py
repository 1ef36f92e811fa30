"""Proof Key for Code Exchange (RFC 7636)."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from tests.browser_session import Server
from tests.identity.steps import assert_refused, is_accepted, redirect_query, refresh, signed_in
from tests.playground import APP, APP_CALLBACK, Reader

# Appendix B of the RFC.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


async def test_the_right_verifier_gets_tokens(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        answer = await browser.trade(await browser.code(**S256), code_verifier=VERIFIER)
    assert answer.status_code == 200, answer.text
    assert await is_accepted(server, answer.json()["access_token"])


async def test_a_wrong_missing_or_malformed_verifier_is_refused(server: Server, reader: Reader) -> None:
    short = "too-short"
    short_challenge = urlsafe_b64encode(sha256(short.encode()).digest()).rstrip(b"=").decode()
    async with signed_in(server, reader) as browser:
        for verifier in ("x" * 43, CHALLENGE, VERIFIER[:-1], VERIFIER + "=", VERIFIER.swapcase(), ""):
            answer = await browser.trade(await browser.code(**S256), code_verifier=verifier)
            assert_refused(answer, "invalid_grant")
        code = await browser.code(code_challenge=short_challenge, code_challenge_method="S256")
        assert_refused(await browser.trade(code, code_verifier=short), "invalid_grant")


async def test_one_guess_at_the_verifier_uses_the_code_up(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        code = await browser.code(**S256)
        assert_refused(await browser.trade(code, code_verifier="x" * 43), "invalid_grant")
        assert_refused(await browser.trade(code, code_verifier=VERIFIER), "invalid_grant")


async def test_a_verifier_without_a_challenge_shows_a_stripped_request_and_is_refused(
    server: Server, reader: Reader
) -> None:
    async with signed_in(server, reader) as browser:
        assert_refused(await browser.trade(await browser.code(), code_verifier=VERIFIER), "invalid_grant")


async def test_plain_is_refused_for_everyone(server: Server, reader: Reader) -> None:
    plain = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
    async with signed_in(server, reader) as browser:
        for client in ({}, {"client_id": APP, "redirect_uri": APP_CALLBACK}):
            for challenge in (plain, {"code_challenge": VERIFIER}):
                query = redirect_query(await browser.authorize(**client, **challenge))
                assert (query["error"], "code" in query) == ("invalid_request", False)


async def test_a_public_client_must_use_it_and_needs_no_secret(server: Server, reader: Reader) -> None:
    app = {"client_id": APP, "redirect_uri": APP_CALLBACK}
    async with signed_in(server, reader) as browser:
        answer = await browser.authorize(**app)
        assert answer.headers["location"].startswith(f"{APP_CALLBACK}?error=invalid_request")
        answer = await browser.trade(await browser.code(**app, **S256), None, **app, code_verifier=VERIFIER)
        assert answer.status_code == 200, answer.text
    answer = await server.token(
        {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"], "client_id": APP}, None
    )
    assert answer.status_code == 200, answer.text
    assert (await refresh(server, answer.json()["refresh_token"])).status_code == 400
    assert await is_accepted(server, answer.json()["access_token"])
