"""The request behind a consent page, sealed into its form: the browser carries it and can neither read nor alter it."""

from base64 import urlsafe_b64decode
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from uuid import UUID

import msgspec

from kolofon.identity.queries import Session
from kolofon.platform.sealing import seal_value, unseal_value

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
    return seal_value(key, form)


def read_answer(key: bytes, text: str, action: str, browser: str, now: datetime) -> Answer | None:
    """The form, if this server gave it to this browser and it is not too old."""
    form = unseal_value(key, text, ConsentForm)
    if form is None or form.browser != browser or now >= form.expires_at:
        return None
    # Of what is sealed: the text that stands for it can be spelled in more than one way.
    used_hash = sha256(b"consent form " + urlsafe_b64decode(text.encode())).digest()
    pressed = action if action in {decision.value for decision in Decision} else Decision.SHOW.value
    return Answer(form, Decision(pressed), used_hash)
