"""What is known between asking for a code and entering it, sealed into the form for this reader and browser."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.account.gate import AccountVisit
from kolofon.platform.sealing import SealBroken, derive, seal, unseal


class CredentialFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A credential on its way to a reader."""

    unique_id: UUID
    browser: str
    credential: str
    code_id: UUID
    expires_at: datetime


def seal_flow(visit: AccountVisit, credential: str, code_id: UUID, expires_at: datetime) -> str:
    """The hidden field's value."""
    flow = CredentialFlow(
        unique_id=visit.session.unique_id,
        browser=visit.browser,
        credential=credential,
        code_id=code_id,
        expires_at=expires_at,
    )
    return urlsafe_b64encode(seal(_key(visit), msgspec.json.encode(flow))).decode()


def read_flow(visit: AccountVisit) -> CredentialFlow | None:
    """What the hidden field holds, if this server gave it to this reader in this browser and it is not too old."""
    try:
        sealed = urlsafe_b64decode(visit.form.get("flow", "").encode())
        flow = msgspec.json.decode(unseal(_key(visit), sealed), type=CredentialFlow)
    except (SealBroken, binascii.Error, ValueError):
        return None
    is_theirs = flow.unique_id == visit.session.unique_id and flow.browser == visit.browser
    return flow if is_theirs and visit.now < flow.expires_at else None


def _key(visit: AccountVisit) -> bytes:
    return derive(visit.server.flow_key, "credentials")
