"""What the commands about customers do in the database, one function a command."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from asyncpg import DeadlockDetectedError

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.commands.partners import chosen_partners
from kolofon.engine.calls import partner_clock
from kolofon.engine.customers.linking import link_user_to_customer, unlink_user_from_customer
from kolofon.engine.customers.merging.service import Merged, merge_customers
from kolofon.failures import Failure
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.errors import ApiError
from kolofon.platform.ids import unique_id_text
from kolofon.platform.sealing import Secrets

T = TypeVar("T")
_TRIES = 5


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Two customers of a partner that somebody wants to be one."""

    partner_code: str
    merged_number: int
    into_number: int
    although_different: bool


async def link(
    connection: Connection, clock: Clock, partner_code: str, customer_number: int, credential: str, actor: str
) -> str:
    """Tie a user to a customer; returns the user. Raises Failure."""
    partner = await _partner(connection, partner_code)
    now = partner_clock(partner, clock).now()

    async def work() -> str:
        user = await link_user_to_customer(connection, partner, now, customer_number, credential, actor)
        return unique_id_text(user)

    return await _in_transaction(connection, work)


async def unlink(
    connection: Connection, clock: Clock, partner_code: str, customer_number: int, credential: str, actor: str
) -> str:
    """Untie a user from a customer; returns the user. Raises Failure."""
    partner = await _partner(connection, partner_code)
    now = partner_clock(partner, clock).now()

    async def work() -> str:
        user = await unlink_user_from_customer(connection, partner, now, customer_number, credential, actor)
        return unique_id_text(user)

    return await _in_transaction(connection, work)


async def preview_merge(connection: Connection, clock: Clock, wanted: Merge, secrets: Secrets, actor: str) -> Merged:
    """What a merge would do: it is done and undone. Raises Failure."""
    partner = await _partner(connection, wanted.partner_code)
    transaction = connection.transaction()
    await transaction.start()
    try:
        return await _merge(connection, partner, clock, wanted, secrets, actor)
    finally:
        await transaction.rollback()


async def merge(connection: Connection, clock: Clock, wanted: Merge, secrets: Secrets, actor: str) -> Merged:
    """Merge two customers. Raises Failure."""
    partner = await _partner(connection, wanted.partner_code)
    return await _merge(connection, partner, clock, wanted, secrets, actor)


async def _merge(
    connection: Connection, partner: PartnerCatalogue, clock: Clock, wanted: Merge, secrets: Secrets, actor: str
) -> Merged:
    now = partner_clock(partner, clock).now()

    async def work() -> Merged:
        return await merge_customers(
            connection,
            partner,
            now,
            wanted.merged_number,
            wanted.into_number,
            actor,
            secrets=secrets,
            although_different=wanted.although_different,
        )

    return await _in_transaction(connection, work)


async def _in_transaction(connection: Connection, work: Callable[[], Awaitable[T]]) -> T:
    """Do it as a whole, and again when others wanted the same in another order."""
    for _ in range(_TRIES):
        try:
            async with connection.transaction():
                return await work()
        except DeadlockDetectedError:
            continue
        except ApiError as error:
            raise Failure(error.message) from None
    raise Failure("others are at work on the same customers; try again")


async def _partner(connection: Connection, code: str) -> PartnerCatalogue:
    (partner,) = await chosen_partners(connection, code)
    return partner
