"""Search customer."""

from typing import cast

import msgspec

from kolofon.customer_data.customer.schemas import PhoneNumber, PhoneNumberType
from kolofon.customer_data.customer.search_schemas import CustomerFound, CustomerSearch, CustomersFound
from kolofon.customer_data.customer.service import name_of
from kolofon.engine.calls import Read
from kolofon.engine.customers.searching.criteria import Criteria, FoundCustomer
from kolofon.engine.customers.searching.service import search_customers
from kolofon.platform.callers import ClientCaller
from kolofon.platform.schemas import without_blanks


async def search(call: Read[ClientCaller], request: CustomerSearch) -> CustomersFound:
    """The partner's customers that fit. Raises InvalidRequest for too little to search by and for too many found."""
    criteria = Criteria(**msgspec.structs.asdict(without_blanks(request)))
    found = await search_customers(call.database, call.caller.partner_id, call.partner.offers.country_code, criteria)
    return CustomersFound(customers=[_found(customer) for customer in found])


def _found(customer: FoundCustomer) -> CustomerFound:
    return CustomerFound(
        customer_number=customer.customer_number,
        name=name_of(customer),
        phone_numbers=[
            PhoneNumber(phone_number=number, phone_number_type=cast("PhoneNumberType", kind))
            for number, kind in customer.phone_numbers
        ],
        emails=customer.emails,
    )
