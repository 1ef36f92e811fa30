"""From a caller to the customer it may work on."""

from kolofon.engine.customers import queries
from kolofon.platform.callers import UserCaller
from kolofon.platform.database import Connection, Reader
from kolofon.platform.errors import NotFound


async def customer_of(database: Reader, user: UserCaller) -> int:
    """The customer number of the logged-in user; raises NotFound when the user is not a customer here."""
    number = await queries.find_customer_number(database, user.partner_id, user.unique_id)
    if number is None:
        raise NotFound("the user is not a customer here")
    return number


async def customer_to_change(connection: Connection, user: UserCaller) -> int:
    """As customer_of, and no other change of this customer runs until the transaction ends."""
    number = await customer_of(connection, user)
    await queries.lock_customer(connection, user.partner_id, number)
    return number


async def check_customer(database: Reader, partner_id: int, customer_number: int) -> None:
    """Raises NotFound for a number that is not one of the partner's customers."""
    if not await queries.customer_exists(database, partner_id, customer_number):
        raise NotFound(f"customerNumber: there is no customer {customer_number}")
