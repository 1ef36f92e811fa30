"""The request behind a consent page, sealed into its form: the browser carries it and can neither read nor alter it."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from uuid import UUID

import msgspec

from kolofon.identity.queries import Session
from kolofon.platform.sealing import SealBroken, seal, unseal

OPEN_FOR = timedelta(hours=1)


class Decision(Enum):
    """What the reader pressed."""

    ALLOW = "allow"
    DENY = "deny"
    OTHER_ACCOUNT = "other"
    SHOW = "show"


class ConsentForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a consent page was shown for: this request, to this reader, in this session of this browser."""

    parameters: dict[str, str]
    is_pushed: bool
    scopes: frozenset[str]
    unique_id: UUID
    session_id: str
    browser: str
    expires_at: datetime


class Answer(msgspec.Struct, frozen=True):
    """A form that came back, and what was pressed. `used_hash` stands for this one form."""

    form: ConsentForm
    decision: Decision
    used_hash: bytes

    def decision_of(self, session: Session | None, scopes: frozenset[str]) -> Decision:
        """What was pressed, if it was this reader in this session and about this; else the page is shown again."""
        if session is None or not session.session_id:
            return Decision.SHOW
        same_reader = (self.form.unique_id, self.form.session_id) == (session.unique_id, session.session_id)
        return self.decision if same_reader and self.form.scopes == scopes else Decision.SHOW


def seal_form(key: bytes, form: ConsentForm) -> str:
    """The hidden field's value."""
    return urlsafe_b64encode(seal(key, msgspec.json.encode(form))).decode()


def read_answer(key: bytes, text: str, action: str, browser: str, now: datetime) -> Answer | None:
    """The form, if this server gave it to this browser and it is not too old."""
    try:
        sealed = urlsafe_b64decode(text.encode())
        form = msgspec.json.decode(unseal(key, sealed), type=ConsentForm)
    except (SealBroken, binascii.Error, ValueError):
        return None
    if form.browser != browser or now >= form.expires_at:
        return None
    pressed = action if action in {decision.value for decision in Decision} else Decision.SHOW.value
    return Answer(form, Decision(pressed), sha256(b"consent form " + sealed).digest())
