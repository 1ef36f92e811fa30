"""A browser at a link: who is signed in by it is told first, then the press of a button does it, once."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response

from kolofon.engine.accounts.link_queries import LoginLink, find_link, use_link
from kolofon.identity import accounts
from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages import signing_in
from kolofon.identity.pages.entries import Entry, read_entry
from kolofon.identity.pages.form_tokens import browser_of
from kolofon.identity.pages.forms import Form, Viewer, form_page
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.visits import AFTER_CODE, HttpRequest, Visit, query_of
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.redirects import redirect
from kolofon.platform.credentials import BY_LINK
from kolofon.platform.database import Connection
from kolofon.platform.errors import NotFound
from kolofon.platform.ids import hash_secret


class LinkPage:
    """One request for a link."""

    def __init__(self, request: HttpRequest, server: LoginServer, secret: str) -> None:
        self._request = request
        self._server = server
        self._link_hash = hash_secret(secret)
        self._base = prefix_of(request)

    async def show(self) -> Response[Any]:
        """Whom the link signs in; a link that is used up or too old leads to the site's error address."""
        link = await self._find()
        entry = self._entry(link)
        if link.used_at is not None or link.expires_at <= self._server.clock.now():
            return redirect(link.error_url)
        language = chosen_language(self._request)
        viewer = Viewer(
            server=self._server,
            browser=browser_of(self._request, self._server),
            language=language,
            chose_language=self._request.query_params.get("lang") == language,
            base=self._base,
        )
        query = query_of(self._request)
        form = Form(path="loginLink", query=query, address=query, target=entry.form_target, cancel_url=entry.cancel_url)
        return form_page("login_link.html", viewer, entry.client, form, credential=link.credential)

    async def use(self, form: dict[str, str]) -> Response[Any]:
        """Sign in, or ask for the first password."""
        link = await self._find()
        entry = self._entry(link)
        visit = Visit(self._request, self._server, entry, form, query=_site_query(link))
        async with self._server.pool().acquire() as connection, connection.transaction():
            if not await use_link(connection, self._link_hash, visit.now):
                return redirect(link.error_url, 303)
            answer = await self._sign_in(visit, connection, link)
        self._server.revocations.add_all(visit.revoked)
        return answer if answer is not None else redirect(link.error_url, 303)

    async def _sign_in(self, visit: Visit, connection: Connection, link: LoginLink) -> Response[Any] | None:
        """The next page; None when the credential is not that account's any more, or the account is closed."""
        proved = await accounts.verified_account(
            connection, self._server.clock, link.credential, visit.origin, level=BY_LINK
        )
        if proved is None:
            return None
        visit.revoked += proved.revocations
        if proved.account.unique_id != link.unique_id or proved.account.disabled:
            return None
        session = self._server.sessions.just_signed_in(link.unique_id, link.credential, "otp")
        if proved.account.password_hash is not None:
            return await signing_in.complete(visit, connection, session, remember=False)
        code_id = await self._server.codes.vouch(connection, link.credential, "password")
        flow = visit.flow_from(link.credential, "password", code_id, visit.now + AFTER_CODE)
        flow = msgspec.structs.replace(flow, is_first=True)
        asking = await signing_in.ask_for_second(visit, connection, session, remember=False, before=flow)
        if asking is not None:
            return asking
        return visit.show("new_password.html", flow=visit.step_on(flow, "new_password"), credential=link.credential)

    async def _find(self) -> LoginLink:
        async with self._server.pool().acquire() as connection:
            link = await find_link(connection, self._link_hash)
        if link is None:
            raise NotFound("token: there is no such link")
        return link

    def _entry(self, link: LoginLink) -> Entry:
        """What the link leads to, checked anew; raises InvalidRequest."""
        catalogue, public_url = self._server.catalogue.current, self._server.settings.public_url
        return read_entry(catalogue, "login", _site_query(link), public_url, self._base)


def _site_query(link: LoginLink) -> str:
    """The query of the sign-in page that goes on where the link leads."""
    return urlencode({"clientId": link.client_id, "returnUrl": link.return_url, "errorUrl": link.error_url})
