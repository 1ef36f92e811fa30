"""A change is committed before its answer leaves, or nothing of it is kept."""

import pytest

from tests.browser_session import Server, bearer
from tests.playground import Playground, Reader

PRIVACY = "/capi/v1/customer/privacy/NEWS"
BODY = {"permission": [{"purpose": "DM"}]}
KEYS = pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["", "with a key"])


async def kept(playground: Playground) -> int:
    """How many rows a change has left behind."""
    return int(
        await playground.connection.fetchval(
            """
            select (select count(*) from privacy_permission) + (select count(*) from audit_log)
                + (select count(*) from idempotency_key)
            """
        )
    )


async def fail(playground: Playground, table: str, when: str) -> None:
    """Let every insertion into a table fail, at once or when it is committed."""
    trigger = "trigger fail before insert" if when == "at once" else "constraint trigger fail after insert"
    deferred = "" if when == "at once" else "deferrable initially deferred"
    await playground.connection.execute(
        f"""
        create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
        create {trigger} on {table} {deferred} for each row execute function fail();
        """
    )


@KEYS
@pytest.mark.parametrize("when", ["at once", "at commit"])
@pytest.mark.parametrize("table", ["privacy_permission", "audit_log"])
async def test_a_change_that_cannot_be_committed_is_not_acknowledged_and_nothing_of_it_is_kept(
    server: Server, playground: Playground, reader: Reader, key: dict[str, str], when: str, table: str
) -> None:
    headers = bearer(await server.user_token(reader.credential))
    await fail(playground, table, when)
    answer = await server.http.post(PRIVACY, json=BODY, headers=headers | key)
    assert answer.status_code == 500
    assert await kept(playground) == 0
    assert (await server.http.get(PRIVACY, headers=headers)).json() == {"permission": []}


@KEYS
async def test_a_refusal_in_the_middle_undoes_what_came_before_it(
    server: Server, playground: Playground, reader: Reader, key: dict[str, str]
) -> None:
    # The external id is taken by another account between the look-up and the insertion.
    await playground.connection.execute(
        """
        create function take() returns trigger language plpgsql as $$
        begin
            raise unique_violation using message = 'taken';
        end $$;
        create trigger take before insert on user_credential for each row execute function take();
        """
    )
    accounts = await playground.connection.fetchval("select count(*) from user_account")
    headers = bearer(await server.client_token()) | key
    body = {"externalId": "1", "credentialType": "X"}
    answer = await server.http.post("/capi/v1/client/extid", json=body, headers=headers)
    assert answer.status_code == 500
    assert await playground.connection.fetchval("select count(*) from user_account") == accounts


@KEYS
async def test_what_was_acknowledged_is_there_for_another_connection(
    server: Server, playground: Playground, reader: Reader, key: dict[str, str]
) -> None:
    headers = bearer(await server.user_token(reader.credential)) | key
    assert (await server.http.post(PRIVACY, json=BODY, headers=headers)).status_code == 200
    assert await kept(playground) == 2 + len(key)


async def test_a_connection_is_given_back_after_every_kind_of_ending(
    server: Server, playground: Playground, reader: Reader
) -> None:
    headers = bearer(await server.user_token(reader.credential))
    await fail(playground, "privacy_permission", "at commit")
    for number in range(3 * server.parts.settings.database_connections):
        key = {"Idempotency-Key": str(number)} if number % 2 else {}
        await server.http.post(PRIVACY, json=BODY, headers=headers | key)
        await server.http.post(PRIVACY, json={"permission": [{"purpose": "?"}]}, headers=headers | key)
    pool = server.parts.pool()
    assert pool.get_idle_size() == pool.get_size()
    busy = await playground.connection.fetchval(
        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'"
    )
    assert busy == 0
