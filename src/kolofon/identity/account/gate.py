"""Opening one of the account pages: who is there, from which newspaper, and whether the sign-in is new enough."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Response
from litestar.datastructures import Cookie

from kolofon.catalogue.memory import Client
from kolofon.engine.return_urls import checked_return_url
from kolofon.identity import sentences
from kolofon.identity.account import queries
from kolofon.identity.account.queries import Reader
from kolofon.identity.codes.queries import Purpose
from kolofon.identity.codes.service import Asked
from kolofon.identity.login_server import LoginServer
from kolofon.identity.notices.messages import Kind, Notice
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.origins import address_of
from kolofon.identity.pages.form_tokens import browser_of, form_token_fits
from kolofon.identity.pages.forms import Form, Viewer, form_page
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.messages import message_page
from kolofon.identity.pages.visits import HttpRequest, query_of, request_origin
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.queries import Session
from kolofon.identity.redirects import redirect
from kolofon.identity.sessions import is_fresh
from kolofon.platform.audit import record_user
from kolofon.platform.database import Connection
from kolofon.platform.i18n import translations

_KEPT = ("clientId", "returnUrl")


class AccountVisit:
    """A signed-in reader at one of the account pages. `form` holds what a form sent, which is proved ours."""

    def __init__(
        self, request: HttpRequest, server: LoginServer, session: Session, reader: Reader, form: dict[str, str]
    ) -> None:
        self.server = server
        self._request = request
        self.session = session
        self.reader = reader
        self.form = form
        self.cookies = request.cookies
        self.address = address_of(request)
        self.browser = browser_of(request, server)
        self.base = prefix_of(request)
        self.path = request.scope["path"].rstrip("/").removeprefix(f"{self.base}/account")
        self.language = chosen_language(request, form.get("lang"))
        self.client, self.return_url = _came_from(request, server)
        known = self.client or server.catalogue.current.clients.get(reader.session_client_id or "")
        self.client_id = known.client_id if known is not None and not known.disabled else ""
        self.client_name = known.name if known is not None else "Kolofon"
        self.origin = request_origin(request, self.client_id or None)
        self._query = query_of(request)
        self._done = request.query_params.get("done", "")
        self._viewer = Viewer(
            server=server,
            browser=self.browser,
            language=self.language,
            chose_language=self.language in {form.get("lang"), request.query_params.get("lang")},
            base=self.base,
        )

    @property
    def now(self) -> datetime:
        """The time now."""
        return self.server.clock.now()

    @property
    def secret(self) -> str:
        """What the session cookie holds."""
        return self.cookies.get(self.server.sessions.cookie_name, "")

    @property
    def is_fresh(self) -> bool:
        """Whether the reader has signed in just now."""
        return is_fresh(self.session, self.now)

    @property
    def partner_code(self) -> str | None:
        """The newspaper that the reader comes from, if one is known."""
        catalogue = self.server.catalogue.current
        client = catalogue.clients.get(self.client_id)
        return catalogue.partner(client.partner_id).code if client is not None else None

    @property
    def kept_query(self) -> str:
        """What is carried from page to page."""
        return _kept(self.client, self.return_url)

    def parameter(self, name: str) -> str:
        """What the address says; empty for nothing."""
        return str(self._request.query_params.get(name, ""))

    def text(self, sentence: str) -> str:
        """A sentence in the page's language."""
        return translations(self.language).gettext(sentence)

    def asked(self, credential: str, purpose: Purpose) -> Asked:
        """Whom a code is for."""
        return Asked(credential=credential, purpose=purpose, browser=self.browser, address=self.address)

    def notice(self, kind: Kind, detail: str = "") -> Notice:
        """What the reader is told of a change that is made here."""
        return Notice(
            kind=kind, detail=detail, language=self.language, client_name=self.client_name, origin=self.origin
        )

    async def record(self, connection: Connection, action: str, before: Any = None, after: Any = None) -> None:
        """Write a change that is made here into the audit log."""
        await record_user(connection, self.server.clock, self.session.unique_id, self.client_id, action, before, after)

    def url(self, path: str = "") -> str:
        """The address of an account page, such as '/password', with what is carried from page to page."""
        return f"{self.base}/account{path}{'?' if self.kept_query else ''}{self.kept_query}"

    def leave_for(self, path: str = "", cookies: list[Cookie] | None = None, **parameters: str) -> Response[Any]:
        """Redirect to an account page after a form, so that sending the form again needs an intention."""
        url = self.url(path)
        more = urlencode(parameters)
        return redirect(f"{url}{'&' if '?' in url and more else '?' if more else ''}{more}", 303, cookies or [])

    def sign_in_again(self) -> Response[Any]:
        """Leave for the sign-in page, which comes back to the page of this address. The old session will not do."""
        if not self.client_id:
            return _open_from_newspaper(self._request)
        public_url = self.server.settings.public_url
        members = {
            "clientId": self.client_id,
            "returnUrl": _own_url(public_url, self._request),
            "errorUrl": f"{public_url}{self.url()}",
            "credential": self.session.credential,
            "prompt": "login",
        }
        return redirect(f"{public_url}{self.base}/login?{urlencode(members)}", 303)

    def show(
        self, template: str, errors: dict[str, str] | None = None, status: int = 200, **values: Any
    ) -> Response[Any]:
        """A page. Errors are by field; '' is one of the whole page."""
        form = Form(
            path=f"account{self.path}",
            query=self.kept_query,
            address=self._query,
            flow=values.pop("flow", ""),
            errors=errors or {},
        )
        return form_page(
            template,
            self._viewer,
            self.client,
            form,
            status if not errors or status != 200 else 400,
            client_name=self.client_name,
            return_url=self.return_url,
            account_url=self.url,
            reader=self.reader,
            session=self.session,
            done=values.pop("done", self._done),
            **values,
        )


