"""A browser that was sent here to complete an order (docs/decisions/0020 says why a GET may).

A user's order is completed for that user alone, who signs in first. An order of nobody is completed for whoever knows
its id; it becomes the account's that is signed in only if its payer is reached there, or its reader says so.
"""

from typing import Any
from urllib.parse import urlencode

import structlog
from litestar import Response

from kolofon.engine.orders.queries import OrderPayment, find_order
from kolofon.engine.orders.rules import read_order_id
from kolofon.engine.return_urls import with_fulfillment_status
from kolofon.identity.fulfillment.completing import Completing, awaits_payment, outcome_of, to_pay
from kolofon.identity.fulfillment.errands import Errand, read_errand, read_errand_of
from kolofon.identity.login_server import LoginServer
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.pages.entries import without_parameter
from kolofon.identity.pages.form_tokens import browser_of
from kolofon.identity.pages.forms import Form, Viewer, form_page
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.visits import HttpRequest, query_of
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.queries import Session
from kolofon.identity.redirects import redirect
from kolofon.platform.errors import ApiError
from kolofon.platform.sealing import seal_value, unseal_value

_log = structlog.get_logger()
COME_BACK = "fulfillment/paid"
_PROOF = "begun"


class FulfillmentPage:
    """One request. `path` is the address below the base: its name, or the older one."""

    def __init__(self, request: HttpRequest, server: LoginServer, path: str, form: dict[str, str]) -> None:
        self._request = request
        self._server = server
        self._path = path
        self._form = form
        self._base = prefix_of(request)
        self._query = without_parameter(without_parameter(query_of(request), "lang"), _PROOF)
        self._parameters = read_parameters(query_of(request), "")
        self._language = chosen_language(request)

    async def open(self) -> Response[Any]:
        """Complete the order, or ask what has to be known first."""
        errand = await self._read()
        try:
            return await self._open(errand)
        except Exception as error:
            return self._system_error(errand, error)

    async def come_back(self) -> Response[Any]:
        """Go on after the payment, whoever is signed in: what became of it is the provider's word.

        Who comes without the proof that a payment was begun here is treated as everybody.
        """
        errand = await self._read()
        proof = self._parameters.get(_PROOF, "")
        if unseal_value(self._server.fulfillment_key, proof, int) != errand.order_id:
            return await self.open()
        try:
            return await self._settle(errand)
        except Exception as error:
            return self._system_error(errand, error)

    async def _settle(self, errand: Errand) -> Response[Any]:
        completing = Completing(self._server, errand.client.partner_id, errand.client.client_id, None)
        order = await completing.find(errand.order_id)
        if order is None:
            return self._unknown(errand, None)
        provider = completing.provider_of(order)
        if awaits_payment(order) and provider is not None:
            return self._leave(errand, await completing.settle(order, provider))
        return self._leave(errand, outcome_of(order.status))

    async def _read(self) -> Errand:
        catalogue = self._server.catalogue.current
        if "clientId" in self._parameters:
            return read_errand(catalogue, self._parameters)
        async with self._server.pool().acquire() as connection:
            order = await find_order(connection, read_order_id(self._parameters.get("orderId", "")))
        return read_errand_of(catalogue, self._parameters, order.client_id if order is not None else None)

    async def _open(self, errand: Errand) -> Response[Any]:
        secret = self._request.cookies.get(self._server.sessions.cookie_name)
        session = await self._server.sessions.visit(self._server.pool(), secret)
        who = session.unique_id if session is not None else None
        completing = Completing(self._server, errand.client.partner_id, errand.client.client_id, who)
        order = await completing.find(errand.order_id)
        is_nobodys = order is not None and order.unique_id is None
        if not is_nobodys and (session is None or await self._server.lacks_second_factor(errand.client, session)):
            # Without an order too: who has not signed in does not learn whether there is one.
            return self._sign_in(errand)
        if order is None or (order.unique_id is not None and order.unique_id != who):
            return self._unknown(errand, session)
        if is_nobodys and session is not None and order.status == "preliminary":
            question = await self._tie(errand, completing, order, session)
            if question is not None:
                return question
        return await self._go_on(errand, completing, order)

    async def _tie(
        self, errand: Errand, completing: Completing, order: OrderPayment, session: Session
    ) -> Response[Any] | None:
        """Make the order the reader's, whose it is by its payer or by the reader's word; the question is asked once.

        One that names somebody else's customer number becomes nobody's: the reader would be tied to that customer.
        """
        if await completing.names_another(order, session.unique_id):
            return None
        is_asked = self._form.get("reader") == session.unique_id.hex
        wants_it = is_asked and self._form.get("action") == "yes"
        if wants_it or await completing.is_party(order, session.unique_id):
            if not await completing.tie(order, session.unique_id):
                return self._unknown(errand, session)
            return None
        if is_asked and self._form.get("action") == "no":
            return None
        return self._show(
            "fulfillment.html",
            errand,
            reader=session.unique_id.hex,
            credential=session.credential,
            other_url=f"{self._sign_in_url(errand)}&prompt=login",
        )

    async def _go_on(self, errand: Errand, completing: Completing, order: OrderPayment) -> Response[Any]:
        if not awaits_payment(order):
            return self._leave(errand, await completing.complete(order))
        provider = completing.provider_of(order)
        if provider is None:
            return self._leave(errand, "error")
        proof = urlencode({_PROOF: seal_value(self._server.fulfillment_key, order.order_id)})
        return redirect(await provider.start(to_pay(order), f"{self._own(COME_BACK)}&{proof}"), 303)

    def _leave(self, errand: Errand, outcome: str) -> Response[Any]:
        return redirect(with_fulfillment_status(errand.return_url, outcome), 303)

    def _system_error(self, errand: Errand, error: Exception) -> Response[Any]:
        """Tell the site that something is wrong here; a person sees it only where the site wants no such call."""
        if errand.error_url is None or isinstance(error, ApiError):
            raise error
        _log.error("an order could not be completed", order_id=errand.order_id, exc_info=error)
        return redirect(with_fulfillment_status(errand.error_url, "error"), 303)

    def _sign_in(self, errand: Errand) -> Response[Any]:
        return redirect(self._sign_in_url(errand), 303)

    def _sign_in_url(self, errand: Errand) -> str:
        members = {
            "clientId": errand.client.client_id,
            "returnUrl": self._own(self._path),
            "errorUrl": with_fulfillment_status(errand.return_url, "cancel"),
        }
        return f"{self._server.settings.public_url}{self._base}/login?{urlencode(members)}"

    def _own(self, path: str) -> str:
        return f"{self._server.settings.public_url}{self._base}/{path}?{self._query}"

    def _unknown(self, errand: Errand, session: Session | None) -> Response[Any]:
        """The same page for an order that is not there and for one of somebody else."""
        return self._show(
            "fulfillment_unknown.html",
            errand,
            404,
            credential=session.credential if session is not None else "",
            other_url=f"{self._sign_in_url(errand)}&prompt=login",
            back_url=with_fulfillment_status(errand.return_url, "error"),
        )

    def _show(self, template: str, errand: Errand, status: int = 200, **values: Any) -> Response[Any]:
        viewer = Viewer(
            server=self._server,
            browser=browser_of(self._request, self._server),
            language=self._language,
            chose_language=self._request.query_params.get("lang") == self._language,
            base=self._base,
        )
        form = Form(path=self._path, query=self._query, address=query_of(self._request), target=errand.return_url)
        return form_page(template, viewer, errand.client, form, status, **values)
