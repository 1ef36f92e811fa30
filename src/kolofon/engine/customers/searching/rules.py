"""From criteria to the question that the index answers, and the order of what was found."""

import re

import msgspec

from kolofon.engine.customers.countries import COUNTRIES
from kolofon.engine.customers.searching import meanings
from kolofon.engine.customers.searching.criteria import Criteria, Folded, FoundCustomer, Question
from kolofon.engine.customers.searching.meanings import Meaning, Meanings
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.problems import Problems

MOST_WORDS = 10  # of one text
_LONGEST_LEXEME = 120  # as customer_terms cuts them off
# The kinds of words that a text can be.
_WORDS = {"first_name": "f", "last_name": "l", "company_name": "c", "street_address": "s", "postal_place": "y"}
_NAMES = ("first_name", "last_name", "company_name", "text")
_OTHER_TEXTS = ("postal_code", "entrance", "external_id", "reference_code", "text")
# These say little of who somebody is, so they only narrow others.
_NARROWING = {"street_number", "entrance", "country_code", "reference_code"}
# What to ask for besides when too many were found.
_HELPFUL = {
    "last_name": "lastName",
    "first_name": "firstName",
    "postal_code": "postalCode",
    "street_address": "streetAddress",
    "phone_number": "phoneNumber",
    "email": "email",
}


def given(criteria: Criteria) -> dict[str, str | int]:
    """What is asked for, by the names of the criteria."""
    return {name: value for name, value in msgspec.structs.asdict(criteria).items() if value is not None}


def texts_to_fold(criteria: Criteria) -> dict[str, str]:
    """The texts that the rules need as words, by the names of the criteria. Of the free text without its addresses."""
    texts = {name: getattr(criteria, name) or "" for name in (*_WORDS, *_OTHER_TEXTS)}
    texts["text"] = " ".join(_split(criteria.text)[0])
    # The country before it: N-0155, SE-123 45.
    texts["postal_code"] = re.sub("^[A-Za-z]{1,2}[- ](?=[0-9])", "", texts["postal_code"])
    return {name: text for name, text in texts.items() if text}


def ask(criteria: Criteria, partner_id: int, region: str, folded: dict[str, Folded]) -> Question:
    """The question of the criteria, for the customers of a partner; `region` is the country of bare phone numbers.

    Raises InvalidRequest for what cannot be asked, and for too little.
    """
    problems = Problems()
    for name, words in folded.items():
        _check_words(name, words, problems)
    _check_others(criteria, region, problems)
    problems.refuse()
    _check_enough(criteria, folded)
    wanted = [each for name in given(criteria) for each in _wanted(name, criteria, region, folded)]
    whole = _written(wanted, partner_id, beginnings=False)
    beginnings = _written(wanted, partner_id, beginnings=True)
    names = {run.lexeme for name in _NAMES if name in folded for run in folded[name].runs}
    return Question(whole, beginnings if beginnings != whole else None, frozenset(names))


def in_order(found: list[FoundCustomer], question: Question) -> list[FoundCustomer]:
    """The best first: whole words before beginnings, a whole name before part of one."""

    def place(customer: FoundCustomer) -> tuple[bool, int, str, str, int]:
        unasked = sum(lexeme not in question.names for lexeme in customer.name_lexemes) if question.names else 0
        family = customer.last_name or customer.company_name or ""
        return (not customer.is_whole, unasked, family, customer.first_name or "", customer.customer_number)

    return sorted(found, key=place)


def chosen(found: list[FoundCustomer], most: int) -> list[FoundCustomer] | None:
    """What to answer with: at most so many; those by whole words when there would be too many. None: too many."""
    if len(found) <= most:
        return found
    whole = [customer for customer in found if customer.is_whole]
    return whole if 0 < len(whole) <= most else None


def too_many(criteria: Criteria, most: int) -> InvalidRequest:
    """The refusal of a search that found too many, with what would help."""
    asked = given(criteria)
    is_named = "company_name" in asked or "text" in asked
    missing = [
        member
        for name, member in _HELPFUL.items()
        if name not in asked and not (is_named and name in {"first_name", "last_name"})
    ]
    more = f"{', '.join(missing[:3])} or something else that you know"
    return InvalidRequest(f"more than {most} customers match: add {more if missing else 'whole words'}")


