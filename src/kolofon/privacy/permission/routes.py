"""Permission/Shield: seven operations."""

from litestar import get, post
from litestar.params import JSONBody

from kolofon.engine.calls import ClientReads, CustomerNumber, UserReads, UserWrites
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


@get(
    "/v1/customer/pbm",
    operation_id="listGlobalPermissions",
    summary="List global permissions",
    tags=[TAG],
    opt={"xml_root": "channels"},
)
async def list_global(
    user_reads: UserReads,
) -> GlobalPermissionAnswer:
    """The logged-in customer's shields per channel across all enterprises; read only."""
    return await list_global_permissions(user_reads)


@get(
    "/v1/customer/pbm/{enterprise_code:str}",
    operation_id="listEnterprisePermissions",
    summary="List enterprise permissions",
    tags=[TAG],
    opt={"xml_root": "channels"},
)
async def list_enterprise(
    enterprise_code: EnterpriseCode,
    user_reads: UserReads,
) -> PermissionAnswer:
    """The logged-in customer's permissions and shields per channel towards one enterprise."""
    return await list_permissions(user_reads, enterprise_code, ENTERPRISE_LEVEL)


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
    user_writes: UserWrites,
) -> PermissionAnswer:
    """Set permissions and shields towards one enterprise; a channel that is not named keeps its state."""
    return await change_permissions(user_writes, enterprise_code, ENTERPRISE_LEVEL, data)


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
    user_reads: UserReads,
) -> PermissionAnswer:
    """The logged-in customer's permissions and shields per channel for one order type; only this level's own."""
    return await list_permissions(user_reads, enterprise_code, order_type)


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
    user_writes: UserWrites,
) -> PermissionAnswer:
    """Set permissions and shields for one order type; the enterprise level is untouched."""
    return await change_permissions(user_writes, enterprise_code, order_type, data)


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
    client_reads: ClientReads,
) -> ShieldAnswer:
    """The channels a customer is shielded on towards one enterprise; an empty list means no shield."""
    return await check_shield(client_reads, customer_number, enterprise_code, ENTERPRISE_LEVEL)


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
    client_reads: ClientReads,
) -> ShieldAnswer:
    """The channels a customer is shielded on for one order type; an empty list means no shield."""
    return await check_shield(client_reads, customer_number, enterprise_code, order_type)


HANDLERS = [
    list_global,
    list_enterprise,
    change_enterprise,
    list_ordertype,
    change_ordertype,
    check_shield_enterprise,
    check_shield_ordertype,
]
