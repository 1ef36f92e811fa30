"""Credential: one operation, client mode."""

from litestar import post
from litestar.params import JSONBody

from kolofon.engine.calls import ClientReads
from kolofon.user_data.credential import service
from kolofon.user_data.credential.schemas import CredentialAnswer, CredentialRequest

TAG = "Credential"


@post(
    "/v1/client/credential",
    operation_id="checkCredentialClient",
    summary="Check credential - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "credential"},
)
async def check_credential(
    data: JSONBody[CredentialRequest],
    client_reads: ClientReads,
) -> CredentialAnswer:
    """Whether an e-mail address, phone number or external identity is a user's already, as before Assign user."""
    return await service.check_credential(client_reads, data)


HANDLERS = [check_credential]
