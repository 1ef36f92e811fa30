"""What tokens are signed with: access tokens by ES256, id_tokens by what the client expects."""

from datetime import timedelta
from functools import partial

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.jose_by_hand import take_apart
from tests.identity.openid.steps import AFTER_LOGOUT, LOGOUT, Person, verified
from tests.identity.steps import eventually, redirect_query, refresh
from tests.identity.test_access_tokens import published_keys
from tests.playground import WEB, Playground


async def algorithms(tokens: dict[str, str]) -> tuple[str, str]:
    return take_apart(tokens["id_token"])[0]["alg"], take_apart(tokens["access_token"])[0]["alg"]


async def test_an_id_token_is_signed_with_rs256_unless_the_client_has_said_otherwise(
    server: Server, person: Person, playground: Playground
) -> None:
    tokens = await person.tokens()
    assert await algorithms(tokens) == ("RS256", "ES256")
    await playground.connection.execute("update client set id_token_algorithm = 'ES256' where client_id = $1", WEB)
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")

    async def is_elliptic() -> bool:
        return await algorithms(await person.tokens()) == ("ES256", "ES256")

    await eventually(is_elliptic)
    refreshed = (await refresh(server, tokens["refresh_token"])).json()
    assert await algorithms(refreshed) == ("ES256", "ES256")
    await verified(server, refreshed["id_token"])


async def test_a_rotated_rsa_key_signs_an_hour_later_and_older_id_tokens_stay_good_as_hints(
    server: Server, person: Person, connection: Connection, clock: Clock
) -> None:
    old = (await person.tokens())["id_token"]
    key = await server.parts.key_store.rotate(connection, "RS256")

    async def is_published() -> bool:
        return key.kid in {one["kid"] for one in await published_keys(server, "RS256")}

    await eventually(is_published)
    assert take_apart((await person.tokens())["id_token"])[0]["kid"] == take_apart(old)[0]["kid"]
    clock.move(timedelta(hours=1))
    new = (await person.tokens())["id_token"]
    assert take_apart(new)[0]["kid"] == key.kid
    await verified(server, new)
    assert "code" in redirect_query(await person.ask(prompt="none", id_token_hint=old))


async def test_a_hint_of_either_algorithm_signs_out(server: Server, person: Person, playground: Playground) -> None:
    for algorithm in ("RS256", "ES256"):
        await playground.connection.execute("update client set id_token_algorithm = $1", algorithm)
        await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")
        await eventually(partial(signs_with, person, algorithm))
        hint = (await person.tokens())["id_token"]
        query = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT}
        answer = await person.http.get(LOGOUT, params=query, follow_redirects=False)
        assert answer.headers["location"] == AFTER_LOGOUT
        assert not await person.is_signed_in()


async def signs_with(person: Person, algorithm: str) -> bool:
    return bool(take_apart((await person.tokens())["id_token"])[0]["alg"] == algorithm)
