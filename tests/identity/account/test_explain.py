"""No statement of the account pages looks at other readers' rows: each goes by an index, however many there are."""

import inspect
import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from kolofon.identity import queries as sessions
from kolofon.identity import sign_in_queries
from kolofon.identity.account import queries as account
from kolofon.identity.notices import queries as notices
from kolofon.identity.oauth import queries as oauth
from kolofon.identity.remember_me import queries as remember_me
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.playground import Playground

MODULES = (account, sessions, sign_in_queries, notices, remember_me)
# Sweeps look for what is old, by the age's index; inserts look for nothing.
SWEEPS = {"sweep_sessions", "sweep_logins", "sweep_sign_ins"}
STATEMENT = re.compile(
    r'"""\n(\s+(?:select|update|delete|with)\b.*?)"""|"((?:select|update|delete)\b[^"]*)"', re.DOTALL
)
OF_OAUTH = ("revoke_grants_of",)


def statements() -> Iterator[tuple[str, str]]:
    """Every statement that searches, by the name of its function."""
    for module in MODULES:
        yield from _of(module, None)
    yield from _of(oauth, OF_OAUTH)


def _of(module: ModuleType, names: tuple[str, ...] | None) -> Iterator[tuple[str, str]]:
    for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
        if function.__module__ != module.__name__ or name in SWEEPS or (names is not None and name not in names):
            continue
        source = inspect.getsource(function)
        found = STATEMENT.findall(source)
        yield from ((f"{module.__name__}.{name}", long or short) for long, short in found)


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "Relation Name" in plan:
        yield plan["Node Type"], plan["Relation Name"]
    for inner in plan.get("Plans", []):
        yield from scans(inner)


@pytest.fixture
async def crowded(playground: Playground, connection: Connection, clock: Clock) -> Connection:
    """So many readers, sessions and grants that looking through them all would be the slow way."""
    await connection.execute(
        """
        insert into user_account (unique_id, created_at)
        select md5(n::text)::uuid, $1 from generate_series(1, 3000) n
        """,
        clock.now(),
    )
    for filling in (
        """insert into user_credential
        select 'k' || n || '@example.no', 'A', md5(n::text)::uuid, 'verificationCode', $1
        from generate_series(1, 3000) n""",
        """insert into user_session (session_hash, unique_id, credential, authenticated_at, expires_at, session_id)
        select sha256(n::text::bytea), md5((n % 3000 + 1)::text)::uuid, 'k', $1, $1, 's' || n
        from generate_series(1, 9000) n""",
        """insert into remember_me_login (login_id, unique_id, client_id, credential, authenticated_at,
            authentication_methods, token_hash, rotated_at, expires_at)
        select gen_random_uuid(), md5((n % 3000 + 1)::text)::uuid, 'no.example.web', 'k', $1, '{}', sha256(''), $1, $1
        from generate_series(1, 9000) n""",
        """insert into sign_in (unique_id, sign_in_id, occurred_at, credential, authentication_methods, remembered)
        select md5((n % 3000 + 1)::text)::uuid, gen_random_uuid(), $1, 'k', '{}', false
        from generate_series(1, 30000) n""",
        """insert into wrong_password select sha256(n::text::bytea), $1::timestamptz::date, 1, $1
        from generate_series(1, 9000) n""",
        """insert into oauth_grant (grant_id, client_id, unique_id, scope, created_at, expires_at, session_id)
        select gen_random_uuid(), 'no.example.web', md5((n % 3000 + 1)::text)::uuid, 'read', $1, $1, 's' || n
        from generate_series(1, 9000) n""",
    ):
        await connection.execute(filling, clock.now())
    await connection.execute("analyze")
    return connection


async def test_every_search_goes_by_an_index(crowded: Connection) -> None:
    found = list(statements())
    assert len(found) >= 25
    slow = {}
    await crowded.execute("set plan_cache_mode = force_generic_plan")
    for number, (name, statement) in enumerate(found):
        await crowded.execute(f"prepare s{number} as {statement}")
        places = len(set(re.findall(r"\$\d+", statement)))
        values = ", ".join(["null"] * places)
        [plan] = (await crowded.fetchval(f"explain (format json) execute s{number}({values})"),)
        [whole] = json.loads(plan)
        seen = {relation for node, relation in scans(whole["Plan"]) if node == "Seq Scan"}
        # Few clients and partners: reading them all is the quick way.
        if seen - {"client", "partner"}:
            slow[name] = seen
    assert slow == {}
