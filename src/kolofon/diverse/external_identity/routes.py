"""External Identity: two operations, client mode."""

from litestar import post
from litestar.params import JSONBody

from kolofon.diverse.external_identity import service
from kolofon.diverse.external_identity.schemas import ExternalIdAnswer, ExternalIdCustomerRequest, ExternalIdRequest
from kolofon.engine.calls import ClientWrites

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
    client_writes: ClientWrites,
) -> ExternalIdAnswer:
    """Make sure a user of a third-party identity system is known, and get its handle and its customer, if any."""
    return await service.register_external_id(client_writes, data)


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
    client_writes: ClientWrites,
) -> ExternalIdAnswer:
    """Tie a customer to an external identity, which is registered when it was not before."""
    return await service.register_external_id_customer(client_writes, data)


HANDLERS = [register_external_id, register_external_id_customer]