async def open_page(
    request: HttpRequest, login_server: LoginServer, fresh: bool = False
) -> AccountVisit | Response[Any]:
    """The visit; or the answer that is to be given instead: a way to sign in, or a page that says what is wrong.

    `fresh` demands a sign-in of the last ten minutes. Forms are read and proved ours here. Raises InvalidRequest for
    a clientId or returnUrl that cannot be.
    """
    secret = request.cookies.get(login_server.sessions.cookie_name)
    session = await login_server.sessions.visit(login_server.pool(), secret)
    reader = None
    if session is not None:
        async with login_server.pool().acquire() as connection:
            reader = await queries.find_reader(connection, session.unique_id, session.session_id)
    if session is None or reader is None:
        return _not_signed_in(request, login_server)
    form = read_parameters("", (await request.body()).decode("utf-8", "replace")) if request.method == "POST" else {}
    visit = AccountVisit(request, login_server, session, reader, form)
    if request.method == "POST" and not form_token_fits(request, login_server, form.get("form_token", "")):
        return visit.show("account_stopped.html", {"": visit.text(sentences.TOO_LONG_OPEN)})
    if fresh and not visit.is_fresh:
        return visit.sign_in_again()
    return visit


def _not_signed_in(request: HttpRequest, login_server: LoginServer) -> Response[Any]:
    client, return_url = _came_from(request, login_server)
    base = prefix_of(request)
    if client is None:
        return _open_from_newspaper(request)
    public_url = login_server.settings.public_url
    members = {
        "clientId": client.client_id,
        "returnUrl": _own_url(public_url, request),
        # Who gives up goes back to the newspaper, or is told here where to come from.
        "errorUrl": return_url or f"{public_url}{base}/account",
    }
    return redirect(f"{public_url}{base}/login?{urlencode(members)}", 303)


def _open_from_newspaper(request: HttpRequest) -> Response[Any]:
    gettext = translations(chosen_language(request)).gettext
    text = gettext("You have to sign in first. Please open your account from the newspaper's own pages.")
    return message_page(request, gettext("Your account"), text, 401, query=query_of(request))


def _own_url(public_url: str, request: HttpRequest) -> str:
    """The page of this request, as the sign-in page takes it."""
    query = query_of(request)
    return f"{public_url}{request.scope['path'].rstrip('/')}{'?' if query else ''}{query}"


def _came_from(request: HttpRequest, login_server: LoginServer) -> tuple[Client | None, str | None]:
    """The client of the query, and the way back to it. Raises InvalidRequest when they cannot be."""
    parameters = read_parameters(query_of(request), "")
    client_id, return_url = (parameters.get(name) for name in _KEPT)
    client = login_server.catalogue.current.clients.get(client_id or "")
    if client is None or client.disabled:
        return None, None
    return client, checked_return_url(client, "returnUrl", return_url) if return_url is not None else None


def _kept(client: Client | None, return_url: str | None) -> str:
    values = dict(zip(_KEPT, (client.client_id if client is not None else None, return_url), strict=True))
    return urlencode({name: value for name, value in values.items() if value is not None})
