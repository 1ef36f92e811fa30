"""What is known between two steps of a sign-in, sealed into the form: the browser carries it and cannot read it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kolofon.identity.codes.queries import Purpose
from kolofon.identity.external_sign_in.told import Told
from kolofon.identity.queries import Session
from kolofon.platform.sealing import seal_value, unseal_value

Step = Literal["code", "details", "new_password", "second_factor", "recovery", "set_up"]
# Whether the reader may go on without a second factor where the browser is awaited.
Wish = Literal["required", "wished"]


class ToLink(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's user, who is linked to the account once its second factor has been shown."""

    provider_code: str
    told: Told


class Second(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in whose first factor has been shown: the session that it would become, and what may follow.

    `stepping_up`: the session is there already, in this browser.
    `secret` is what an app is given while it is set up.
    """

    session: Session
    stepping_up: bool
    wish: Wish
    totp: bool
    passkey: bool
    secret: str = ""
    to_link: ToLink | None = None


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in at one of its steps. After the first one of a sign-in by code, the code has been entered."""

    step: Step
    credential: str
    purpose: Purpose
    code_id: UUID  # of the code that was asked for; where there was none, an id that is used up as well
    remember: bool
    browser: str
    expires_at: datetime
    second: Second | None = None
    is_first: bool = False  # the password that is set, of an account that never had one


def seal_flow(key: bytes, flow: Flow) -> str:
    """The hidden field's value."""
    return seal_value(key, flow)


def read_flow(key: bytes, text: str, browser: str, now: datetime) -> Flow | None:
    """What the hidden field holds, if this server gave it to this browser and it is not too old."""
    flow = unseal_value(key, text, Flow)
    return flow if flow is not None and flow.browser == browser and now < flow.expires_at else None
