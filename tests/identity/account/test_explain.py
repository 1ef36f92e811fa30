"""No statement of identity looks at other readers' rows: each goes by an index, however many there are."""

import pytest

from kolofon.identity import queries as sessions
from kolofon.identity import sign_in_queries
from kolofon.identity.account import queries as account
from kolofon.identity.back_channel_logout import queries as back_channel_logout
from kolofon.identity.codes import queries as codes
from kolofon.identity.consent import queries as consent
from kolofon.identity.device import queries as device
from kolofon.identity.external_sign_in import queries as external_sign_in
from kolofon.identity.notices import queries as notices
from kolofon.identity.oauth import queries as oauth
from kolofon.identity.openid import queries as openid
from kolofon.identity.remember_me import queries as remember_me
from kolofon.identity.second_factors import queries as second_factors
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests import plans
from tests.playground import Playground

MODULES = (
    account,
    back_channel_logout,
    codes,
    consent,
    device,
    external_sign_in,
    notices,
    oauth,
    openid,
    remember_me,
    second_factors,
    sessions,
    sign_in_queries,
)
# Few of them: reading them all is the quick way.
SMALL = {"client", "partner", "signing_key"}
# What each table holds in the test; $1 is the time.
FILLINGS = (
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
    """insert into authorization_code (code_hash, grant_id, redirect_uri, expires_at)
    select sha256(grant_id::text::bytea), grant_id, 'https://web.example.no', $1 from oauth_grant""",
    """insert into refresh_token (token_hash, grant_id, expires_at)
    select sha256(grant_id::text::bytea), grant_id, $1 from oauth_grant""",
    "insert into token_revocation select gen_random_uuid(), $1 from generate_series(1, 9000)",
    """insert into pushed_request
    select sha256(n::text::bytea), 'no.example.web', '{}', $1 from generate_series(1, 9000) n""",
    "insert into used_once select sha256(n::text::bytea), $1 from generate_series(1, 9000) n",
    """insert into one_time_code (code_id, credential, purpose, code_hash, created_at, expires_at)
    select gen_random_uuid(), 'k' || n || '@example.no', 'login', sha256(''), $1, $1
    from generate_series(1, 9000) n""",
    """insert into totp_secret (unique_id, sealed_secret, last_step, created_at)
    select unique_id, '', 0, $1 from user_account""",
    """insert into recovery_code
    select unique_id, sha256(n::text::bytea), $1 from user_account, generate_series(1, 3) n""",
    """insert into passkey (credential_id, passkey_id, unique_id, public_key, sign_count, name, created_at)
    select sha256(unique_id::text::bytea), gen_random_uuid(), unique_id, '', 0, 'k', $1 from user_account""",
    "insert into client_consent select unique_id, 'no.example.web', '{openid}', $1 from user_account",
    """insert into device_authorization (device_hash, user_code_hash, client_id, scope, created_at, expires_at,
        interval_seconds)
    select sha256(n::text::bytea), sha256(n::text::bytea), 'no.example.web', 'read', $1, $1, 5
    from generate_series(1, 9000) n""",
    """insert into back_channel_logout (session_id, client_id, unique_id, created_at, expires_at, next_attempt_at,
        told_at)
    select session_id, client_id, unique_id, $1, $1, $1, $1 from oauth_grant""",
    """insert into external_sign_in_request (state_hash, browser_hash, provider_code, page, prefix, query, language,
        remember, started_at, expires_at)
    select sha256(n::text::bytea), sha256(''), 'google', 'login', '/user', '', 'nb', false, $1, $1
    from generate_series(1, 9000) n""",
    """insert into external_sign_in_link (provider_code, issuer, subject, unique_id, linked_at, last_used_at)
    select 'google', 'https://accounts.google.com', unique_id::text, unique_id, $1, $1 from user_account""",
)


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
    for filling in FILLINGS:
        await connection.execute(filling, clock.now())
    await connection.execute("analyze")
    return connection


async def test_every_search_goes_by_an_index(crowded: Connection) -> None:
    # Sweeps look for what is old by the age's index, or read the whole table when most of it is.
    found = {name: text for name, text in plans.statements(MODULES).items() if ".sweep" not in name}
    assert len(found) >= 80
    await plans.prepare(crowded, found)
    slow = {name: plans.read_through(plan) - SMALL for name, plan in (await plans.plan(crowded, found)).items()}
    assert {name: tables for name, tables in slow.items() if tables} == {}
