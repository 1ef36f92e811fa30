"""The providers' buttons on the sign-in page. They are links, so that they work without script."""

import msgspec

from kolofon.identity.external_sign_in.providers import Provider
from kolofon.identity.pages.entries import with_parameter, without_parameter
from kolofon.identity.pages.visits import Visit

REMEMBER = "remember"


class Buttons(msgspec.Struct, frozen=True):
    """The providers with the query that they are left for with; whether they keep the reader signed in, and the
    query of the page that does the opposite.
    """

    offered: list[Provider]
    query: str
    remember: bool
    other_query: str


def provider_buttons(visit: Visit) -> Buttons | None:
    """What the page offers. Where a new sign-in is asked for, nothing: a provider may let its own session do."""
    if "login" in visit.entry.prompt:
        return None
    partner = visit.server.catalogue.current.partner(visit.entry.client.partner_id)
    offered = visit.server.external.providers.offered(partner.code)
    if not offered:
        return None
    remember = f"{REMEMBER}=false" not in visit.query.split("&")
    plain = without_parameter(visit.query, REMEMBER)
    lasting, passing = with_parameter(plain, REMEMBER, "true"), with_parameter(plain, REMEMBER, "false")
    return Buttons(offered, lasting if remember else passing, remember, passing if remember else plain)
