"""The levels that permissions are set on, checked against the catalogue."""

from typing import Annotated

from litestar.params import PathParameter

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.platform.errors import NotFound

EnterpriseCode = Annotated[str, PathParameter(min_length=1, max_length=12, description="Code of an enterprise.")]
OrderType = Annotated[str, PathParameter(min_length=1, max_length=12, description="Code of an order type.")]

# The enterprise level is stored as the empty order type.
ENTERPRISE_LEVEL = ""


def check_level(catalogue: PartnerCatalogue, enterprise_code: str, order_type: str = ENTERPRISE_LEVEL) -> None:
    """Raises NotFound for an enterprise or order type that the partner does not have."""
    order_types = catalogue.enterprises.get(enterprise_code)
    if order_types is None:
        raise NotFound(f"enterpriseCode: there is no enterprise {enterprise_code}")
    if order_type != ENTERPRISE_LEVEL and order_type not in order_types:
        raise NotFound(f"orderType: there is no order type {order_type} in the enterprise {enterprise_code}")
