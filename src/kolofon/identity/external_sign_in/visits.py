"""A browser that comes back from a provider: the page that it left goes on as if nothing had been between."""

from typing import Any

import msgspec
from litestar import Response

from kolofon.identity.external_sign_in.pending import Pending
from kolofon.identity.external_sign_in.queries import Waiting
from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.entries import Page, read_entry
from kolofon.identity.pages.visits import HttpRequest, Visit
from kolofon.platform.i18n import LANGUAGES


class ProviderVisit(Visit):
    """A visit of the page that was left, whatever the address of this request is."""

    def __init__(
        self, request: HttpRequest, login_server: LoginServer, waiting: Waiting, form: dict[str, str] | None = None
    ) -> None:
        settings = login_server.settings
        # The row, or the form's address, says what the browser wants; it is checked anew as with every form.
        page: Page = "oauthLogin" if waiting.page == "oauthLogin" else "login"
        catalogue = login_server.catalogue.current
        entry = read_entry(catalogue, page, waiting.query, settings.public_url, waiting.prefix)
        super().__init__(request, login_server, entry, form)
        self.waiting = waiting
        self._query = waiting.query
        self._base = waiting.prefix
        if self.form.get("lang") not in LANGUAGES:
            self.language = waiting.language

    @property
    def partner_code(self) -> str:
        """The partner at whose client the reader signs in."""
        return self.server.catalogue.current.partner(self.entry.client.partner_id).code

    def ask(
        self,
        template: str,
        pending: Pending,
        errors: dict[str, str] | None = None,
        status: int = 200,
        **values: Any,
    ) -> Response[Any]:
        """A page of the proof, whose form comes to its own address."""
        left = self.entry
        self.entry = msgspec.structs.replace(left, page="externalConfirm")
        try:
            return self.show(template, errors, status, flow=pending, **values)
        finally:
            self.entry = left
