"""What comes after a provider's answer: a session, or first the proof that an address is the reader's."""

from enum import Enum
from typing import Any

import msgspec
from litestar import Response

from kolofon.identity import sentences
from kolofon.identity.codes.messages import code_message
from kolofon.identity.codes.queries import Purpose
from kolofon.identity.codes.service import LIFETIME
from kolofon.identity.external_sign_in.linking import Outcome, ProofNeeded, SignedIn
from kolofon.identity.external_sign_in.pending import Pending, read_pending
from kolofon.identity.external_sign_in.providers import Provider
from kolofon.identity.external_sign_in.service import METHOD
from kolofon.identity.external_sign_in.told import Told
from kolofon.identity.external_sign_in.visits import ProviderVisit
from kolofon.identity.pages import signing_in
from kolofon.identity.pages.flows import ToLink
from kolofon.identity.pages.steps import start_page
from kolofon.platform.credentials import reachable_credential
from kolofon.platform.database import Connection
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.i18n import translations

_PURPOSE: Purpose = "register"  # the code goes to anybody, since an account may be made


class Trouble(Enum):
    """Why a provider does not sign a reader in."""

    NOT_TOLD = "not told"
    GIVEN_UP = "given up"
    DOWN = "down"
    CLOSED = "closed"


def trouble_page(visit: ProviderVisit, provider: Provider, trouble: Trouble, status: int = 400) -> Response[Any]:
    """The page that was left, with what was the matter: there are other ways to sign in."""
    gettext = translations(visit.language).gettext
    sentences = {
        Trouble.NOT_TOLD: gettext("%(name)s could not tell us who you are. Please try again, or sign in another way."),
        Trouble.GIVEN_UP: gettext("You did not finish signing in with %(name)s. Try again, or sign in another way."),
        Trouble.DOWN: gettext(
            "%(name)s does not answer at the moment. Please try again later, or sign in another way."
        ),
        Trouble.CLOSED: gettext(
            "The account that you have with %(name)s cannot be used here. Please contact customer service."
        ),
    }
    return start_page(visit, {"": sentences[trouble] % {"name": provider.name}}, status)


async def sign_in(visit: ProviderVisit, provider: Provider, told: Told) -> Response[Any]:
    """Sign a provider's user in, or ask for what that lacks."""
    notice = visit.notice("providerLinked", provider.name)
    async with visit.server.pool().acquire() as connection, connection.transaction():
        outcome = await visit.server.external.linking.sign_in(connection, notice, provider, told)
        if not isinstance(outcome, ProofNeeded):
            return await _finish(visit, connection, provider, told, outcome, visit.waiting.remember)
    pending = Pending(
        provider_code=provider.code,
        told=told,
        credential=outcome.credential,
        chosen="",
        code_id=None,
        remember=visit.waiting.remember,
        browser=visit.browser,
        expires_at=visit.now + LIFETIME,
        again=outcome.again,
    )
    return _page(visit, provider, pending)


async def take_form(visit: ProviderVisit) -> Response[Any]:
    """Do what the pressed button says."""
    pending = read_pending(visit.server.flow_key, visit.form.get("flow", ""), visit.browser, visit.now)
    provider = None
    if pending is not None:
        provider = visit.server.external.providers.find(pending.provider_code, visit.partner_code)
    if pending is None or provider is None:
        return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
    try:
        if visit.form.get("action") == "code":
            return await _send_code(visit, provider, pending)
        if visit.form.get("action") == "enter_code" and pending.code_id is not None:
            return await _enter_code(visit, provider, pending)
    except TooManyRequests as refused:
        return _page(visit, provider, pending, {"": visit.text(sentences.too_often(refused))}, 429)
    return _page(visit, provider, pending)


async def _send_code(visit: ProviderVisit, provider: Provider, pending: Pending) -> Response[Any]:
    credential = pending.credential or pending.chosen or reachable_credential(visit.form.get("j_username", ""))
    if credential is None:
        text = visit.text(sentences.NOT_REACHABLE)
        return _page(visit, provider, pending, {"j_username": text}, 400)
    code_id = await visit.server.codes.issue(
        visit.server.pool(),
        visit.asked(credential, _PURPOSE),
        lambda code, ends: code_message(credential, code, ends, visit.language, visit.entry.client.name),
    )
    ends = visit.now + LIFETIME
    sent = msgspec.structs.replace(pending, chosen=credential, code_id=code_id, expires_at=ends)
    return _page(visit, provider, sent)


async def _enter_code(visit: ProviderVisit, provider: Provider, pending: Pending) -> Response[Any]:
    await visit.server.codes.throttle_tries(visit.address)
    typed = visit.form.get("code", "")
    notice, code_id = visit.notice("providerLinked", provider.name), pending.code_id
    answer = None
    async with visit.server.pool().acquire() as connection, connection.transaction():
        asked = visit.asked(pending.chosen, _PURPOSE)
        if code_id is not None and await visit.server.codes.enter(connection, code_id, asked, typed):
            await visit.server.codes.spend(connection, code_id)
            outcome = await visit.server.external.linking.sign_in_with_proof(
                connection, notice, provider, pending.told, pending.chosen
            )
            answer = await _finish(visit, connection, provider, pending.told, outcome, pending.remember)
    if answer is not None:
        visit.server.revocations.add_all(outcome.revocations if isinstance(outcome, SignedIn) else ())
        return answer
    text = sentences.NO_CODE
    return _page(visit, provider, pending, {"code": visit.text(text)}, 400)


async def _finish(
    visit: ProviderVisit, connection: Connection, provider: Provider, told: Told, outcome: Outcome, remember: bool
) -> Response[Any]:
    if not isinstance(outcome, SignedIn):
        return trouble_page(visit, provider, Trouble.CLOSED)
    session = visit.server.sessions.just_signed_in(outcome.unique_id, outcome.credential, METHOD)
    to_link = ToLink(provider_code=provider.code, told=told) if not outcome.linked else None
    return await signing_in.complete(visit, connection, session, remember, to_link)


def _page(
    visit: ProviderVisit,
    provider: Provider,
    pending: Pending,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    if pending.code_id is not None:
        return visit.ask("code.html", pending, errors, status, credential=pending.chosen, purpose=_PURPOSE)
    return visit.ask(
        "external_confirm.html",
        pending,
        errors,
        status,
        provider_name=provider.name,
        credential=pending.credential,
        again=pending.again,
        username=visit.form.get("j_username", pending.told.email),
    )
