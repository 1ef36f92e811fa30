"""The sites and apps that act for the reader, and taking that back."""

from typing import Any

import msgspec
from litestar import Response

from kolofon.identity.account import queries
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.account.queries import SiteAccess
from kolofon.identity.account.words import When
from kolofon.identity.consent.queries import withdraw
from kolofon.identity.consent.words import scope_words
from kolofon.identity.oauth.grants import WhichGrants, revoke_grants

PATH = "/sites"


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A site or app, as the page shows it."""

    client_id: str
    name: str
    partner: str
    since: str
    scopes: list[str]


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """All that have access now, by name."""
    async with visit.server.pool().acquire() as connection:
        found = await queries.list_sites(connection, visit.session.unique_id, visit.now)
        when = await When.of(visit, connection)
    sites = [site for each in found if (site := _site(visit, when, each)) is not None]
    sites.sort(key=lambda site: (site.name, site.client_id))
    return visit.show("account_sites.html", errors, status, sites=sites)


async def take_back(visit: AccountVisit) -> Response[Any]:
    """End a client's access, and forget what the reader said yes to: it has to ask again."""
    unique_id, client_id = visit.session.unique_id, visit.form.get("client", "")
    async with visit.server.pool().acquire() as connection, connection.transaction():
        # The consent first: who gives a code at this moment holds it until the grant can be seen.
        had_consent = await withdraw(connection, unique_id, client_id)
        which = WhichGrants(client_id=client_id)
        revocations = await revoke_grants(connection, unique_id, visit.now, which)
        if revocations or had_consent:
            await visit.record(connection, "takeBackAccess", before=client_id)
    visit.server.revocations.add_all(revocations)
    return visit.leave_for(PATH, done="taken")


def _site(visit: AccountVisit, when: When, access: SiteAccess) -> Site | None:
    catalogue = visit.server.catalogue.current
    client = catalogue.clients.get(access.client_id)
    if client is None:
        return None
    partner = catalogue.partner(client.partner_id).name
    scopes = {scope for each in access.scopes for scope in each.split()}
    return Site(
        client_id=access.client_id,
        name=client.name,
        partner=partner,
        since=when.day(access.since),
        scopes=scope_words(scopes, partner, visit.language),
    )


ACTIONS = {"take_back": take_back}
