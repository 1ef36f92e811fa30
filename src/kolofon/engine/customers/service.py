"""From a caller to the customer it may work on.

Customers are merged (`merging`): a number that is gone leads to the customer that everything went to. Whoever waits for
a customer's row while that happens finds the number gone, and follows it or says so; nobody else asks.
"""

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
    while True:
        number = await customer_of(connection, user)
        if await queries.lock_customer(connection, user.partner_id, number):
            return number
        # It was merged into another one meanwhile, which is the user's now.


async def check_customer(database: Reader, partner_id: int, customer_number: int) -> None:
    """Raises NotFound for a number that is not one of the partner's customers; it says where one that is gone went."""
    if not await queries.customer_exists(database, partner_id, customer_number):
        raise await no_such_customer(database, partner_id, customer_number)


async def check_customer_to_change(connection: Connection, partner_id: int, customer_number: int) -> None:
    """As check_customer, and no other change of this customer runs until the transaction ends."""
    if not await queries.lock_customer(connection, partner_id, customer_number):
        raise await no_such_customer(connection, partner_id, customer_number)


async def lock_remaining(connection: Connection, partner_id: int, customer_number: int) -> int | None:
    """Lock the customer that a number leads to: its own, or the one it was merged into. None: no such customer."""
    number: int | None = customer_number
    while number is not None and not await queries.lock_customer(connection, partner_id, number):
        number = await queries.find_remaining(connection, partner_id, number)
    return number


async def no_such_customer(database: Reader, partner_id: int, customer_number: int) -> NotFound:
    """The error for a number that is not one of the partner's customers."""
    remaining = await queries.find_remaining(database, partner_id, customer_number)
    if remaining is not None:
        return NotFound(f"customerNumber: customer {customer_number} was merged into {remaining}")
    return NotFound(f"customerNumber: there is no customer {customer_number}")
