"""Register an external identity, and tie it to a customer."""

from kolofon.diverse.external_identity import queries
from kolofon.diverse.external_identity.queries import Handle
from kolofon.diverse.external_identity.schemas import (
    ExternalIdAnswer,
    ExternalIdCustomerRequest,
    ExternalIdRequest,
)
from kolofon.engine import extid_code
from kolofon.engine.credentials import external_credential
from kolofon.engine.customers.queries import customer_exists
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import new_uuid, unique_id_text
from kolofon.platform.sealing import Secrets

# The column takes the whole of `PREFIX:external id`; the reference limits it to 60, its parts likewise.
_CREDENTIAL_LENGTH = 60


async def register_external_id(
    connection: Connection, clock: Clock, secrets: Secrets, client: ClientCaller, request: ExternalIdRequest
) -> ExternalIdAnswer:
    """The handle of an external identity, created at the first call. Raises InvalidRequest."""
    credential = _credential(request)
    handle, is_new = await _ensure_handle(connection, clock, client, request, credential)
    return _answer(request, credential, handle, is_new, _code(clock, secrets, client, request, credential))


async def register_external_id_customer(
    connection: Connection, clock: Clock, secrets: Secrets, client: ClientCaller, request: ExternalIdCustomerRequest
) -> ExternalIdAnswer:
    """Tie the handle, created when it is missing, to a customer of the partner. Raises InvalidRequest."""
    credential = _credential(request)
    if not await customer_exists(connection, client.partner_id, request.customer_number):
        raise InvalidRequest(f"customerNumber: there is no customer {request.customer_number}")
    handle, is_new = await _ensure_handle(connection, clock, client, request, credential)
    if handle.customer_number != request.customer_number:
        now = clock.now()
        await queries.link_customer(connection, handle.unique_id, client.partner_id, request.customer_number, now)
        change = audit.Change(
            action="registerExternalIdCustomerClient",
            subject=f"user:{unique_id_text(handle.unique_id)}",
            before={"customerNumber": handle.customer_number},
            after={"customerNumber": request.customer_number},
        )
        await audit.record(connection, clock, client, change)
    tied = Handle(handle.unique_id, handle.disabled, request.customer_number)
    return _answer(request, credential, tied, is_new, _code(clock, secrets, client, request, credential))


async def _ensure_handle(
    connection: Connection, clock: Clock, client: ClientCaller, request: ExternalIdRequest, credential: str
) -> tuple[Handle, bool]:
    await queries.lock_external_id(connection, credential)
    handle = await queries.find_handle(connection, client.partner_id, credential)
    if handle is not None:
        return handle, False
    unique_id = new_uuid()
    await queries.add_handle(connection, unique_id, credential, request.credential_type, clock.now())
    change = audit.Change(
        action="registerExternalIdClient",
        subject=f"user:{unique_id_text(unique_id)}",
        after={"credentialType": request.credential_type},
    )
    await audit.record(connection, clock, client, change)
    return Handle(unique_id, disabled=False, customer_number=None), True


def _credential(request: ExternalIdRequest) -> str:
    credential = external_credential(request.credential_type, request.external_id)
    if len(credential) > _CREDENTIAL_LENGTH:
        limit = _CREDENTIAL_LENGTH - len(credential) + len(request.external_id)
        raise InvalidRequest(
            f"externalId: expected at most {limit} characters for credentialType {request.credential_type}"
        )
    return credential


def _code(clock: Clock, secrets: Secrets, client: ClientCaller, request: ExternalIdRequest, credential: str) -> str:
    key = secrets.key(extid_code.KEY_PURPOSE)
    return extid_code.make(request.credential_type, credential, key, client.client_id, clock.now())


def _answer(request: ExternalIdRequest, credential: str, handle: Handle, is_new: bool, code: str) -> ExternalIdAnswer:
    # A handle that was just made has been used by nobody yet; that is how the original's examples read.
    usable = not handle.disabled and not is_new
    return ExternalIdAnswer(
        credential=credential,
        external_id=request.external_id,
        credential_type=request.credential_type,
        can_login=usable,
        customer_number=handle.customer_number,
        unique_id=unique_id_text(handle.unique_id),
        enabled=usable,
        new_user=is_new,
        extid_code=code,
    )
