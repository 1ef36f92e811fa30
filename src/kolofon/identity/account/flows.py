"""What is known between asking for a code and entering it, sealed into the form for this reader and browser."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.account.gate import AccountVisit
from kolofon.platform.sealing import derive, seal_value, unseal_value


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
    return seal_value(_key(visit), flow)


def read_flow(visit: AccountVisit) -> CredentialFlow | None:
    """What the hidden field holds, if this server gave it to this reader in this browser and it is not too old."""
    flow = unseal_value(_key(visit), visit.form.get("flow", ""), CredentialFlow)
    if flow is None:
        return None
    is_theirs = flow.unique_id == visit.session.unique_id and flow.browser == visit.browser
    return flow if is_theirs and visit.now < flow.expires_at else None


def _key(visit: AccountVisit) -> bytes:
    return derive(visit.server.flow_key, "credentials")
