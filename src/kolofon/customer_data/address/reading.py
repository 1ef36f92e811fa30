"""What a change of addresses asks for, as far as it can be known without the database."""

from datetime import UTC, date, datetime, timedelta

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.customer_data.address.schemas import PRODUCTS, AddressChange, ChangePeriod, ChangeType
from kolofon.engine.customers.addresses.forms import AddressData, check_address, numeric_postal_code
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.dates import day_of
from kolofon.platform.problems import Problems
from kolofon.platform.schemas import without_blanks

_FURTHEST = timedelta(days=3660)
_NAMES = {
    "street": "streetAddress",
    "postal_code": "postalCode",
    "country_code": "countryCode",
    "postal_address": "postalAddress",
    "postal_address_postal_code": "postalAddressPostalCode",
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A change, checked. `data`: the address that is told; None: that of the id, or none is needed.

    `address_id` is 0 when none is told. `start` is the first day, `until` the day after the last. `moves_dates`: an
    update is one of dates.
    """

    change_type: ChangeType
    address_id: int
    products: tuple[str, ...]
    data: AddressData | None
    start: date | None
    until: date | None
    moves_dates: bool


def read_change(partner: PartnerCatalogue, request: AddressChange, now: datetime) -> Wanted:
    """Raises InvalidRequest with all that is wrong."""
    request = without_blanks(request)
    problems = Problems()
    moves_dates = request.change_type == "update" and request.period is not None
    _check_id(request, moves_dates, problems)
    start, until = _period(request, partner.offers.time_zone, now, problems)
    if moves_dates and start is None and until is None:
        problems.add("period.startTime", "expected the new first day here or the last in endTime")
    needs_data = request.change_type != "delete" and not moves_dates
    uses_again = request.change_type != "update" and request.id is not None
    wanted = Wanted(
        change_type=request.change_type,
        address_id=request.id or 0,
        products=_products(request, partner, problems),
        data=_data(request, partner, problems) if needs_data and not uses_again else None,
        start=start,
        until=until,
        moves_dates=moves_dates,
    )
    problems.refuse()
    return wanted


def _check_id(request: AddressChange, moves_dates: bool, problems: Problems) -> None:
    if request.id is not None:
        return
    if request.change_type == "delete":
        problems.add("id", "expected the id of the change to delete")
    if moves_dates:
        problems.add("id", "expected the id of the change whose dates move; the home address has no period")


def _products(request: AddressChange, partner: PartnerCatalogue, problems: Problems) -> tuple[str, ...]:
    if request.change_type == "createPermanent":
        return ()
    if request.product is None:
        if request.change_type == "create":
            problems.add("product", "expected the code of a product, or several separated by commas")
        return ()
    codes = [code.strip() for code in request.product.split(",")]
    if len(codes) > PRODUCTS:
        problems.add("product", f"expected {PRODUCTS} products at most")
    for code in codes:
        if code not in partner.products:
            missing = f"there is no product {code[:12]}" if code else "expected a code on both sides of each comma"
            problems.add("product", missing)
    if len(set(codes)) < len(codes):
        problems.add("product", "expected each product once")
    return tuple(codes)


def _period(
    request: AddressChange, time_zone: str, now: datetime, problems: Problems
) -> tuple[date | None, date | None]:
    """The first day and the one after the last. A delete has none, a move for good no end."""
    period = request.period or ChangePeriod()
    if request.change_type == "delete":
        return None, None
    start = _day("period.startTime", period.start_time, time_zone, now, problems)
    if request.change_type == "createPermanent":
        return start, None
    last = _day("period.endTime", period.end_time, time_zone, now, problems)
    return start, last + timedelta(days=1) if last is not None else None


def _day(field: str, milliseconds: int | None, time_zone: str, now: datetime, problems: Problems) -> date | None:
    if milliseconds is None:
        return None
    if not 0 <= milliseconds <= epoch_milliseconds(now + _FURTHEST):
        problems.add(field, "expected milliseconds since 1970, up to ten years ahead")
        return None
    return day_of(datetime.fromtimestamp(milliseconds / 1000, UTC), time_zone)


def _data(request: AddressChange, partner: PartnerCatalogue, problems: Problems) -> AddressData:
    if request.country_code is None and request.change_type != "createPermanent":
        problems.add("countryCode", "expected the country, such as NO")
    country = request.country_code or partner.offers.country_code
    told = AddressData(
        care_of=request.care_of_address,
        street=request.street_address,
        street_number=int(request.street_number) if request.street_number is not None else None,
        entrance=request.entrance,
        postal_code=_postal_code(request.postal_code, country),
        postal_place=request.postal_place,
        country_code=country,
        postal_address=request.postal_address,
        postal_address_postal_code=_postal_code(request.postal_address_postal_code, country),
        postal_address_postal_place=request.postal_address_postal_place,
    )
    return check_address(told, partner.offers.country_code, problems, _NAMES)


def _postal_code(code: str | int | None, country: str) -> str | None:
    return numeric_postal_code(code, country) if isinstance(code, int) else code
