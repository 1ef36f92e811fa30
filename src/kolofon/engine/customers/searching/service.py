"""Find customers."""

from kolofon.engine.customers.searching import queries
from kolofon.engine.customers.searching.criteria import Criteria, FoundCustomer
from kolofon.engine.customers.searching.meanings import LONGEST_RUN
from kolofon.engine.customers.searching.rules import ask, chosen, in_order, texts_to_fold, too_many
from kolofon.platform.database import Reader

MOST_FOUND = 50


async def search_customers(database: Reader, partner_id: int, region: str, criteria: Criteria) -> list[FoundCustomer]:
    """The partner's customers that all criteria are true of, the best first; 50 at most, found in two statements.

    `region` is the country of phone numbers without one. Criteria have no empty texts. When beginnings of words would
    make too many, those found by whole words are all. Raises InvalidRequest for too little to search by, and when more
    are found.
    """
    texts = texts_to_fold(criteria)
    folded = await queries.fold(database, texts, LONGEST_RUN) if texts else {}
    question = ask(criteria, partner_id, region, folded)
    # One more than are answered with tells that there are too many.
    found = chosen(await queries.find(database, partner_id, question, MOST_FOUND + 1), MOST_FOUND)
    if found is None:
        raise too_many(criteria, MOST_FOUND)
    return in_order(found, question)
