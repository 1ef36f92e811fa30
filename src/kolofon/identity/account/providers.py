"""Other ways to sign in: the providers that the account is linked to, adding one and removing one.

Adding one begins by a link that only our page can have made and ends by a form that says what the provider told.
Without the first another site could begin it, without the second a browser that somebody else had signed in at the
provider would end it: in both cases the account would open to that one.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response

from kolofon.identity import ended_sessions, sentences
from kolofon.identity import queries as accounts
from kolofon.identity.account import queries
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.account.words import When
from kolofon.identity.external_sign_in import queries as external
from kolofon.identity.external_sign_in.account_links import ASKING, HANDOVER, PROBLEM
from kolofon.identity.external_sign_in.outgoing import ProviderDown
from kolofon.identity.external_sign_in.providers import Provider
from kolofon.identity.external_sign_in.queries import Link, Waiting
from kolofon.identity.external_sign_in.service import METHOD
from kolofon.identity.external_sign_in.told import Told
from kolofon.identity.notices.service import notify
from kolofon.identity.oauth.grants import Revocation, WhichGrants, revoke_grants
from kolofon.identity.pages.form_tokens import browser_cookie
from kolofon.identity.redirects import redirect
from kolofon.identity.remember_me.queries import end_logins_by
from kolofon.platform.database import Connection
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.i18n import translations
from kolofon.platform.sealing import derive

PATH = "/providers"
LEAVE_PATH = f"{PATH}/leave"
LINK_PATH = f"{PATH}{ASKING}"


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A linked provider, as the page shows it."""

    id: str
    name: str
    since: str
    used: str


class _Offer(msgspec.Struct, frozen=True):
    """A provider that can be added, and the link that begins it."""

    name: str
    url: str


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """What is linked, and what more can be."""
    async with visit.server.pool().acquire() as connection:
        links = await _linked(visit, connection)
        when = await When.of(visit, connection)
    offers = [_Offer(each.name, _leave_url(visit, each)) for each in offered(visit)]
    if not links and not offers and not visit.parameter("done"):
        return visit.leave_for()
    lines = [
        _Line(id=_id_of(link), name=provider.name, since=when.day(link.linked_at), used=when.words(link.last_used_at))
        for provider, link in links
    ]
    errors = errors or _problem(visit)
    return visit.show("account_providers.html", errors, status, lines=lines, offers=offers)


def offered(visit: AccountVisit) -> list[Provider]:
    """The providers that the reader's newspaper offers."""
    return visit.server.external.providers.offered(visit.partner_code) if visit.partner_code is not None else []


async def linked_names(visit: AccountVisit, connection: Connection) -> list[str]:
    """What the account is linked to, by name."""
    links = await _linked(visit, connection)
    return list(dict.fromkeys(provider.name for provider, _ in links))


