"""External Reference: four operations, client mode."""

from typing import Annotated

from litestar import delete, get, patch, post
from litestar.params import JSONBody, PathParameter

from kolofon.customer_data.external_reference.schemas import (
    ExternalReferenceAnswer,
    ExternalReferenceChange,
    ExternalReferenceRequest,
    ExternalReferences,
)
from kolofon.customer_data.external_reference.service import (
    change_external_reference,
    list_external_references,
    register_external_reference,
    remove_external_reference,
)
from kolofon.engine.calls import ClientReads, ClientWrites, CustomerNumber
from kolofon.engine.customers.references import REFERENCE_CODE

TAG = "External Reference"
ReferenceCode = Annotated[str, PathParameter(pattern=REFERENCE_CODE, description="Names the other system, as CRM.")]


@get(
    "/v1/client/customer/{customer_number:int}/external-reference",
    operation_id="listExternalReferencesClient",
    summary="List external references - client mode",
    tags=[TAG],
    opt={"xml_root": "externalReferences"},
)
async def list_references(
    customer_number: CustomerNumber,
    client_reads: ClientReads,
) -> ExternalReferences:
    """What other systems call a customer, one identifier for each system."""
    return await list_external_references(client_reads, customer_number)


@post(
    "/v1/client/customer/{customer_number:int}/external-reference",
    operation_id="registerExternalReferenceClient",
    summary="Register external reference - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "result"},
)
async def register_reference(
    customer_number: CustomerNumber,
    data: JSONBody[ExternalReferenceRequest],
    client_writes: ClientWrites,
) -> ExternalReferenceAnswer:
    """Store what a system calls a customer; false when it has another identifier, or another customer has this one."""
    return await register_external_reference(client_writes, customer_number, data)


@patch(
    "/v1/client/customer/{customer_number:int}/external-reference/{reference_code:str}",
    operation_id="changeExternalReferenceClient",
    summary="Change external reference - client mode",
    tags=[TAG],
    opt={"xml_root": "result"},
)
async def change_reference(
    customer_number: CustomerNumber,
    reference_code: ReferenceCode,
    data: JSONBody[ExternalReferenceChange],
    client_writes: ClientWrites,
) -> ExternalReferenceAnswer:
    """Replace what a system calls a customer; false when it has no identifier, or another customer has this one."""
    return await change_external_reference(client_writes, customer_number, reference_code, data)


@delete(
    "/v1/client/customer/{customer_number:int}/external-reference/{reference_code:str}",
    operation_id="removeExternalReferenceClient",
    summary="Remove external reference - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "result"},
)
async def remove_reference(
    customer_number: CustomerNumber,
    reference_code: ReferenceCode,
    client_writes: ClientWrites,
) -> ExternalReferenceAnswer:
    """Remove what a system calls a customer; false when it has no identifier."""
    return await remove_external_reference(client_writes, customer_number, reference_code)


HANDLERS = [list_references, register_reference, change_reference, remove_reference]
