"""What is known between two steps of a sign-in, sealed into the form: the browser carries it and cannot read it."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kolofon.identity.codes.queries import Purpose
from kolofon.platform.sealing import SealBroken, seal, unseal

Step = Literal["code", "details", "new_password"]


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in by code, at one of its steps. After the first one the code has been entered."""

    step: Step
    credential: str
    purpose: Purpose
    code_id: UUID
    remember: bool
    browser: str
    expires_at: datetime


def seal_flow(key: bytes, flow: Flow) -> str:
    """The hidden field's value."""
    return urlsafe_b64encode(seal(key, msgspec.json.encode(flow))).decode()


def read_flow(key: bytes, text: str, browser: str, now: datetime) -> Flow | None:
    """What the hidden field holds, if this server gave it to this browser and it is not too old."""
    try:
        flow = msgspec.json.decode(unseal(key, urlsafe_b64decode(text.encode())), type=Flow)
    except (SealBroken, binascii.Error, ValueError):
        return None
    return flow if flow.browser == browser and now < flow.expires_at else None
