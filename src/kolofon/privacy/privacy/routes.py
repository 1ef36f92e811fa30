"""Privacy: four operations, two on each level."""

from litestar import get, post
from litestar.params import JSONBody

from kolofon.catalogue.memory import Catalogue
from kolofon.platform.clock import Clock
from kolofon.platform.dependencies import ReadConnection, Shared, User, WriteTransaction
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
    enterprise_code: EnterpriseCode, user: User, connection: ReadConnection, catalogue: Shared[Catalogue]
) -> PrivacyAnswer:
    """The purposes the logged-in customer permits one enterprise to use the customer's data for."""
    partner = catalogue.partner(user.partner_id)
    return await list_privacy(connection, partner, user, enterprise_code, ENTERPRISE_LEVEL)


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
    user: User,
    transaction: WriteTransaction,
    catalogue: Shared[Catalogue],
    clock: Shared[Clock],
) -> PrivacyAnswer:
    """Replace the purposes permitted to one enterprise; an empty list withdraws all."""
    partner = catalogue.partner(user.partner_id)
    return await change_privacy(transaction, clock, partner, user, (enterprise_code, ENTERPRISE_LEVEL), data)


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
    user: User,
    connection: ReadConnection,
    catalogue: Shared[Catalogue],
) -> PrivacyAnswer:
    """The purposes the logged-in customer permits for one order type of an enterprise; only this level's own."""
    partner = catalogue.partner(user.partner_id)
    return await list_privacy(connection, partner, user, enterprise_code, order_type)


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
    user: User,
    transaction: WriteTransaction,
    catalogue: Shared[Catalogue],
    clock: Shared[Clock],
) -> PrivacyAnswer:
    """Replace the purposes permitted for one order type; the enterprise level is untouched."""
    partner = catalogue.partner(user.partner_id)
    return await change_privacy(transaction, clock, partner, user, (enterprise_code, order_type), data)


HANDLERS = [list_privacy_enterprise, change_privacy_enterprise, list_privacy_ordertype, change_privacy_ordertype]
