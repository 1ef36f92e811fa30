"""Tying a user to a customer by hand, and untying them, in the caller's transaction. `actor` as in the audit log."""

from datetime import datetime
from uuid import UUID

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers import linking_queries as queries
from kolofon.engine.customers.linking_queries import LinkedUser
from kolofon.engine.customers.registering_queries import link_user, lock_user_at_partner
from kolofon.engine.customers.service import check_customer_to_change
from kolofon.events.feed.service import Event, publish
from kolofon.platform import audit
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection
from kolofon.platform.errors import Conflict, NotFound


async def link_user_to_customer(
    connection: Connection, partner: PartnerCatalogue, now: datetime, customer_number: int, credential: str, actor: str
) -> UUID:
    """Tie the user of a credential to a customer; returns the user. One who is tied to it already stays so.

    Raises InvalidRequest for what is no credential, NotFound for a user or customer that is not there, and Conflict for
    a user who is another customer of the partner, whose account is closed, or who has not shown that the credential is
    theirs: whoever typed it may have a password there, and would be the customer until its owner comes.
    """
    user, stored = await _locked_user(connection, partner, credential)
    await check_customer_to_change(connection, partner.partner_id, customer_number)
    if user.is_disabled:
        raise Conflict(f"the account of {stored} is closed")
    if user.customer_number == customer_number:
        return user.unique_id
    if not user.is_shown:
        raise Conflict(f"{stored}: nobody has shown yet that it is theirs; have the user sign in by a code first")
    if user.customer_number is not None:
        raise Conflict(
            f"the user of {stored} is customer {user.customer_number}: merge the two, or untie the user first"
        )
    await link_user(connection, partner.partner_id, user.unique_id, customer_number, now)
    await _tell(connection, partner, now, ("customerLink", customer_number, user.unique_id), actor)
    return user.unique_id


async def unlink_user_from_customer(
    connection: Connection, partner: PartnerCatalogue, now: datetime, customer_number: int, credential: str, actor: str
) -> UUID:
    """Untie the user of a credential from a customer; returns the user. What the customer has stays with it.

    Raises InvalidRequest for what is no credential, NotFound for a user or customer that is not there, and Conflict for
    a user who is not this customer.
    """
    user, stored = await _locked_user(connection, partner, credential)
    await check_customer_to_change(connection, partner.partner_id, customer_number)
    if not await queries.unlink_user(connection, partner.partner_id, user.unique_id, customer_number):
        raise Conflict(f"the user of {stored} is not customer {customer_number}")
    await _tell(connection, partner, now, ("customerUnlink", customer_number, user.unique_id), actor)
    return user.unique_id


async def _locked_user(connection: Connection, partner: PartnerCatalogue, credential: str) -> tuple[LinkedUser, str]:
    """The user, whom no order makes a customer until the transaction ends; and the credential as it is stored."""
    stored, _ = normalised_credential(credential, partner.offers.country_code)
    user = await queries.find_user(connection, partner.partner_id, stored)
    if user is not None:
        await lock_user_at_partner(connection, partner.partner_id, user.unique_id)
        user = await queries.find_user(connection, partner.partner_id, stored)
    if user is None:
        raise NotFound(f"credential: no user has {stored}")
    return user, stored


async def _tell(
    connection: Connection, partner: PartnerCatalogue, now: datetime, what: tuple[str, int, UUID], actor: str
) -> None:
    action, customer_number, unique_id = what
    told = {"uniqueId": unique_id.hex}
    change = audit.Change(
        action=action,
        subject=f"customer:{customer_number}",
        before=told if action == "customerUnlink" else None,
        after=told if action == "customerLink" else None,
    )
    await audit.record_work(connection, now, partner.partner_id, [change], actor)
    event = Event("customer", "update", {"customerNumber": customer_number})
    await publish(connection, partner.partner_id, now, [event])
