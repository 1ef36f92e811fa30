"""Passkeys (WebAuthn): what the browser is asked, and what is believed of its answer.

A challenge is sealed data: it says what for, for which browser and until when it is good. So nothing is stored until
one is used; then its hash is, and it cannot be used again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kolofon.identity.oauth.queries import use_once
from kolofon.identity.queries import hold_account
from kolofon.identity.second_factors import queries
from kolofon.identity.second_factors.queries import Passkey
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret, new_uuid
from kolofon.platform.sealing import SealBroken, seal, unseal
from kolofon.settings import Settings

# "sign in" is for whoever the passkey belongs to, "confirm" and "add" for one account.
Purpose = Literal["sign in", "confirm", "add"]
GOOD_FOR = timedelta(minutes=30)
MOST = 20  # passkeys of one account
LONGEST_NAME = 100
_LONGEST_ANSWER = 20_000
_DEFAULT_PORTS = {"http": 80, "https": 443}
_log = structlog.get_logger()


class _Challenge(msgspec.Struct, frozen=True, array_like=True):
    purpose: Purpose
    browser: bytes
    unique_id: UUID | None
    expires_at: datetime


class _ClientData(msgspec.Struct):
    challenge: str
    crossOrigin: bool = False  # noqa: N815 (WebAuthn's word)


class _Response(msgspec.Struct):
    clientDataJSON: str  # noqa: N815 (WebAuthn's word)
    userHandle: str | None = None  # noqa: N815 (WebAuthn's word)


class _Answer(msgspec.Struct):
    id: str
    response: _Response


class _Read(msgspec.Struct, frozen=True):
    """An answer to a challenge of ours that is still good. Nothing else of it has been verified."""

    credential_id: bytes
    user_handle: bytes | None
    challenge: bytes
    expires_at: datetime
    members: dict[str, Any]


class Passkeys:
    """Asks for passkeys, and verifies them; what writes runs in the caller's transaction."""

    def __init__(self, settings: Settings, clock: Clock, key: bytes) -> None:
        parts = urlsplit(settings.public_url)
        host = (parts.hostname or "").lower()
        port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
        self._clock = clock
        self._key = key
        self._rp_id = self.host = host
        self._origin = f"{parts.scheme}://{host}{port}"
        # Browsers know no passkeys of addresses, and none without https but on this machine.
        self.available = not _is_address(host) and (parts.scheme == "https" or host == "localhost")

    def options_to_add(self, browser: str, unique_id: UUID, credential: str, held: Sequence[Passkey]) -> str:
        """What navigator.credentials.create is given, as JSON."""
        options = generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._rp_id,
            user_id=unique_id.bytes,
            user_name=credential,
            challenge=self._challenge("add", browser, unique_id),
            timeout=_milliseconds(GOOD_FOR),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=_descriptors(held),
        )
        return options_to_json(options)

    def options_to_get(self, browser: str, unique_id: UUID | None = None, held: Sequence[Passkey] = ()) -> str:
        """What navigator.credentials.get is given, as JSON; for one account's passkeys, or any that the browser has."""
        options = generate_authentication_options(
            rp_id=self._rp_id,
            challenge=self._challenge("sign in" if unique_id is None else "confirm", browser, unique_id),
            timeout=_milliseconds(GOOD_FOR),
            allow_credentials=_descriptors(held),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    async def add(self, connection: Connection, text: str, browser: str, unique_id: UUID, name: str) -> Passkey | None:
        """The passkey that the browser has made, stored; None when the answer is not what was asked for."""
        read = self._read(text, "add", browser, unique_id)
        if read is None:
            return None
        try:
            verified = verify_registration_response(
                credential=read.members,
                expected_challenge=read.challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except Exception as error:  # the library lets through what its parsers raise, and all of it means no
            _log.info("a new passkey was refused", reason=type(error).__name__)
            return None
        if not await use_once(connection, _hash(read.challenge), read.expires_at):
            return None
        passkey = Passkey(
            credential_id=verified.credential_id,
            passkey_id=new_uuid(),
            unique_id=unique_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=name,
            created_at=self._clock.now(),
            used_at=None,
        )
        return passkey if await queries.add_passkey(connection, passkey) else None

    async def show(
        self, connection: Connection, text: str, browser: str, unique_id: UUID | None = None
    ) -> Passkey | None:
        """The passkey that was shown, by the account's reader if it has to be a certain one; None for a bad answer."""
        read = self._read(text, "sign in" if unique_id is None else "confirm", browser, unique_id)
        owner = await queries.find_owner(connection, read.credential_id) if read is not None else None
        if read is None or owner is None or (unique_id is not None and owner != unique_id):
            return None
        # Whoever changes factors or password comes before or after this, and locks the account first as well.
        await hold_account(connection, owner)
        stored = await queries.lock_passkey(connection, read.credential_id)
        if stored is None:
            return None
        # Who has not said who they are is told by the authenticator; the two have to agree (section 7.2, step 6).
        if read.user_handle != stored.unique_id.bytes and (unique_id is None or read.user_handle is not None):
            return None
        try:
            verified = verify_authentication_response(
                credential=read.members,
                expected_challenge=read.challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                credential_public_key=stored.public_key,
                credential_current_sign_count=stored.sign_count,
                require_user_verification=True,
            )
        except Exception as error:  # as above
            _log.info("a passkey was refused", reason=type(error).__name__)
            return None
        if not await use_once(connection, _hash(read.challenge), read.expires_at):
            return None
        await queries.use_passkey(connection, stored.credential_id, verified.new_sign_count, self._clock.now())
        return stored

    def _challenge(self, purpose: Purpose, browser: str, unique_id: UUID | None) -> bytes:
        challenge = _Challenge(purpose, hash_secret(browser), unique_id, self._clock.now() + GOOD_FOR)
        return seal(self._key, msgspec.msgpack.encode(challenge))

    def _read(self, text: str, purpose: Purpose, browser: str, unique_id: UUID | None) -> _Read | None:
        if len(text) > _LONGEST_ANSWER:
            return None
        try:
            answer = msgspec.json.decode(text, type=_Answer)
            client_data = msgspec.json.decode(base64url_to_bytes(answer.response.clientDataJSON), type=_ClientData)
            sealed = base64url_to_bytes(client_data.challenge)
            challenge = msgspec.msgpack.decode(unseal(self._key, sealed), type=_Challenge)
            handle = answer.response.userHandle
            read = _Read(
                credential_id=base64url_to_bytes(answer.id),
                user_handle=base64url_to_bytes(handle) if handle else None,
                challenge=sealed,
                expires_at=challenge.expires_at,
                members=msgspec.json.decode(text),
            )
        except (SealBroken, msgspec.MsgspecError, ValueError, RecursionError):
            return None
        asked = (challenge.purpose, challenge.browser, challenge.unique_id)
        is_ours = asked == (purpose, hash_secret(browser), unique_id) and self._clock.now() < challenge.expires_at
        return read if is_ours and not client_data.crossOrigin else None


def _descriptors(held: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in held]


def _hash(challenge: bytes) -> bytes:
    return hash_secret(f"passkey {challenge.hex()}")


def _milliseconds(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
