"""The work of `kolofon customer search`."""

from kolofon.commands.partners import chosen_partners
from kolofon.engine.customers.searching.criteria import Criteria, FoundCustomer
from kolofon.engine.customers.searching.service import search_customers
from kolofon.failures import Failure
from kolofon.platform.database import Connection
from kolofon.platform.errors import ApiError

_LONGEST = 255  # as in the API


async def search(connection: Connection, partner_code: str, words: str) -> list[FoundCustomer]:
    """The partner's customers that all words are true of, the best first; raises Failure when they are too many."""
    (partner,) = await chosen_partners(connection, partner_code)
    text = words.strip()
    if not text or len(text) > _LONGEST:
        raise Failure(f"WORDS: expected 1 to {_LONGEST} characters")
    try:
        return await search_customers(connection, partner.partner_id, partner.offers.country_code, Criteria(text=text))
    except ApiError as error:
        raise Failure(error.message) from None
