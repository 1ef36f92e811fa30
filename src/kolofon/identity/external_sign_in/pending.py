"""What a provider told, sealed into the form while the reader shows an address to be theirs."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.external_sign_in.told import Told
from kolofon.platform.sealing import unseal_value


class Pending(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="external sign-in"):
    """A sign-in that lacks a proof. `credential` is what has to be proved; empty: one of the reader's choice.

    It is sealed with the key of the pages' flows; the tag keeps one from being read as the other.
    """

    provider_code: str
    told: Told
    credential: str
    chosen: str  # what the code was sent to; empty before
    code_id: UUID | None
    remember: bool
    browser: str
    expires_at: datetime
    again: bool = False  # the reader has removed this provider before
    second: None = None  # a flow of the pages may be at a second factor; this is never


def read_pending(key: bytes, text: str, browser: str, now: datetime) -> Pending | None:
    """What the hidden field holds, if this server gave it to this browser and it is not too old."""
    pending = unseal_value(key, text, Pending)
    return pending if pending is not None and pending.browser == browser and now < pending.expires_at else None
