"""What an address says, and how its parts are written in their stored form."""

import re
from collections.abc import Mapping

import msgspec

from kolofon.engine.customers.countries import COUNTRIES
from kolofon.platform.problems import Problems

# Where postal codes are checked: the number of their digits, and what people write before them.
_POSTAL_CODES = {"NO": (4, "NO?"), "DK": (4, "DK"), "SE": (5, "SE?"), "FI": (5, "FIN?")}


class AddressData(msgspec.Struct, frozen=True, kw_only=True):
    """What an address says, by the columns of customer_address. `postal_address` is another one for post: a box."""

    care_of: str | None = None
    street: str | None = None
    street_number: int | None = None
    entrance: str | None = None
    floor_type: str | None = None
    floor: int | None = None
    suite: str | None = None
    postal_code: str | None = None
    postal_place: str | None = None
    country_code: str | None = None
    postal_address: str | None = None
    postal_address_postal_code: str | None = None
    postal_address_postal_place: str | None = None


def check_address(data: AddressData, partner_country: str, problems: Problems, names: Mapping[str, str]) -> AddressData:
    """The address in its stored form: country told, postal codes bare, blank texts left out.

    Something to deliver to is needed, and a postal code where these are checked. What is wrong is added to the
    problems, each by the wire's name of its column in `names`; the answer is of use when there are none.
    """
    data = _without_blanks(data)
    country = stored_country(data.country_code or partner_country, names["country_code"], problems)
    code = stored_postal_code(data.postal_code, country, names["postal_code"], problems)
    box_code = stored_postal_code(
        data.postal_address_postal_code, country, names["postal_address_postal_code"], problems
    )
    place = data.postal_place
    if data.street is None and data.postal_address is None:
        problems.add(names["street"], f"expected a street here or something in {names['postal_address']}")
    elif data.street is None and code is None:
        # Who is found at a box only is found where that is.
        code, place = box_code, place or data.postal_address_postal_place
    if code is None and country in _POSTAL_CODES:
        problems.add(names["postal_code"], "expected the postal code")
    return msgspec.structs.replace(
        data,
        country_code=country,
        postal_code=code,
        postal_place=place,
        postal_address_postal_code=box_code,
    )


def stored_country(code: str, field: str, problems: Problems) -> str:
    """Two capital letters."""
    country = code.upper()
    if country not in COUNTRIES:
        problems.add(field, f"there is no country {country}; expected two letters of ISO 3166")
    return country


def stored_postal_code(code: str | None, country: str, field: str, problems: Problems) -> str | None:
    """The bare digits in Norway, Denmark, Sweden and Finland (`SE-112 34` is `11234`); elsewhere as it is told."""
    if code is None or country not in _POSTAL_CODES:
        return code
    digits, prefix = _POSTAL_CODES[country]
    found = re.fullmatch(f"(?:{prefix}-?)?([0-9]{{{digits}}})", re.sub(r"\s", "", code), re.IGNORECASE)
    if found is None:
        problems.add(field, f"expected the {digits} digits of a postal code of {country}")
        return code
    return found[1]


def numeric_postal_code(number: int, country: str) -> str:
    """A postal code that was sent as a number, with the zeros it has lost where these are known: 150 is `0150`."""
    digits, _ = _POSTAL_CODES.get(country.upper(), (1, ""))
    return str(number).zfill(digits)


def _without_blanks(data: AddressData) -> AddressData:
    texts = {name: value for name, value in msgspec.structs.asdict(data).items() if isinstance(value, str)}
    return msgspec.structs.replace(data, **{name: text.strip() or None for name, text in texts.items()})
