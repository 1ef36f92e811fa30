"""What a browser was sent here for: an order, and where to go with what came of it."""

import msgspec

from kolofon.catalogue.memory import Catalogue, Client
from kolofon.engine.orders.rules import read_order_id
from kolofon.engine.return_urls import checked_return_url
from kolofon.platform.errors import InvalidRequest, NotFound


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request. Nothing of it says yet whose the order is, or that there is one."""

    order_id: int
    client: Client
    return_url: str
    error_url: str | None


def read_errand(catalogue: Catalogue, parameters: dict[str, str]) -> Errand:
    """What a site asks for that says who it is; raises InvalidRequest."""
    client = catalogue.clients.get(parameters["clientId"])
    if client is None or client.disabled:
        raise InvalidRequest("clientId: there is no such client")
    return _errand(client, parameters)


def read_errand_of(catalogue: Catalogue, parameters: dict[str, str], client_id: str | None) -> Errand:
    """What a site asks for that does not: it is the order's client, `client_id`, None for an order that is not there.

    Raises NotFound whatever is wrong: nobody shall learn here whether there is such an order.
    """
    client = catalogue.clients.get(client_id or "")
    try:
        if client is not None and not client.disabled:
            return _errand(client, parameters)
    except InvalidRequest:
        pass
    raise NotFound("orderId: there is no such order, or returnUrl is not of its client; clientId would tell more")


def _errand(client: Client, parameters: dict[str, str]) -> Errand:
    error_url = parameters.get("errorUrl")
    return Errand(
        order_id=read_order_id(parameters.get("orderId", "")),
        client=client,
        return_url=checked_return_url(client, "returnUrl", parameters.get("returnUrl")),
        error_url=checked_return_url(client, "errorUrl", error_url) if error_url is not None else None,
    )
