"""Putting down what became of a batch: by COPY straight into the tables, since a batch is thousands of customers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from kolofon.engine.customers.importing import queries
from kolofon.engine.customers.importing.rules import Refused, Taken
from kolofon.engine.customers.importing.tables import line_of
from kolofon.platform.database import Connection

_NAMES = ("first_name", "middle_name", "last_name")
_WHOSE = ("partner_id", "customer_number")
_CUSTOMER = (
    *(*_WHOSE, "created_at", *_NAMES, "company_name", "department_name", "company_registration_number", "department"),
    *("sealed_national_id", "birth_date", "sex", "invoice_email"),
)
_ADDRESS = (
    *(*_WHOSE, "created_at", "valid_from", "care_of", "street", "street_number", "entrance", "floor_type", "floor"),
    *("suite", "postal_code", "postal_place", "country_code", "postal_address", "postal_address_postal_code"),
    "postal_address_postal_place",
)
_PERMISSION = (*_WHOSE, "changed_at", "enterprise_code", "order_type", "channel", "permission")
_PURPOSE = (*_WHOSE, "changed_at", "enterprise_code", "order_type", "purpose")
_REFERENCE = ("reference_code", "external_id")
_ACCOUNT = ("created_at", "unique_id", "password_hash", *_NAMES)
_CREDENTIAL = ("created_at", "unique_id", "credential", "credential_type", "verification_level")
_CLAIM = ("partner_id", "customer_import_id", "row_number", "kind", "value")
_REFUSAL = ("partner_id", "customer_import_id", "row_number", "customer", "problem")


class Moment(msgspec.Struct, frozen=True):
    """When a batch is written: the partner's time and day, and the time of accounts, which no partner moves."""

    now: datetime
    today: date
    machine_time: datetime


class NewCustomer(msgspec.Struct, frozen=True):
    """A customer to make, with its number."""

    number: int
    taken: Taken


async def write_customers(
    connection: Connection, partner_id: int, customers: Sequence[NewCustomer], moment: Moment
) -> None:
    """Make customers and accounts. Raises asyncpg.UniqueViolationError when somebody made one of them meanwhile."""
    whose = {each.number: f"{partner_id}\t{each.number}\t" for each in customers}

    async def copy(table: str, columns: Sequence[str], member: str, between: str = "") -> None:
        """`between`: what stands behind the customer's number in each line, before what the row tells."""
        lines = [
            f"{whose[each.number]}{between}{line}"
            for each in customers
            for line in getattr(each.taken.row.lines, member)
        ]
        await queries.copy_lines(connection, table, columns, lines)

    now = f"{moment.now}\t"
    lines = [f"{whose[each.number]}{now}{each.taken.row.lines.customer}" for each in customers]
    await queries.copy_lines(connection, "customer", _CUSTOMER, lines)
    await copy("customer_email", (*_WHOSE, "email", "position"), "emails")
    await copy("customer_phone_number", (*_WHOSE, "phone_number", "phone_number_type", "position"), "phone_numbers")
    await copy("customer_address", _ADDRESS, "address", f"{now}{moment.today}\t")
    await copy("customer_external_reference", (*_WHOSE, "registered_at", *_REFERENCE), "references", now)
    await copy("external_reference_look_up", (*_WHOSE, *_REFERENCE), "references")
    await copy("customer_category", (*_WHOSE, "changed_at", "category_code", "free_value"), "categories", now)
    await copy("marketing_permission", _PERMISSION, "permissions", now)
    await copy("privacy_permission", _PURPOSE, "purposes", now)
    await _write_accounts(connection, customers, whose, moment)
    await queries.make_findable(connection, partner_id, [each.number for each in customers])


async def _write_accounts(
    connection: Connection, customers: Sequence[NewCustomer], whose: dict[int, str], moment: Moment
) -> None:
    made = [user for each in customers for user in each.taken.made]
    accounts = [f"{moment.machine_time}\t{user.account_line}" for user in made]
    await queries.copy_lines(connection, "user_account", _ACCOUNT, accounts)
    credentials = [f"{moment.machine_time}\t{line}" for user in made for line in user.credential_lines]
    await queries.copy_lines(connection, "user_credential", _CREDENTIAL, credentials)
    links = [
        f"{whose[each.number]}{moment.now}\t{unique_id}"
        for each in customers
        for unique_id in (*(user.unique_id for user in each.taken.made), *each.taken.linked)
    ]
    await queries.copy_lines(connection, "user_customer", (*_WHOSE, "linked_at", "unique_id"), links)


async def write_progress(
    connection: Connection,
    whose: tuple[int, int],
    refused: Sequence[Refused],
    taken: Sequence[Taken],
    numbers: Mapping[int, int],
) -> None:
    """Keep why rows were refused, and what the others hold. `whose`: partner and import; `numbers` by line."""
    refusals = [line_of((*whose, each.row.line, each.row.called, "; ".join(each.problems))) for each in refused]
    await queries.copy_lines(connection, "customer_import_refusal", _REFUSAL, refusals)
    claims = [
        line_of((*whose, each.row.line, kind, numbers.get(each.row.line, value) if kind == "number" else value))
        for each in taken
        for kind, value in each.claims
    ]
    await queries.copy_lines(connection, "customer_import_claim", _CLAIM, claims)