async def leave(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """Send the browser to a provider, to come back to this session."""
    if not visit.is_fresh:
        # The page asks for a new sign-in. That may not come back here: browsers hold redirects after its form to this
        # server, and this leads to the provider.
        return visit.leave_for(PATH)
    provider = next((each for each in offered(visit) if each.code == visit.parameter("provider")), None)
    if provider is None or not hmac.compare_digest(_mark(visit, provider), visit.parameter("mark").encode()):
        return _back(visit, "provider", "ended")
    waiting = Waiting(
        page=f"account{PATH}",
        prefix=visit.base,
        query=visit.kept_query,
        language=visit.language,
        remember=False,
        session_id=visit.session.session_id,
    )
    external_sign_in = visit.server.external
    try:
        url = await external_sign_in.begin(visit.server.pool(), provider, visit.browser, visit.address, waiting)
    except ProviderDown:
        return _back(visit, provider.code, "down")
    except TooManyRequests:
        text = visit.text(sentences.TOO_OFTEN)
        return await show(visit, {"": text}, 429)
    return redirect(url, cookies=[browser_cookie(visit.server, visit.browser)])


async def show_link(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """Whom the provider knows the reader as, and whether that one is to be linked."""
    handover = visit.form.get(HANDOVER) or visit.parameter(HANDOVER)
    async with visit.server.pool().acquire() as connection:
        found = await visit.server.external.look_at_handover(
            connection, handover, visit.browser, visit.session.session_id
        )
    if found is None:
        return _back(visit, "", "ended")
    provider, told = found
    return visit.show("account_link.html", errors, status, name=provider.name, who=_who(told), handover=handover)


async def link(visit: AccountVisit) -> Response[Any]:
    """Link it. The sign-in was new when the browser left, and this has to be within the ten minutes after."""
    unique_id, linking = visit.session.unique_id, visit.server.external.linking
    async with visit.server.pool().acquire() as connection, connection.transaction():
        found = await visit.server.external.take_handover(
            connection, visit.form.get(HANDOVER, ""), visit.browser, visit.session.session_id
        )
        if found is None:
            return _back(visit, "", "ended")
        provider, told = found
        await linking.hold(connection, provider, told)
        if not await accounts.lock_account(connection, unique_id):
            return _back(visit, provider.code, "ended")
        notice = visit.notice("providerLinked", provider.name)
        if not await linking.link(connection, notice, provider, told, unique_id):
            return _back(visit, provider.code, "others")
    return visit.leave_for(PATH, done="linked")


async def remove(visit: AccountVisit) -> Response[Any]:
    """Remove a link, and end what was signed in through a provider, except this session."""
    async with visit.server.pool().acquire() as connection, connection.transaction():
        revocations = await _remove(visit, connection, visit.form.get("which", ""))
    if revocations is None:
        text = "This one has to stay until you have a verified e-mail address or number to sign in with."
        return await show(visit, {"": visit.text(text)})
    visit.server.revocations.add_all(revocations)
    return visit.leave_for(PATH, done="removed")


async def _remove(visit: AccountVisit, connection: Connection, which: str) -> list[Revocation] | None:
    """What was revoked; None when the link is the last way into the account."""
    unique_id, session_id, now = visit.session.unique_id, visit.session.session_id, visit.now
    if not await accounts.lock_account(connection, unique_id):
        return []
    own = await queries.list_credentials(connection, unique_id)
    if not any(each.reachable and each.verified for each in own):
        return None
    links = await _linked(visit, connection)
    found = next(((provider, link) for provider, link in links if _id_of(link) == which), None)
    if found is None:
        return []
    provider, link = found
    if not await external.remove_link(connection, unique_id, link.subject, now):
        return []
    await visit.record(connection, "unlinkProvider", before={"provider": provider.code})
    await notify(connection, now, unique_id, visit.notice("providerRemoved", provider.name))
    # Which of the providers a session came through is not known, so it is all of them.
    await end_logins_by(connection, unique_id, method=METHOD)
    await ended_sessions.end_all_by_method(connection, unique_id, METHOD, now, but=session_id)
    return await revoke_grants(connection, unique_id, now, WhichGrants(but_session_id=session_id, method=METHOD))


async def _linked(visit: AccountVisit, connection: Connection) -> list[tuple[Provider, Link]]:
    """The account's links to providers that are set up."""
    found = []
    for each in await external.list_links(connection, visit.session.unique_id):
        provider = visit.server.external.providers.get(each.subject.provider_code)
        if provider is not None and provider.issuer == each.subject.issuer:
            found.append((provider, each))
    return found


def _leave_url(visit: AccountVisit, provider: Provider) -> str:
    url = visit.url(LEAVE_PATH)
    members = {"provider": provider.code, "mark": _mark(visit, provider).decode()}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(members)}"


def _mark(visit: AccountVisit, provider: Provider) -> bytes:
    """What shows that a link is of our page, for this session in this browser."""
    key = derive(visit.server.form_key, "leaving for a provider")
    text = f"{visit.browser} {visit.session.session_id} {provider.code}"
    return hmac.new(key, text.encode(), sha256).hexdigest().encode()


def _id_of(link: Link) -> str:
    """The subject itself is between us and the provider."""
    digest = sha256("\n".join(msgspec.structs.astuple(link.subject)).encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _who(told: Told) -> str:
    """A name and an address, as far as the provider told them."""
    reachable = told.email or next((each.credential for each in told.vouched), "")
    return ", ".join(part for part in (" ".join(name for name in told.names if name), reachable) if part)


def _back(visit: AccountVisit, provider: str, problem: str) -> Response[Any]:
    return visit.leave_for(PATH, None, **{"provider": provider, PROBLEM: problem})


def _problem(visit: AccountVisit) -> dict[str, str]:
    """What went wrong on the way, which the address says."""
    provider = visit.server.external.providers.get(visit.parameter("provider"))
    gettext = translations(visit.language).gettext
    sentences = {
        "given up": gettext("You did not go through with it at %(name)s. Nothing has been added."),
        "not told": gettext("%(name)s could not tell us who you are. Nothing has been added; please try again."),
        "down": gettext("%(name)s does not answer at the moment. Please try again later."),
        "others": gettext(
            "Your user at %(name)s is linked to another account here. Sign in with %(name)s and remove it there first."
        ),
    }
    problem = visit.parameter(PROBLEM)
    if provider is not None and problem in sentences:
        return {"": sentences[problem] % {"name": provider.name}}
    if problem:
        text = "It took more than ten minutes, or somebody has signed in anew meanwhile. Please try again."
        return {"": visit.text(text)}
    return {}


ACTIONS = {"remove": remove}
LINK_ACTIONS = {"link": link}
