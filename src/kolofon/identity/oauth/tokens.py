"""The token endpoint: what each grant gives. Functions return an answer or an OAuthError as a value.

An error is a value because some refusals leave a mark: a replayed code revokes what it gave, and that has to be
committed although the answer is an error.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from kolofon.catalogue.memory import Client
from kolofon.engine import extid_code
from kolofon.identity.oauth import queries
from kolofon.identity.oauth.keys import LONGEST_TOKEN, KeyRing
from kolofon.identity.oauth.rfc6749 import (
    DEVICE_CODE,
    EXTID_CODE,
    OPENID,
    SCOPE,
    CodeFate,
    OAuthError,
    RefreshFate,
    SignIn,
    StoredRefreshToken,
    code_fate,
    holds_scope,
    narrowed_scope,
    read_scope,
    refresh_fate,
)
from kolofon.identity.oauth.rfc7636 import verifier_fits
from kolofon.identity.oauth.rfc9068 import new_access_token, sign
from kolofon.identity.openid.id_token import IdToken, sign_id_token
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret, new_secret, new_uuid
from kolofon.platform.sealing import Secrets, derive, seal, unseal
from kolofon.settings import Settings

_GRANT_NAMES = {
    "authorization_code": "authorization_code",
    "refresh_token": "refresh_token",
    "client_credentials": "client_credentials",
    EXTID_CODE: "extid_code",
    DEVICE_CODE: "device_code",
}


class TokenAnswer(msgspec.Struct, omit_defaults=True):
    """Section 5.1 of RFC 6749. `expires_in` is in seconds and always a number."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class FamilyRevoked(OAuthError):
    """A refusal that ended a family; who commits it notes the revocation."""

    def __init__(self, description: str, revocation: queries.Revocation) -> None:
        super().__init__("invalid_grant", description)
        self.revocation = revocation


