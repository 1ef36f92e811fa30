"""External Identity: two operations, client mode."""

from litestar import post
from litestar.params import JSONBody

from kolofon.diverse.external_identity import service
from kolofon.diverse.external_identity.schemas import ExternalIdAnswer, ExternalIdCustomerRequest, ExternalIdRequest
from kolofon.platform.clock import Clock
from kolofon.platform.dependencies import Client, Shared, WriteTransaction
from kolofon.platform.sealing import Secrets

TAG = "External Identity"


@post(
    "/v1/client/extid",
    operation_id="registerExternalIdClient",
    summary="Register external Id - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "externalIdentity"},
)
async def register_external_id(
    data: JSONBody[ExternalIdRequest],
    client: Client,
    transaction: WriteTransaction,
    clock: Shared[Clock],
    secrets: Shared[Secrets],
) -> ExternalIdAnswer:
    """Make sure a user of a third-party identity system is known, and get its handle and its customer, if any."""
    return await service.register_external_id(transaction, clock, secrets, client, data)


@post(
    "/v1/client/extid/customer",
    operation_id="registerExternalIdCustomerClient",
    summary="Register customer - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "externalIdentity"},
)
async def register_external_id_customer(
    data: JSONBody[ExternalIdCustomerRequest],
    client: Client,
    transaction: WriteTransaction,
    clock: Shared[Clock],
    secrets: Shared[Secrets],
) -> ExternalIdAnswer:
    """Tie a customer to an external identity, which is registered when it was not before."""
    return await service.register_external_id_customer(transaction, clock, secrets, client, data)


HANDLERS = [register_external_id, register_external_id_customer]
