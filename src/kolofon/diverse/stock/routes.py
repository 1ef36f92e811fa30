"""Stock: three operations."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter

from kolofon.diverse.stock.schemas import Stock, StockChanged, StockUpdates
from kolofon.diverse.stock.service import change_stocks, list_stocks
from kolofon.engine.calls import ClientReads, ClientWrites

TAG = "Stock"
ProductId = Annotated[str, PathParameter(min_length=1, max_length=12, description="Product code.")]


@post(
    "/v1/client/stock/update",
    operation_id="changeStocksClient",
    summary="Change stocks - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "result"},
)
async def change(data: JSONBody[StockUpdates], client_writes: ClientWrites) -> StockChanged:
    """Set new stock figures of several products: all of them, or none when one is refused."""
    return await change_stocks(client_writes, data)


@get(
    "/v1/client/stock",
    operation_id="listStocksClient",
    summary="List stocks - client mode",
    tags=[TAG],
    opt={"xml_root": "stocks"},
)
async def list_all(client_reads: ClientReads) -> list[Stock]:
    """The stock of every product that has one, by product and warehouse."""
    return await list_stocks(client_reads, None)


@get(
    "/v1/client/stock/{product_id:str}",
    operation_id="listStocksForProductClient",
    summary="List stocks for product - client mode",
    tags=[TAG],
    opt={"xml_root": "stocks"},
)
async def list_for_product(product_id: ProductId, client_reads: ClientReads) -> list[Stock]:
    """The stock of one product, warehouse by warehouse; an empty list when it has none."""
    return await list_stocks(client_reads, product_id)


HANDLERS = [change, list_all, list_for_product]
