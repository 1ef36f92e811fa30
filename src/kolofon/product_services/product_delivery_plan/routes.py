"""ProductDeliveryPlan: one operation, answered from memory."""

from typing import Annotated

from litestar import get
from litestar.params import PathParameter

from kolofon.engine.calls import ClientReads
from kolofon.product_services.product_delivery_plan.schemas import ProductDeliveryPlan
from kolofon.product_services.product_delivery_plan.service import list_delivery_plans

TAG = "ProductDeliveryPlan"
ProductCode = Annotated[str, PathParameter(min_length=1, max_length=12, description="Code of a product.")]


@get(
    "/v1/client/productdeliveryplan/{product_code:str}",
    operation_id="listProductdeliveryplanClient",
    summary="List productdeliveryplan - client mode",
    tags=[TAG],
    opt={"xml_root": "productDeliveryPlans"},
)
async def list_plans(product_code: ProductCode, client_reads: ClientReads) -> list[ProductDeliveryPlan]:
    """The delivery plans that a product is offered with; an empty list when it has none."""
    return list_delivery_plans(client_reads, product_code)


HANDLERS = [list_plans]
