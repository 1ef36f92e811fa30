"""Customer: the search."""

from litestar import post
from litestar.params import JSONBody

from kolofon.customer_data.customer.search_schemas import CustomerSearch, CustomersFound
from kolofon.customer_data.customer.search_service import search
from kolofon.engine.calls import ClientReads

TAG = "Customer"


@post(
    "/v1/client/customer/search",
    operation_id="searchCustomerClient",
    summary="Search customer - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "customers"},
)
async def search_customer(data: JSONBody[CustomerSearch], client_reads: ClientReads) -> CustomersFound:
    """Find the partner's customers by what is known of them: all criteria together, the best first.

    Refused when there is too little to search by, or when more than 50 customers match.
    """
    return await search(client_reads, data)


HANDLERS = [search_customer]