def _check_words(name: str, folded: Folded, problems: Problems) -> None:
    if not folded.words:
        problems.add(_member(name), "expected letters or digits")
    elif len(folded.words) > MOST_WORDS:
        problems.add(_member(name), f"expected {MOST_WORDS} words at most")


def _check_others(criteria: Criteria, region: str, problems: Problems) -> None:
    if criteria.country_code is not None and criteria.country_code.upper() not in COUNTRIES:
        problems.add("countryCode", f"there is no country {criteria.country_code}; expected two letters of ISO 3166")
    if criteria.reference_code is not None and criteria.external_id is None:
        problems.add("externalId", "expected together with referenceCode")
    if criteria.phone_number is not None and not meanings.phones(criteria.phone_number, region):
        problems.add("phoneNumber", "expected a phone number, or five digits of its beginning at least")
    if criteria.email is not None and len(criteria.email) < meanings.BEGINNING:
        problems.add("email", "expected an e-mail address, or three letters of its beginning at least")
    if len(_split(criteria.text)[1]) > MOST_WORDS:
        problems.add("text", f"expected {MOST_WORDS} e-mail addresses at most")
    number = criteria.company_registration_number
    if number is not None and not _digits(number):
        problems.add("companyRegistrationNumber", "expected the digits of an organisation number")


def _check_enough(criteria: Criteria, folded: dict[str, Folded]) -> None:
    telling = given(criteria).keys() - _NARROWING
    if not telling:
        raise InvalidRequest("expected more to search by: a name, number or address, or words in text")
    words = {name: folded[name].words for name in telling if name in folded}
    if words.keys() == telling and all(len(word) == 1 for each in words.values() for word in each):
        # Identifiers are one customer's, however short: 7, C-1.
        if "external_id" in telling or any(len(re.findall(r"\w", word)) > 1 for word in (criteria.text or "").split()):
            return
        raise InvalidRequest(f"{_member(min(telling))}: expected more to search by than single letters")


def _wanted(name: str, criteria: Criteria, region: str, folded: dict[str, Folded]) -> list[Meanings]:
    """What a criterion wants: of each entry one meaning has to be there."""
    if name in _WORDS:
        return meanings.words(folded[name], _WORDS[name])
    match name:
        case "text":
            words = meanings.anything(folded[name], region) if name in folded else []
            return [*words, *(meanings.email(address) for address in _split(criteria.text)[1])]
        case "phone_number":
            return [meanings.phones(criteria.phone_number or "", region)]
        case "email":
            return [meanings.email(criteria.email or "")]
        case "street_number":
            # With its entrance as one, as in a street of a single text too.
            entrance = folded["entrance"].as_one if "entrance" in folded else ""
            number = f"{criteria.street_number}{entrance}"
            return [{Meaning(f"h:{number}"): None, Meaning(f"s:{number}"): None}]
        case "entrance":
            return [] if criteria.street_number is not None else [{Meaning(f"x:{folded[name].as_one}"): None}]
        case "reference_code":
            return [{Meaning(f"k:{folded[name].as_one}:{folded['external_id'].as_one}"): None}]
    value = folded[name].as_one if name in folded else str(getattr(criteria, name))
    values = {
        "customer_number": f"n:{value}",
        "company_registration_number": f"r:{_digits(value)}",
        "postal_code": f"z:{value}",
        "country_code": f"o:{value.lower()}",
        "external_id": f"i:{value}",
    }
    return [{Meaning(values[name]): None}]


def _written(wanted: list[Meanings], partner_id: int, *, beginnings: bool) -> str:
    """A tsquery. Quoted as it wants it, so that nothing of what was asked is taken for an operator."""
    parts = []
    for each in wanted:
        lexemes = []
        for meaning in each:
            text = f"{partner_id}{meaning.lexeme}"[:_LONGEST_LEXEME].replace("\\", "\\\\").replace("'", "''")
            lexemes.append(f"'{text}'{':*' if beginnings and meaning.begins else ''}")
        parts.append(f"({' | '.join(lexemes)})")
    return " & ".join(parts)


def _split(text: str | None) -> tuple[list[str], list[str]]:
    """The words of a free text, and the e-mail addresses among them."""
    words = (text or "").split()
    return [word for word in words if "@" not in word], [word for word in words if "@" in word]


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _member(name: str) -> str:
    return re.sub("_(.)", lambda letter: letter[1].upper(), name)
