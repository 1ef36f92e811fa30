"""OpenID Connect Core, section 3.1.2: what an authentication request wants of the sign-in, and what comes next."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from kolofon.identity.oauth.rfc6749 import OAuthError
from kolofon.identity.openid.asking import Asked
from kolofon.identity.openid.id_token import TWO_FACTORS, Hint, acr_of
from kolofon.identity.queries import Session

PROMPTS = ("none", "login", "consent", "select_account")
_MAX_AGE = re.compile(r"[0-9]{1,9}")


class WantedSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Which sign-in a client will take. A request without the scope openid takes any."""

    quiet: bool = False  # nothing may be shown
    again: bool = False  # an old session will not do
    choose: bool = False  # nor one that the reader has not said yes to
    consent: bool = False  # the reader is asked what the client may have, even if it is known
    max_age: timedelta | None = None
    readers: frozenset[UUID] | None = None  # who it must be; None: anybody
    acr_values: frozenset[str] | None = None  # without one of these nothing is answered
    wished_acr_values: frozenset[str] = frozenset()  # and these would be nice

    @property
    def is_particular(self) -> bool:
        """Whether the reader may have to sign in although there is a session."""
        return self.again or self.choose or self.max_age is not None or self.readers is not None


ANY_SIGN_IN = WantedSignIn()


class Step(Enum):
    """What the authorization endpoint does next."""

    ANSWER = "answer"
    ASK = "ask"
    CHOOSE = "choose"
    CONSENT = "consent"
    SECOND_FACTOR = "second factor"


def refuse_unsupported(parameters: Mapping[str, str]) -> None:
    """Raises OAuthError for what changes a request's meaning and is not done here (sections 6 and 7)."""
    if "request" in parameters:
        raise OAuthError("request_not_supported", "request: push the request instead (RFC 9126)")
    if "request_uri" in parameters:
        raise OAuthError("request_uri_not_supported", "request_uri: only that of a pushed request (RFC 9126)")
    if "registration" in parameters:
        raise OAuthError("registration_not_supported", "registration: clients are registered beforehand")
    if parameters.get("response_mode", "query") != "query":
        raise OAuthError("invalid_request", "response_mode: expected query")


def read_wanted_sign_in(parameters: Mapping[str, str], hint: Hint | None) -> WantedSignIn:
    """What a request with the scope openid wants; `hint` is its id_token_hint, verified. Raises OAuthError."""
    prompts = set(parameters.get("prompt", "").split())
    if prompts - set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
        raise OAuthError("invalid_request", "prompt: expected none alone, or some of login, consent, select_account")
    max_age = parameters.get("max_age")
    if max_age is not None and not _MAX_AGE.fullmatch(max_age):
        raise OAuthError("invalid_request", "max_age: expected a number of seconds")
    subject, acr_values, wished = _read_claims(parameters.get("claims"))
    readers = [reader for reader in (hint.unique_id if hint is not None else None, subject) if reader is not None]
    return WantedSignIn(
        quiet="none" in prompts,
        again="login" in prompts,
        choose="select_account" in prompts,
        consent="consent" in prompts,
        max_age=timedelta(seconds=int(max_age)) if max_age is not None else None,
        readers=frozenset(readers) if readers else None,
        acr_values=acr_values,
        wished_acr_values=wished | frozenset(parameters.get("acr_values", "").split()),
    )


def next_step(
    wanted: WantedSignIn,
    session: Session | None,
    asked: Asked | None,
    now: datetime,
    chosen: bool = False,
    declined: bool = False,
) -> Step:
    """Whether a session will do. `asked` tells when this request sent the reader to the sign-in page, if it did.

    `chosen`: the reader was asked there whose session it shall be, and has said: this one. `declined`: or for a
    second factor, and will not show one.
    Raises OAuthError when asking would not help or is forbidden.
    """
    if session is None:
        return _ask(wanted)
    # A provider may have let its own session do; the page offers none where a new sign-in is asked for.
    is_new = asked is not None and session.authenticated_at > asked.at and not session.is_by_provider_alone
    is_old = wanted.max_age is not None and session.authenticated_at + wanted.max_age <= now
    must_be_new = wanted.again or is_old or (asked is not None and asked.anew)
    if must_be_new and not is_new:
        return _ask(wanted)
    if wanted.readers is not None and wanted.readers != {session.unique_id}:
        if is_new:
            raise OAuthError("login_required", "another reader than the one that was meant has signed in")
        return _ask(wanted)
    # The page answers the prompt, so the mark knows it too.
    if (wanted.choose or (asked is not None and asked.choose)) and not (is_new or chosen):
        return _ask(wanted, Step.CHOOSE)
    return _step_of_acr(wanted, acr_of(session.authentication_methods), declined or wanted.quiet)


def _step_of_acr(wanted: WantedSignIn, acr: str, is_last_word: bool) -> Step:
    """Essential values are an error when they are not met, others a question at most (section 5.5.1.1)."""
    if wanted.acr_values is not None and acr not in wanted.acr_values:
        if is_last_word or TWO_FACTORS not in wanted.acr_values or acr == TWO_FACTORS:
            raise OAuthError("unmet_authentication_requirements", "acr: the sign-in has none of the wanted values")
        return Step.SECOND_FACTOR
    wished = wanted.wished_acr_values
    if acr not in wished and TWO_FACTORS in wished and not is_last_word:
        return Step.SECOND_FACTOR
    return Step.ANSWER


def _ask(wanted: WantedSignIn, step: Step = Step.ASK) -> Step:
    if wanted.quiet:
        raise OAuthError("login_required", "the reader would have to sign in")
    return step


def _read_claims(text: str | None) -> tuple[UUID | None, frozenset[str] | None, frozenset[str]]:
    """Of the claims parameter (section 5.5): the reader, the acr values when they are essential, and else as a wish.

    auth_time is in every id_token, so that it is essential asks for nothing more.
    """
    if text is None:
        return None, None, frozenset()
    try:
        claims = msgspec.convert(msgspec.json.decode(text), dict[str, dict[str, Any] | None])
        of_id_token = msgspec.convert(claims.get("id_token") or {}, dict[str, _ClaimRequest | None])
        subject = of_id_token.get("sub") or _ClaimRequest()
        reader = UUID(str(subject.value)) if subject.value is not None else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise OAuthError("invalid_request", "claims: expected JSON as in OpenID Connect Core, section 5.5") from None
    acr = of_id_token.get("acr") or _ClaimRequest()
    if acr.essential and acr.accepted:
        return reader, acr.accepted, frozenset()
    return reader, None, acr.accepted


class _ClaimRequest(msgspec.Struct, frozen=True):
    essential: bool = False
    value: Any = None
    values: list[Any] = []

    @property
    def accepted(self) -> frozenset[str]:
        """The values that will do."""
        return frozenset(str(value) for value in (self.value, *self.values) if value is not None)
