"""Wire shapes of Stock."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, Code, RequestBody

Warehouse = Annotated[str, Meta(min_length=1, max_length=40, description="Stock place.")]


class StockUpdate(RequestBody):
    """A new figure."""

    product_id: Annotated[Code, Meta(description="Product code.")]
    quantity: Annotated[int, Meta(ge=0, le=2**31 - 1, description="How many there are now; not a difference.")]
    warehouse: (
        Annotated[
            Warehouse, Meta(description="A new one is made. May be left out of a product that is kept in one place.")
        ]
        | None
    ) = None


class StockUpdates(RequestBody):
    """New figures; of two for one product and warehouse the later one counts."""

    updates: list[StockUpdate] | None = None


class StockChanged(Answer):
    """The acknowledgement."""

    status: Literal["ok"]


class Stock(Answer):
    """How many there are of a product in a warehouse."""

    product_id: Annotated[str, Meta(max_length=12, description="Product code.")]
    warehouse: Warehouse
    quantity: int
