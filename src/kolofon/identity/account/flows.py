"""What is known from one form to the next on the way of a credential, sealed for this reader and browser."""

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
    replaces: str | None = None  # the credential that goes when this one has come


class Replacing(msgspec.Struct, frozen=True, kw_only=True):
    """A credential of a reader that another one is to be typed for."""

    unique_id: UUID
    browser: str
    replaces: str
    expires_at: datetime


def seal_flow(
    visit: AccountVisit, credential: str, code_id: UUID, expires_at: datetime, replaces: str | None = None
) -> str:
    """The hidden field's value."""
    flow = CredentialFlow(
        unique_id=visit.session.unique_id,
        browser=visit.browser,
        credential=credential,
        code_id=code_id,
        expires_at=expires_at,
        replaces=replaces,
    )
    return seal_value(_key(visit), flow)


def read_flow(visit: AccountVisit) -> CredentialFlow | None:
    """What the hidden field holds, if this server gave it to this reader in this browser and it is not too old."""
    flow = unseal_value(_key(visit), visit.form.get("flow", ""), CredentialFlow)
    return flow if flow is not None and _is_theirs(visit, flow) else None


def seal_replacing(visit: AccountVisit, replaces: str, expires_at: datetime) -> str:
    """The hidden field's value while the new one is typed."""
    replacing = Replacing(
        unique_id=visit.session.unique_id, browser=visit.browser, replaces=replaces, expires_at=expires_at
    )
    return seal_value(_replacing_key(visit), replacing)


def read_replacing(visit: AccountVisit) -> Replacing | None:
    """What that holds, under the same conditions."""
    replacing = unseal_value(_replacing_key(visit), visit.form.get("flow", ""), Replacing)
    return replacing if replacing is not None and _is_theirs(visit, replacing) else None


def _is_theirs(visit: AccountVisit, flow: CredentialFlow | Replacing) -> bool:
    same = flow.unique_id == visit.session.unique_id and flow.browser == visit.browser
    return same and visit.now < flow.expires_at


def _key(visit: AccountVisit) -> bytes:
    return derive(visit.server.flow_key, "credentials")


def _replacing_key(visit: AccountVisit) -> bytes:
    return derive(visit.server.flow_key, "replacing credentials")
