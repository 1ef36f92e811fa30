"""One request for a page: who asks, for what, and how a page is shown or left."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from kolofon.identity.codes.queries import Purpose
from kolofon.identity.codes.service import Asked
from kolofon.identity.login_server import LoginServer
from kolofon.identity.notices.messages import Kind, Notice
from kolofon.identity.oauth.grants import Revocation
from kolofon.identity.origins import Origin, address_of, origin_of
from kolofon.identity.pages.entries import Entry, with_parameter, without_parameter
from kolofon.identity.pages.flows import Flow, Step, read_flow, seal_flow
from kolofon.identity.pages.form_tokens import browser_of
from kolofon.identity.pages.forms import Form, Viewer, form_page
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.prefixes import prefix_of
from kolofon.platform.i18n import translations

HttpRequest = Request[None, None, State]
# Name and password may take a while to think of.
AFTER_CODE = timedelta(minutes=30)


class Visit:
    """A browser at one of the pages. `query` is that of the page, when the request's own is another."""

    def __init__(
        self,
        request: HttpRequest,
        login_server: LoginServer,
        entry: Entry,
        form: dict[str, str] | None = None,
        query: str | None = None,
    ) -> None:
        self.server = login_server
        self.entry = entry
        self.form = form or {}
        self.is_form = form is not None
        self.cookies = request.cookies
        self.address = address_of(request)
        self.origin = request_origin(request, entry.client.client_id)
        self.browser = browser_of(request, login_server)
        self.language = chosen_language(request, self.form.get("lang"))
        self._query = query if query is not None else query_of(request)
        self._base = prefix_of(request)
        self._chose_language = self.language in {self.form.get("lang"), request.query_params.get("lang")}
        # What was revoked in this request, for the process's own list once it is committed.
        self.revoked: list[Revocation] = []
        self.flow = read_flow(login_server.flow_key, self.form.get("flow", ""), self.browser, login_server.clock.now())

    @property
    def now(self) -> datetime:
        """The time now."""
        return self.server.clock.now()

    @property
    def query(self) -> str:
        """The page's query to the letter."""
        return self._query

    @property
    def anew_url(self) -> str:
        """The address of this page for a new sign-in, whoever is signed in."""
        prompt = " ".join(["login", *sorted(self.entry.prompt - {"login"})])
        return f"{self._base}/{self.entry.page}?{with_parameter(self._query, 'prompt', prompt)}"

    @property
    def session_id(self) -> str | None:
        """What the session cookie holds."""
        return self.cookies.get(self.server.sessions.cookie_name)

    @property
    def wants_remembering(self) -> bool:
        """The box for it, which is checked until somebody takes the mark away."""
        if self.flow is not None:
            return self.flow.remember
        return "remember" in self.form or not self.is_form

    def text(self, sentence: str) -> str:
        """A sentence in the page's language."""
        return translations(self.language).gettext(sentence)

    def asked(self, credential: str, purpose: Purpose) -> Asked:
        """Whom a code is for."""
        return Asked(credential=credential, purpose=purpose, browser=self.browser, address=self.address)

    def notice(self, kind: Kind, detail: str = "") -> Notice:
        """What the reader is told of a change that is made here."""
        return Notice(
            kind=kind,
            detail=detail,
            language=self.language,
            client_name=self.entry.client.name,
            origin=self.origin,
        )

    def flow_from(self, credential: str, purpose: Purpose, code_id: Any, ends: datetime) -> Flow:
        """The flow that begins with a code on its way."""
        return Flow(
            step="code",
            credential=credential,
            purpose=purpose,
            code_id=code_id,
            remember=self.wants_remembering,
            browser=self.browser,
            expires_at=ends,
        )

    @property
    def is_remembered(self) -> bool:
        """Whether this browser is remembered for the client, by whatever cookie."""
        return self.server.remember_me.cookie_name(self.entry.client.client_id) in self.cookies

    def step_on(self, flow: Flow, step: Step) -> Flow:
        """The flow at a later step."""
        return msgspec.structs.replace(flow, step=step, expires_at=self.now + AFTER_CODE)

    def show(
        self, template: str, errors: dict[str, str] | None = None, status: int = 200, **values: Any
    ) -> Response[Any]:
        """A page. Errors are by field; '' is one of the whole form. A flow among the values goes into the form."""
        flow = values.pop("flow", None)
        query = without_parameter(self._query, "lang")
        form = Form(
            path=self.entry.page,
            query=query,
            address=self._query,
            flow=seal_flow(self.server.flow_key, flow) if flow is not None else "",
            target=self.entry.form_target,
            cancel_url=self.entry.cancel_url,
            errors=errors or {},
        )
        return form_page(
            template,
            self._viewer(),
            self.entry.client,
            form,
            status if not errors or status != 200 else 400,
            switch_query=without_parameter(query, "assumeNewUser"),
            passkey_options=self._passkey_options(template, flow),
            remember=self.wants_remembering,
            is_first=isinstance(flow, Flow) and flow.is_first,
            **values,
        )

    def _viewer(self) -> Viewer:
        return Viewer(
            server=self.server,
            browser=self.browser,
            language=self.language,
            chose_language=self._chose_language,
            base=self._base,
        )

    def _passkey_options(self, template: str, flow: Flow | None) -> str:
        """What the page's script asks the browser for; empty where there is nothing to ask for."""
        passkeys = self.server.second_factors.passkeys
        if not passkeys.available:
            return ""
        if template == "sign_in.html":
            return passkeys.options_to_get(self.browser)
        second = flow.second if flow is not None else None
        if second is None or flow is None:
            return ""
        if flow.step == "second_factor" and second.passkey:
            return passkeys.options_to_get(self.browser, second.session.unique_id)
        if flow.step == "set_up":
            return passkeys.options_to_add(self.browser, second.session.unique_id, flow.credential, ())
        return ""


def request_origin(request: HttpRequest, client_id: str | None) -> Origin:
    """Where a request comes from, as it is kept of a sign-in."""
    return origin_of(client_id, request.headers.get("user-agent", ""), address_of(request))


def query_of(request: HttpRequest) -> str:
    """The query to the letter."""
    return request.scope["query_string"].decode("latin-1")
