"""List, change and remove metadata. Both modes of a client work on the same object of a customer."""

from typing import Any

from kolofon.engine.calls import Read, Write
from kolofon.engine.customers.service import (
    check_customer,
    check_customer_to_change,
    customer_of,
    customer_to_change,
)
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.errors import InvalidRequest
from kolofon.user_data.metadata import queries
from kolofon.user_data.metadata.queries import Place

MOST_BYTES = 65536
DEEPEST = 20
NOTHING = "{}"


async def list_of_user(call: Read[UserCaller]) -> str:
    """What the client has of the logged-in customer. Raises NotFound."""
    return await _stored(call, await customer_of(call.database, call.caller))


async def list_of_customer(call: Read[ClientCaller], customer_number: int) -> str:
    """What the client has of a customer. Raises NotFound."""
    await check_customer(call.database, call.caller.partner_id, customer_number)
    return await _stored(call, customer_number)


async def change_of_user(call: Write[UserCaller], text: bytes) -> str:
    """Store an object of the logged-in customer. Raises NotFound, InvalidRequest."""
    return await _change(call, await customer_to_change(call.transaction, call.caller), text, "changeMetadata")


async def change_of_customer(call: Write[ClientCaller], customer_number: int, text: bytes) -> str:
    """Store an object of a customer. Raises NotFound, InvalidRequest."""
    await check_customer_to_change(call.transaction, call.caller.partner_id, customer_number)
    return await _change(call, customer_number, text, "changeMetadataClient")


async def remove_of_user(call: Write[UserCaller]) -> str:
    """Remove the object of the logged-in customer and return it. Raises NotFound."""
    return await _remove(call, await customer_to_change(call.transaction, call.caller), "removeMetadata")


async def remove_of_customer(call: Write[ClientCaller], customer_number: int) -> str:
    """Remove the object of a customer and return it. Raises NotFound."""
    await check_customer_to_change(call.transaction, call.caller.partner_id, customer_number)
    return await _remove(call, customer_number, "removeMetadataClient")


def check_depth(value: dict[str, Any]) -> None:
    """Raises InvalidRequest for what is nested too deeply: readers of JSON and XML have their bounds too."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise InvalidRequest(f"the metadata is nested too deeply: expected {DEEPEST} objects and arrays in each other")


def _inside(outer: Any) -> list[Any]:
    """The objects and arrays right in one."""
    members = outer.values() if isinstance(outer, dict) else outer
    return [member for member in members if isinstance(member, dict | list)]


async def _stored(call: Read[Any], customer_number: int) -> str:
    return await queries.find_metadata(call.database, _place(call, customer_number)) or NOTHING


async def _change(call: Write[Any], customer_number: int, text: bytes, action: str) -> str:
    if len(text) > MOST_BYTES:
        raise InvalidRequest(f"the metadata has {len(text)} bytes: expected {MOST_BYTES} at most, without blanks")
    place, wanted = _place(call, customer_number), text.decode()
    before = await queries.find_metadata(call.transaction, place)
    if wanted != before:
        await queries.change_metadata(call.transaction, place, wanted, call.clock.now())
        await _record(call, customer_number, action, before, wanted)
    return wanted


async def _remove(call: Write[Any], customer_number: int, action: str) -> str:
    before = await queries.remove_metadata(call.transaction, _place(call, customer_number))
    if before is not None:
        await _record(call, customer_number, action, before, None)
    return before or NOTHING


async def _record(
    call: Write[ClientCaller], customer_number: int, action: str, before: str | None, after: str | None
) -> None:
    """Write down that it changed. Not what it was: the audit log outlives it, and it may be anything of a person.

    Nor its hash, by which what is short could be guessed.
    """
    change = audit.Change(
        action=action, subject=f"customer:{customer_number}", before=_size(before), after=_size(after)
    )
    await audit.record(call.transaction, call.clock, call.caller, change)


def _size(text: str | None) -> dict[str, int] | None:
    return None if text is None else {"bytes": len(text.encode())}


def _place(call: Read[Any] | Write[Any], customer_number: int) -> Place:
    return Place(call.caller.partner_id, customer_number, call.caller.client_id)
