"""Merging two customers of a partner: everything that one has becomes the other's, in one transaction.

What is locked in which order, what becomes of what both have, and what was looked at besides: docs/decisions/0026.
"""

from datetime import datetime
from typing import Any

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.merging import detail_queries as details
from kolofon.engine.customers.merging import queries, rules
from kolofon.engine.customers.merging.queries import Both, Person
from kolofon.engine.customers.national_id import KEY_PURPOSE, unseal_national_id
from kolofon.engine.customers.service import no_such_customer
from kolofon.events.feed.service import Event, publish
from kolofon.platform import audit
from kolofon.platform.database import Connection
from kolofon.platform.errors import Conflict, InvalidRequest
from kolofon.platform.sealing import Secrets

ACTION = "customerMerge"
_PRIVACY_ACTIONS = ["changePrivacyEnterprise", "changePrivacyOrdertype"]
_PERMISSION_ACTIONS = ["changeEnterprisePermissions", "changeOrdertypePermissions"]
_MEMBERS = {
    "first_name": "firstName",
    "middle_name": "middleName",
    "last_name": "lastName",
    "company_name": "companyName",
    "company_registration_number": "companyRegistrationNumber",
    "department": "department",
    "department_name": "departmentName",
    "sealed_national_id": "personsSocialSecurityNumber",
    "birth_date": "birthDate",
    "sex": "sex",
    "invoice_email": "invoiceEmailAddress",
}


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a merge.

    `moved`: how many rows of each table, 0 left out. `let_go`: what who stays did not take over, by what it is; the
    audit log has it too.
    """

    customer_number: int
    merged_number: int
    moved: dict[str, int]
    let_go: dict[str, list[Any]]


async def merge_customers(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    merged_number: int,
    into_number: int,
    actor: str,
    *,
    secrets: Secrets | None = None,
    although_different: bool = False,
) -> Merged:
    """Merge a customer into another one of the partner, in the caller's transaction: all of it, or nothing.

    `actor` as in the audit log. National identity numbers and birth dates that differ are refused, unless
    `although_different`; without `secrets` two of the former count as different, since they cannot be read. Raises
    InvalidRequest, NotFound, Conflict; and asyncpg's DeadlockDetectedError when others want the same in another order:
    then it can be tried again.
    """
    if merged_number == into_number:
        raise InvalidRequest("customerNumber: a customer cannot be merged into itself")
    both = Both(partner.partner_id, merged_number, into_number)
    order_ids, people = await _lock(connection, both)
    for number in (merged_number, into_number):
        if number not in people:
            raise await no_such_customer(connection, both.partner_id, number)
    merged, into = _comparable(people[merged_number], people[into_number], secrets)
    if not although_different:
        _check_same(merged, into)
    let_go = await details.list_let_go(connection, both)
    let_go["columns"] = [_told(rules.left_columns(into, merged))]
    moved = await _move(connection, both, order_ids, let_go)
    await queries.take_columns(connection, both, rules.taken_columns(into, merged))
    await queries.remove_customer(connection, both, now, actor)
    result = Merged(
        customer_number=into_number,
        merged_number=merged_number,
        moved={name: count for name, count in moved.items() if count},
        let_go={name: values for name, values in let_go.items() if any(values)},
    )
    await _tell(connection, both.partner_id, now, result, merged, actor)
    return result


async def _lock(connection: Connection, both: Both) -> tuple[list[int], dict[int, Person]]:
    """Lock orders, then customers, then what they hold: the order of everybody (docs/decisions/0020).

    An order that is tied to the customer between the two first steps is seen when the customer is locked; then both
    are let go and locked once more, so that it is never waited for with the customer in hand.
    """
    while True:
        savepoint = connection.transaction()
        await savepoint.start()
        order_ids = await queries.lock_orders(connection, both)
        people = await queries.lock_customers(connection, both)
        if not await queries.has_other_orders(connection, both, order_ids):
            await savepoint.commit()
            break
        await savepoint.rollback()
    await queries.lock_holdings(connection, both)
    return order_ids, people


def _comparable(merged: Person, into: Person, secrets: Secrets | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Their columns. The same national identity number is sealed into another text each time; here it is one."""
    ours, theirs = msgspec.structs.asdict(into), msgspec.structs.asdict(merged)
    sealed = (merged.sealed_national_id, into.sealed_national_id)
    if secrets is not None and None not in sealed:
        key = secrets.key(KEY_PURPOSE)
        numbers = {unseal_national_id(text, key) for text in sealed if text is not None}
        if len(numbers) == 1 and None not in numbers:
            theirs["sealed_national_id"] = into.sealed_national_id
    return theirs, ours


