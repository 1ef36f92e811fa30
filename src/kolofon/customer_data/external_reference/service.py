"""Register, list, change and remove what other systems call a customer."""

from kolofon.customer_data.external_reference import queries
from kolofon.customer_data.external_reference.queries import ReferenceKey
from kolofon.customer_data.external_reference.schemas import (
    ExternalReference,
    ExternalReferenceAnswer,
    ExternalReferenceChange,
    ExternalReferenceRequest,
    ExternalReferences,
)
from kolofon.engine.calls import Read, Write
from kolofon.engine.customers.references import (
    EXTERNAL_ID_FORM,
    REFERENCE_CODE_FORM,
    checked_external_id,
    checked_reference_code,
)
from kolofon.engine.customers.service import check_customer, check_customer_to_change
from kolofon.events.feed.service import Event, publish
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller
from kolofon.platform.errors import InvalidRequest

_DONE = ExternalReferenceAnswer(success=True)
_NOT_DONE = ExternalReferenceAnswer(success=False)


async def list_external_references(call: Read[ClientCaller], customer_number: int) -> ExternalReferences:
    """All references of a customer, without former ones. Raises NotFound."""
    await check_customer(call.database, call.caller.partner_id, customer_number)
    found = await queries.list_references(call.database, call.caller.partner_id, customer_number)
    return ExternalReferences(
        external_references=[ExternalReference(reference_code=code, external_id=each) for code, each in found]
    )


async def register_external_reference(
    call: Write[ClientCaller], customer_number: int, request: ExternalReferenceRequest
) -> ExternalReferenceAnswer:
    """Store an identifier under a code that has none yet. Raises InvalidRequest, NotFound.

    False when the code has another identifier, or the identifier is another customer's.
    """
    code = checked_reference_code(request.reference_code)
    if code is None:
        raise InvalidRequest(f"referenceCode: expected {REFERENCE_CODE_FORM}")
    key, external_id = ReferenceKey(call.caller.partner_id, customer_number, code), _external_id(request.external_id)
    await check_customer_to_change(call.transaction, call.caller.partner_id, customer_number)
    held = await queries.list_held(call.transaction, key)
    current = _current(held)
    if current is not None:
        # The very same again is a repeat of what has been done.
        return _DONE if current == external_id else _NOT_DONE
    return await _put(call, key, (None, external_id), external_id in held, "registerExternalReferenceClient")


async def change_external_reference(
    call: Write[ClientCaller], customer_number: int, reference_code: str, request: ExternalReferenceChange
) -> ExternalReferenceAnswer:
    """Have another identifier under a code. Raises InvalidRequest, NotFound.

    False when the code has none, or the identifier is another customer's: then the one before stays.
    """
    key = ReferenceKey(call.caller.partner_id, customer_number, reference_code)
    external_id = _external_id(request.external_id)
    await check_customer_to_change(call.transaction, call.caller.partner_id, customer_number)
    held = await queries.list_held(call.transaction, key)
    current = _current(held)
    if current is None:
        return _NOT_DONE
    if current == external_id:
        return _DONE
    return await _put(call, key, (current, external_id), external_id in held, "changeExternalReferenceClient")


async def remove_external_reference(
    call: Write[ClientCaller], customer_number: int, reference_code: str
) -> ExternalReferenceAnswer:
    """Remove the identifier under a code, which others may have then. Raises NotFound. False when there is none."""
    key = ReferenceKey(call.caller.partner_id, customer_number, reference_code)
    await check_customer_to_change(call.transaction, call.caller.partner_id, customer_number)
    external_id = await queries.remove_reference(call.transaction, key)
    if external_id is None:
        return _NOT_DONE
    await _tell(call, key, (external_id, None), "removeExternalReferenceClient")
    return _DONE


def _external_id(text: str) -> str:
    external_id = checked_external_id(text)
    if external_id is None:
        raise InvalidRequest(f"externalId: expected {EXTERNAL_ID_FORM}")
    return external_id


def _current(held: dict[str, bool]) -> str | None:
    return next((external_id for external_id, former in held.items() if not former), None)


async def _put(
    call: Write[ClientCaller], key: ReferenceKey, change: tuple[str | None, str], is_own: bool, action: str
) -> ExternalReferenceAnswer:
    """`change` is the identifier before and after; `is_own`: the customer has it as a former one."""
    before, after = change
    # First taken, then given up: who waits for an identifier holds none that another could wait for.
    if not is_own and not await queries.take_external_id(call.transaction, key, after):
        return _NOT_DONE
    if before is not None:
        await queries.remove_reference(call.transaction, key)
    await queries.put_reference(call.transaction, key, after, call.clock.now())
    await _tell(call, key, change, action)
    return _DONE


async def _tell(
    call: Write[ClientCaller], key: ReferenceKey, change: tuple[str | None, str | None], action: str
) -> None:
    before, after = (
        {"referenceCode": key.reference_code, "externalId": external_id} if external_id is not None else None
        for external_id in change
    )
    subject = f"customer:{key.customer_number}"
    await audit.record(
        call.transaction,
        call.clock,
        call.caller,
        audit.Change(action=action, subject=subject, before=before, after=after),
    )
    event = Event("customer", "update", {"customerNumber": key.customer_number})
    await publish(call.transaction, key.partner_id, call.clock.now(), [event])
