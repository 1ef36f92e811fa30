"""Check whether a customer number and what is said besides belong together, without telling who asks at random."""

from kolofon.customer_data.customer import queries
from kolofon.customer_data.customer.rules import belongs_together
from kolofon.customer_data.customer.schemas import CustomerNumberAnswer, CustomerNumberCheck
from kolofon.engine.calls import Read
from kolofon.engine.guessing import Guesses
from kolofon.platform.callers import ClientCaller, Limits
from kolofon.platform.dates import day_of
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.limits import RateLimiter
from kolofon.platform.schemas import without_blanks

# A client asks for all of its visitors; at one number only its owner is expected, who mistypes something.
WRONG_OF_CLIENT = Limits(per_second=100, per_minute=100)
WRONG_AT_NUMBER = Limits(per_second=5, per_minute=5)


class NumberGuesses:
    """Counts wrong facts by client, who could walk through the numbers, and by number, which could be ground through.

    A number counts for all clients of a partner together, and whether or not there is such a customer.
    """

    def __init__(self, limiter: RateLimiter) -> None:
        self.of_client = Guesses(limiter, "customer numbers", WRONG_OF_CLIENT)
        self.at_number = Guesses(limiter, "facts of a customer number", WRONG_AT_NUMBER)


async def check_customer_number(
    call: Read[ClientCaller], guesses: NumberGuesses, request: CustomerNumberCheck
) -> CustomerNumberAnswer:
    """Whether number and facts belong together. Raises InvalidRequest, and TooManyRequests before it looks."""
    request = without_blanks(request)
    if request.last_name is None and request.postal_code is None:
        raise InvalidRequest("lastName: expected the last name here or the postal code in postalCode")
    partner_id, client_id = call.caller.partner_id, call.caller.client_id
    number = f"{partner_id} {request.customer_number}"
    await guesses.of_client.check(client_id)
    async with guesses.at_number.one_of_few(number):
        today = day_of(call.clock.now(), call.partner.offers.time_zone)
        facts = await queries.find_facts(
            call.database, partner_id, request.customer_number, today, request.last_name, request.postal_code
        )
        valid = belongs_together(facts)
        if not valid:
            await guesses.of_client.was_wrong(client_id)
            await guesses.at_number.was_wrong(number)
    return CustomerNumberAnswer(valid=valid)