class Tokens:
    """Gives tokens for grants. Stateless but for the keys; every method runs in the caller's transaction."""

    def __init__(self, settings: Settings, clock: Clock, keys: KeyRing, secrets: Secrets) -> None:
        self._settings = settings
        self._clock = clock
        self._keys = keys
        self._extid_key = secrets.key(extid_code.KEY_PURPOSE)

    def check_grant_type(self, client: Client, grant_type: str | None) -> None:
        """Raises OAuthError for a grant that is missing, unknown or not this client's."""
        if grant_type is None:
            raise OAuthError("invalid_request", "grant_type: missing")
        name = _GRANT_NAMES.get(grant_type)
        if name is None:
            raise OAuthError("unsupported_grant_type", f"grant_type: expected one of {', '.join(_GRANT_NAMES)}")
        if name not in client.grant_types:
            raise OAuthError("unauthorized_client", f"grant_type: this client may not use {name}")

    def for_client(self, client: Client, parameters: dict[str, str]) -> TokenAnswer:
        """Client mode (section 4.4). Without a refresh token: the credentials can always be used again."""
        if client.public:
            raise OAuthError("unauthorized_client", "a public client cannot act for itself")
        scope = read_scope(parameters.get("scope"))
        if scope != SCOPE:
            raise OAuthError("invalid_scope", f"scope: a client that acts for itself has {SCOPE}, or nothing")
        return self._answer(client, scope, None)

    async def for_code(
        self, connection: Connection, client: Client, parameters: dict[str, str]
    ) -> TokenAnswer | OAuthError:
        """User mode for an authorization code (section 4.1.3)."""
        if "code" not in parameters:
            return OAuthError("invalid_request", "code: missing")
        if "redirect_uri" not in parameters:
            return OAuthError("invalid_request", "redirect_uri: missing")
        now = self._clock.now()
        code_hash = hash_secret(parameters["code"])
        code = await queries.lock_code(connection, code_hash)
        if code is None:
            return OAuthError("invalid_grant", "the code is unknown or has expired")
        fate = code_fate(code, client.client_id, parameters["redirect_uri"], now)
        if fate is CodeFate.REPLAYED:
            revocation = await self.revoke_grant(connection, code.grant_id, now)
            return FamilyRevoked("the code has been used before; the tokens it gave are revoked", revocation)
        if fate is CodeFate.REFUSED:
            return OAuthError("invalid_grant", "the code has expired, or was issued to another client or redirect_uri")
        await queries.use_code(connection, code_hash, now)
        if not verifier_fits(code.code_challenge, parameters.get("code_verifier")):
            return OAuthError("invalid_grant", "code_verifier: does not fit the code_challenge")
        answer = await self._answer_with_refresh(connection, client, code.unique_id, code.grant_id, code.scope, now)
        self._add_id_token(answer, client, code.unique_id, code.sign_in, code.nonce)
        return answer

    async def for_refresh_token(
        self, connection: Connection, client: Client, parameters: dict[str, str]
    ) -> TokenAnswer | OAuthError:
        """A new access token and a new refresh token for an old one (section 6)."""
        presented = parameters.get("refresh_token")
        if presented is None:
            return OAuthError("invalid_request", "refresh_token: missing")
        now = self._clock.now()
        stored = await queries.lock_refresh_token(connection, hash_secret(presented))
        fate = (
            RefreshFate.REFUSED
            if stored is None
            else refresh_fate(stored, client.client_id, _longest_grant(client), now)
        )
        if stored is None or fate is RefreshFate.REFUSED:
            return OAuthError("invalid_grant", "the refresh token is unknown, expired, revoked or another client's")
        if fate is RefreshFate.REUSED:
            revocation = await self.revoke_grant(connection, stored.grant_id, now)
            return FamilyRevoked("the refresh token has been used before; its family is revoked", revocation)
        if fate is RefreshFate.REPEAT and stored.sealed_answer is not None:
            opened = unseal(_answer_key(presented), stored.sealed_answer)
            return msgspec.json.decode(opened, type=TokenAnswer)
        scope = narrowed_scope(stored.scope, parameters.get("scope"))
        return await self._rotate(connection, client, presented, stored, scope, now)

    async def for_extid_code(
        self, connection: Connection, client: Client, parameters: dict[str, str]
    ) -> TokenAnswer | OAuthError:
        """User mode for a user known by an external identity (extension grant, section 4.5)."""
        if "code" not in parameters:
            return OAuthError("invalid_request", "code: missing")
        now = self._clock.now()
        code = extid_code.read(parameters["code"], self._extid_key, client.client_id, now)
        if code is None:
            return OAuthError("invalid_grant", "the extidCode is not valid, has expired or is another client's")
        # The list of revoked ids also remembers which codes were used: one insert can win.
        if not await queries.add_revocation(connection, code.code_id, now + extid_code.LIFETIME):
            return OAuthError("invalid_grant", "the extidCode has been used before")
        account = await queries.find_enabled_account(connection, code.credential)
        if account is None:
            return OAuthError("invalid_grant", "the user's account is disabled")
        grant_id = new_uuid()
        await queries.add_grant(
            connection,
            queries.Grant(
                grant_id=grant_id,
                client_id=client.client_id,
                unique_id=account,
                credential=code.credential,
                created_at=now,
                expires_at=now + timedelta(seconds=client.refresh_token_seconds),
            ),
        )
        return await self._answer_with_refresh(connection, client, account, grant_id, SCOPE, now)

    async def for_grant(self, connection: Connection, client: Client, grant: queries.Grant) -> TokenAnswer:
        """The first tokens of a grant that came about otherwise, and may give them once: the caller sees to that."""
        now = self._clock.now()
        answer = await self._answer_with_refresh(connection, client, grant.unique_id, grant.grant_id, grant.scope, now)
        self._add_id_token(answer, client, grant.unique_id, grant.sign_in, None)
        return answer

    async def revoke_grant(self, connection: Connection, grant_id: UUID, now: datetime) -> queries.Revocation:
        """End a family everywhere: refresh tokens by its row, access tokens by the revocation list."""
        await queries.revoke_grant(connection, grant_id, now)
        revocation = queries.Revocation(grant_id, now + LONGEST_TOKEN)
        await queries.add_revocation(connection, revocation.revoked_id, revocation.expires_at)
        return revocation

    def _answer(self, client: Client, scope: str, user: tuple[UUID, UUID] | None) -> TokenAnswer:
        token = new_access_token(self._clock.now(), client.access_token_seconds, client.client_id, user, scope)
        text = sign(token, self._keys, self._settings.issuer, self._settings.api_audience)
        return TokenAnswer(text, "Bearer", client.access_token_seconds, scope)

    async def _answer_with_refresh(
        self, connection: Connection, client: Client, unique_id: UUID, grant_id: UUID, scope: str, now: datetime
    ) -> TokenAnswer:
        answer = self._answer(client, scope, (unique_id, grant_id))
        if "refresh_token" not in client.grant_types:
            return answer
        answer.refresh_token = new_secret()
        expires_at = now + timedelta(seconds=client.refresh_token_seconds)
        await queries.add_refresh_token(connection, hash_secret(answer.refresh_token), grant_id, expires_at)
        return answer

    async def _rotate(
        self,
        connection: Connection,
        client: Client,
        presented: str,
        stored: StoredRefreshToken,
        scope: str,
        now: datetime,
    ) -> TokenAnswer:
        answer = self._answer(client, scope, (stored.unique_id, stored.grant_id))
        # Without the nonce: that belongs to the one request that the code was for (Core, section 12.2).
        self._add_id_token(answer, client, stored.unique_id, stored.sign_in, None)
        answer.refresh_token = new_secret()
        await queries.rotate_refresh_token(
            connection,
            token_hash=hash_secret(presented),
            now=now,
            sealed_answer=seal(_answer_key(presented), msgspec.json.encode(answer)),
            successor_hash=hash_secret(answer.refresh_token),
            expires_at=min(
                now + timedelta(seconds=client.refresh_token_seconds), stored.granted_at + _longest_grant(client)
            ),
        )
        return answer

    def _add_id_token(
        self, answer: TokenAnswer, client: Client, unique_id: UUID, sign_in: SignIn | None, nonce: str | None
    ) -> None:
        if sign_in is None or not holds_scope(answer.scope, OPENID):
            return
        token = IdToken(client.client_id, unique_id, sign_in, nonce, answer.access_token, client.id_token_algorithm)
        answer.id_token = sign_id_token(token, self._keys, self._settings.issuer, self._clock.now())


def _longest_grant(client: Client) -> timedelta:
    return timedelta(seconds=client.grant_seconds)


def _answer_key(refresh_token: str) -> bytes:
    """The key of a rotation's answer: only the token that was presented opens it again."""
    return derive(refresh_token.encode(), "refresh answer")