def _check_same(merged: dict[str, Any], into: dict[str, Any]) -> None:
    """Raises Conflict for what nobody has two of. The same national identity number outweighs a mistyped birth date."""
    number = "sealed_national_id"
    if None not in (merged[number], into[number]):
        if merged[number] != into[number]:
            raise Conflict("the two customers have different national identity numbers")
        return
    if None not in (merged["birth_date"], into["birth_date"]) and merged["birth_date"] != into["birth_date"]:
        raise Conflict("the two customers have different birth dates")


async def _move(
    connection: Connection, both: Both, order_ids: list[int], let_go: dict[str, list[Any]]
) -> dict[str, int]:
    """Move everything; what is let go of permissions and addresses is added to `let_go`."""
    moved = await queries.move_holdings(connection, both)
    moved |= await details.move_contacts(connection, both)
    moved["customer_address"], let_go["addresses"] = await details.move_addresses(connection, both)
    moved |= await queries.rename(connection, both, order_ids)
    let_go["purposes"] = await _merge_purposes(connection, both)
    let_go["permissions"] = await _merge_permissions(connection, both)
    return moved


async def _merge_purposes(connection: Connection, both: Both) -> list[Any]:
    """Bring together what data may be used for; returns what was permitted by one and is no more."""
    into = await details.list_purposes(connection, both.partner_id, both.into_number)
    merged = await details.list_purposes(connection, both.partner_id, both.merged_number)
    into_spoke, merged_spoke = [
        bool(own) or await details.has_changed(connection, both.partner_id, number, _PRIVACY_ACTIONS, "purposes")
        for own, number in ((into, both.into_number), (merged, both.merged_number))
    ]
    kept = rules.kept_purposes(into, merged, into_spoke=into_spoke, merged_spoke=merged_spoke)
    await details.merge_purposes(connection, both, kept)
    return [
        {"enterprise": enterprise, "orderType": order_type, "purpose": purpose}
        for enterprise, order_type, purpose in sorted((into | merged) - kept)
    ]


async def _merge_permissions(connection: Connection, both: Both) -> list[Any]:
    """Bring together permissions and shields; returns the permissions of one that are no more."""
    into = await details.list_permissions(connection, both.partner_id, both.into_number)
    merged = await details.list_permissions(connection, both.partner_id, both.merged_number)
    into_spoke, merged_spoke = [
        bool(own) or await details.has_changed(connection, both.partner_id, number, _PERMISSION_ACTIONS, "permissions")
        for own, number in ((into, both.into_number), (merged, both.merged_number))
    ]
    kept = rules.kept_permissions(into, merged, into_spoke=into_spoke, merged_spoke=merged_spoke)
    await details.merge_permissions(connection, both, kept)
    lost = [
        key
        for key in into.keys() | merged.keys()
        if "PERMISSION" in (into.get(key), merged.get(key)) and kept.get(key) != "PERMISSION"
    ]
    return [
        {"enterprise": enterprise, "orderType": order_type, "channel": channel}
        for enterprise, order_type, channel in sorted(lost)
    ]


def _told(columns: dict[str, Any]) -> dict[str, str]:
    """Columns as the audit log has them, in texts. A national identity number is not read out, not even sealed."""
    hidden = "sealed_national_id"
    return {_MEMBERS[name]: "another one" if name == hidden else str(value) for name, value in columns.items()}


async def _tell(
    connection: Connection, partner_id: int, now: datetime, result: Merged, merged: dict[str, Any], actor: str
) -> None:
    """Write it down for both numbers, so that whoever looks for one finds the other; and tell of it."""
    was = _told({name: value for name, value in merged.items() if value is not None and name != "sealed_national_id"})
    changes = [
        audit.Change(
            action=ACTION,
            subject=f"customer:{result.merged_number}",
            before=was,
            after={"mergedInto": result.customer_number},
        ),
        audit.Change(
            action=ACTION,
            subject=f"customer:{result.customer_number}",
            after={"merged": result.merged_number, "moved": result.moved, "letGo": result.let_go},
        ),
    ]
    await audit.record_work(connection, now, partner_id, changes, actor)
    data = {"customerNumber": result.customer_number, "mergedCustomerNumber": result.merged_number}
    await publish(connection, partner_id, now, [Event("customer", "update", data)])
