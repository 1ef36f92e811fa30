"""Privacy: four operations, two on each level."""

from litestar import get, post
from litestar.params import JSONBody

from kolofon.engine.calls import UserReads, UserWrites
from kolofon.privacy.levels import ENTERPRISE_LEVEL, EnterpriseCode, OrderType
from kolofon.privacy.privacy.schemas import PrivacyAnswer, PrivacyRequest
from kolofon.privacy.privacy.service import change_privacy, list_privacy

TAG = "Privacy"


@get(
    "/v1/customer/privacy/{enterprise_code:str}",
    operation_id="listPrivacyEnterprise",
    summary="List privacy enterprise",
    tags=[TAG],
    opt={"xml_root": "privacy"},
)
async def list_privacy_enterprise(
    enterprise_code: EnterpriseCode,
    user_reads: UserReads,
) -> PrivacyAnswer:
    """The purposes the logged-in customer permits one enterprise to use the customer's data for."""
    return await list_privacy(user_reads, enterprise_code, ENTERPRISE_LEVEL)


@post(
    "/v1/customer/privacy/{enterprise_code:str}",
    operation_id="changePrivacyEnterprise",
    summary="Change privacy enterprise",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "privacy"},
)
async def change_privacy_enterprise(
    enterprise_code: EnterpriseCode,
    data: JSONBody[PrivacyRequest],
    user_writes: UserWrites,
) -> PrivacyAnswer:
    """Replace the purposes permitted to one enterprise; an empty list withdraws all."""
    return await change_privacy(user_writes, enterprise_code, ENTERPRISE_LEVEL, data)


@get(
    "/v1/customer/privacy/{enterprise_code:str}/{order_type:str}",
    operation_id="listPrivacyOrdertype",
    summary="List privacy ordertype",
    tags=[TAG],
    opt={"xml_root": "privacy"},
)
async def list_privacy_ordertype(
    enterprise_code: EnterpriseCode,
    order_type: OrderType,
    user_reads: UserReads,
) -> PrivacyAnswer:
    """The purposes the logged-in customer permits for one order type of an enterprise; only this level's own."""
    return await list_privacy(user_reads, enterprise_code, order_type)


@post(
    "/v1/customer/privacy/{enterprise_code:str}/{order_type:str}",
    operation_id="changePrivacyOrdertype",
    summary="Change privacy ordertype",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "privacy"},
)
async def change_privacy_ordertype(
    enterprise_code: EnterpriseCode,
    order_type: OrderType,
    data: JSONBody[PrivacyRequest],
    user_writes: UserWrites,
) -> PrivacyAnswer:
    """Replace the purposes permitted for one order type; the enterprise level is untouched."""
    return await change_privacy(user_writes, enterprise_code, order_type, data)


HANDLERS = [list_privacy_enterprise, change_privacy_enterprise, list_privacy_ordertype, change_privacy_ordertype]
