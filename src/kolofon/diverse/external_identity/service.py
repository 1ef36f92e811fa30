"""Register an external identity, and tie it to a customer."""

from kolofon.diverse.external_identity.schemas import (
    ExternalIdAnswer,
    ExternalIdCustomerRequest,
    ExternalIdRequest,
)
from kolofon.engine import extid_code
from kolofon.engine.accounts.queries import Handle, NewHandle, link_customer
from kolofon.engine.accounts.service import find_or_make_account
from kolofon.engine.calls import Write
from kolofon.engine.customers.service import lock_remaining
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller
from kolofon.platform.credentials import BY_OTHERS, external_credential
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import new_uuid, unique_id_text

# The column takes the whole of `PREFIX:external id`; the reference limits it to 60, its parts likewise.
_CREDENTIAL_LENGTH = 60


async def register_external_id(call: Write[ClientCaller], request: ExternalIdRequest) -> ExternalIdAnswer:
    """The handle of an external identity, created at the first call. Raises InvalidRequest."""
    credential = _credential(request)
    handle, is_new = await _ensure_handle(call, request, credential)
    return _answer(request, credential, handle, is_new, _code(call, request, credential))


async def register_external_id_customer(
    call: Write[ClientCaller], request: ExternalIdCustomerRequest
) -> ExternalIdAnswer:
    """Tie the handle, created when it is missing, to a customer of the partner, or to the one that it was merged into.

    Raises InvalidRequest.
    """
    credential = _credential(request)
    # Locked, so that the customer is not merged into another one before the handle is tied to it.
    customer_number = await lock_remaining(call.transaction, call.caller.partner_id, request.customer_number)
    if customer_number is None:
        raise InvalidRequest(f"customerNumber: there is no customer {request.customer_number}")
    handle, is_new = await _ensure_handle(call, request, credential)
    if handle.customer_number != customer_number:
        await link_customer(
            call.transaction, handle.unique_id, call.caller.partner_id, customer_number, call.clock.now()
        )
        change = audit.Change(
            action="registerExternalIdCustomerClient",
            subject=f"user:{unique_id_text(handle.unique_id)}",
            before={"customerNumber": handle.customer_number},
            after={"customerNumber": customer_number},
        )
        await audit.record(call.transaction, call.clock, call.caller, change)
    tied = Handle(handle.unique_id, handle.disabled, customer_number)
    return _answer(request, credential, tied, is_new, _code(call, request, credential))


async def _ensure_handle(call: Write[ClientCaller], request: ExternalIdRequest, credential: str) -> tuple[Handle, bool]:
    new = NewHandle(
        unique_id=new_uuid(),
        credential=credential,
        credential_type=request.credential_type,
        verification_level=BY_OTHERS,
    )
    handle, is_new = await find_or_make_account(call.transaction, call.caller.partner_id, new, call.clock.now())
    if is_new:
        change = audit.Change(
            action="registerExternalIdClient",
            subject=f"user:{unique_id_text(handle.unique_id)}",
            after={"credentialType": request.credential_type},
        )
        await audit.record(call.transaction, call.clock, call.caller, change)
    return handle, is_new


def _credential(request: ExternalIdRequest) -> str:
    credential = external_credential(request.credential_type, request.external_id)
    if len(credential) > _CREDENTIAL_LENGTH:
        limit = _CREDENTIAL_LENGTH - len(credential) + len(request.external_id)
        raise InvalidRequest(
            f"externalId: expected at most {limit} characters for credentialType {request.credential_type}"
        )
    return credential


def _code(call: Write[ClientCaller], request: ExternalIdRequest, credential: str) -> str:
    key = call.secrets.key(extid_code.KEY_PURPOSE)
    return extid_code.make(request.credential_type, credential, key, call.caller.client_id, call.clock.now())


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
