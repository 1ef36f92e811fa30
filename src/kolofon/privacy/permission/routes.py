"""Permission/Shield: seven operations."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter

from kolofon.catalogue.memory import Catalogue
from kolofon.platform.clock import Clock
from kolofon.platform.dependencies import Client, ReadConnection, Shared, User, WriteTransaction
from kolofon.privacy.levels import ENTERPRISE_LEVEL, EnterpriseCode, OrderType
from kolofon.privacy.permission.schemas import (
    GlobalPermissionAnswer,
    PermissionAnswer,
    PermissionRequest,
    ShieldAnswer,
)
from kolofon.privacy.permission.service import (
    change_permissions,
    check_shield,
    list_global_permissions,
    list_permissions,
)

TAG = "Permission/Shield"
CustomerNumber = Annotated[int, PathParameter(ge=1, le=2**53 - 1, description="Number of a customer of the partner.")]


@get(
    "/v1/customer/pbm",
    operation_id="listGlobalPermissions",
    summary="List global permissions",
    tags=[TAG],
    opt={"xml_root": "channels"},
)
async def list_global(user: User, connection: ReadConnection, catalogue: Shared[Catalogue]) -> GlobalPermissionAnswer:
    """The logged-in customer's shields per channel across all enterprises; read only."""
    return await list_global_permissions(connection, catalogue.partner(user.partner_id), user)


@get(
    "/v1/customer/pbm/{enterprise_code:str}",
    operation_id="listEnterprisePermissions",
    summary="List enterprise permissions",
    tags=[TAG],
    opt={"xml_root": "channels"},
)
async def list_enterprise(
    enterprise_code: EnterpriseCode, user: User, connection: ReadConnection, catalogue: Shared[Catalogue]
) -> PermissionAnswer:
    """The logged-in customer's permissions and shields per channel towards one enterprise."""
    partner = catalogue.partner(user.partner_id)
    return await list_permissions(connection, partner, user, enterprise_code, ENTERPRISE_LEVEL)


@post(
    "/v1/customer/pbm/{enterprise_code:str}",
    operation_id="changeEnterprisePermissions",
    summary="Change enterprise permissions",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "channels"},
)
async def change_enterprise(
    enterprise_code: EnterpriseCode,
    data: JSONBody[PermissionRequest],
    user: User,
    transaction: WriteTransaction,
    catalogue: Shared[Catalogue],
    clock: Shared[Clock],
) -> PermissionAnswer:
    """Set permissions and shields towards one enterprise; a channel that is not named keeps its state."""
    partner = catalogue.partner(user.partner_id)
    return await change_permissions(transaction, clock, partner, user, (enterprise_code, ENTERPRISE_LEVEL), data)


@get(
    "/v1/customer/pbm/{enterprise_code:str}/{order_type:str}",
    operation_id="listOrdertypePermissions",
    summary="List ordertype permissions",
    tags=[TAG],
    opt={"xml_root": "channels"},
)
async def list_ordertype(
    enterprise_code: EnterpriseCode,
    order_type: OrderType,
    user: User,
    connection: ReadConnection,
    catalogue: Shared[Catalogue],
) -> PermissionAnswer:
    """The logged-in customer's permissions and shields per channel for one order type; only this level's own."""
    partner = catalogue.partner(user.partner_id)
    return await list_permissions(connection, partner, user, enterprise_code, order_type)


@post(
    "/v1/customer/pbm/{enterprise_code:str}/{order_type:str}",
    operation_id="changeOrdertypePermissions",
    summary="Change ordertype permissions",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "channels"},
)
async def change_ordertype(
    enterprise_code: EnterpriseCode,
    order_type: OrderType,
    data: JSONBody[PermissionRequest],
    user: User,
    transaction: WriteTransaction,
    catalogue: Shared[Catalogue],
    clock: Shared[Clock],
) -> PermissionAnswer:
    """Set permissions and shields for one order type; the enterprise level is untouched."""
    partner = catalogue.partner(user.partner_id)
    return await change_permissions(transaction, clock, partner, user, (enterprise_code, order_type), data)


@get(
    "/v1/client/customer/pbm/{customer_number:int}/{enterprise_code:str}",
    operation_id="checkShieldEnterpriseClient",
    summary="Check shield enterprise - client mode",
    tags=[TAG],
    opt={"xml_root": "channels"},
)
async def check_shield_enterprise(
    customer_number: CustomerNumber,
    enterprise_code: EnterpriseCode,
    client: Client,
    connection: ReadConnection,
    catalogue: Shared[Catalogue],
) -> ShieldAnswer:
    """The channels a customer is shielded on towards one enterprise; an empty list means no shield."""
    partner = catalogue.partner(client.partner_id)
    return await check_shield(connection, partner, customer_number, enterprise_code, ENTERPRISE_LEVEL)


@get(
    "/v1/client/customer/pbm/{customer_number:int}/{enterprise_code:str}/{order_type:str}",
    operation_id="checkShieldOrdertypeClient",
    summary="Check shield ordertype - client mode",
    tags=[TAG],
    opt={"xml_root": "channels"},
)
async def check_shield_ordertype(
    customer_number: CustomerNumber,
    enterprise_code: EnterpriseCode,
    order_type: OrderType,
    client: Client,
    connection: ReadConnection,
    catalogue: Shared[Catalogue],
) -> ShieldAnswer:
    """The channels a customer is shielded on for one order type; an empty list means no shield."""
    partner = catalogue.partner(client.partner_id)
    return await check_shield(connection, partner, customer_number, enterprise_code, order_type)


HANDLERS = [
    list_global,
    list_enterprise,
    change_enterprise,
    list_ordertype,
    change_ordertype,
    check_shield_enterprise,
    check_shield_ordertype,
]
