"""List addresses."""

from datetime import date, timedelta

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.customer_data.address.schemas import Addresses, ListedAddress, Period
from kolofon.engine.calls import Read
from kolofon.engine.customers.addresses import queries
from kolofon.engine.customers.addresses.rules import AddressRow, home_on
from kolofon.engine.customers.service import check_customer, customer_of
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.dates import day_of, start_of_day
from kolofon.platform.errors import NotFound

_A_SECOND = timedelta(seconds=1)


async def list_of_user(call: Read[UserCaller], product_code: str | None = None) -> Addresses:
    """The addresses of the logged-in user's customer. Raises NotFound."""
    _check_product(call.partner, product_code)
    return await _listed(call, await customer_of(call.database, call.caller), product_code)


async def list_of_customer(
    call: Read[ClientCaller], customer_number: int, product_code: str | None = None
) -> Addresses:
    """The addresses of a customer. Raises NotFound."""
    _check_product(call.partner, product_code)
    await check_customer(call.database, call.caller.partner_id, customer_number)
    return await _listed(call, customer_number, product_code)


def answer(partner: PartnerCatalogue, rows: list[AddressRow], today: date) -> Addresses:
    """The addresses as they are listed: home, what runs, what is planned by its first day, what is over.

    What is over is there to be used again, so each address is listed once, and the home address not at all.
    """
    home = home_on(rows, today)
    listed = []
    former = {home.data} if home is not None else set()
    for row in sorted(rows, key=lambda row: (row != home, *_place(row, today))):
        if row.standing(today) == "historical":
            if row.data in former:
                continue
            former.add(row.data)
        listed.append(_address(row, today, partner.offers.time_zone))
    return Addresses(addresses=listed)


def _place(row: AddressRow, today: date) -> tuple[int, int, int]:
    standing = row.standing(today)
    if standing == "historical":
        return 2, -(row.valid_until or row.valid_from).toordinal(), -row.address_id
    return 0 if standing == "current" else 1, row.valid_from.toordinal(), row.address_id


async def _listed(call: Read[ClientCaller], customer_number: int, product_code: str | None) -> Addresses:
    today = day_of(call.clock.now(), call.partner.offers.time_zone)
    rows = await queries.list_addresses(call.database, call.caller.partner_id, customer_number, product_code, today)
    return answer(call.partner, rows, today)


def _check_product(partner: PartnerCatalogue, product_code: str | None) -> None:
    if product_code is not None and product_code not in partner.products:
        raise NotFound(f"productCode: there is no product {product_code}")


def _address(row: AddressRow, today: date, time_zone: str) -> ListedAddress:
    data = row.data
    return ListedAddress(
        id=row.address_id,
        product=row.product_code,
        care_of_address=data.care_of,
        street_address=data.street,
        street_number=data.street_number,
        entrance=data.entrance,
        floor_type=data.floor_type,
        floor=data.floor,
        suite=data.suite,
        postal_code=data.postal_code,
        postal_place=data.postal_place,
        postal_address=data.postal_address,
        postal_address_postal_code=data.postal_address_postal_code,
        postal_address_postal_place=data.postal_address_postal_place,
        country_code=data.country_code,
        address_type=row.standing(today),
        permanent=row.product_code is None,
        period=_period(row, today, time_zone),
    )


def _period(row: AddressRow, today: date, time_zone: str) -> Period | None:
    """A home address lasts until the next one, which tells when that is."""
    standing = row.standing(today)
    if row.product_code is None and standing == "current":
        return None
    has_end = row.valid_until is not None and (row.product_code is not None or standing == "historical")
    end = start_of_day(row.valid_until, time_zone) - _A_SECOND if has_end and row.valid_until is not None else None
    return Period(
        start_time=epoch_milliseconds(start_of_day(row.valid_from, time_zone)),
        end_time=epoch_milliseconds(end) if end is not None else None,
    )
