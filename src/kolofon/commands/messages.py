"""What the commands about messages to customer service do in the database, one function a command."""

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.commands.partners import chosen_partners, local_time
from kolofon.diverse.message import staff, staff_queries
from kolofon.diverse.message.rules import plain
from kolofon.diverse.message.staff import Answered
from kolofon.diverse.message.staff_queries import Case, CaseMessage, ListedCase
from kolofon.engine.calls import partner_clock
from kolofon.failures import Failure
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.errors import ApiError
from kolofon.platform.templating import one_line

MOST_LISTED = 200  # of each partner
_TYPES = {"A": "complaint", "B": "cancellation"}
_DIRECTIONS = {"IN": "to customer service", "OUT": "answer"}


class ShownCase(msgspec.Struct, frozen=True):
    """A case in words: its members by name, its messages by heading."""

    members: list[tuple[str, str]]
    messages: list[tuple[str, str]]


async def list_cases(
    connection: Connection, partner_code: str | None, status: str
) -> tuple[list[tuple[str, ...]], bool]:
    """Cases in words, and whether there are more of them."""
    rows, more = list[tuple[str, ...]](), False
    for partner in await chosen_partners(connection, partner_code):
        if status == "waiting":
            found = await staff_queries.list_waiting(connection, partner.partner_id, MOST_LISTED + 1)
        else:
            found = await staff_queries.list_newest(connection, partner.partner_id, status, MOST_LISTED + 1)
        more |= len(found) > MOST_LISTED
        rows += [_row(partner, case) for case in found[:MOST_LISTED]]
    return rows, more


async def show_case(connection: Connection, case_id: int) -> ShownCase:
    """A case with all that was written. Raises Failure."""
    partners = await _partners(connection)
    case = await staff_queries.find_case(connection, list(partners), case_id)
    if case is None:
        raise Failure(f"there is no case {case_id}")
    partner = partners[case.partner_id]
    messages = await staff_queries.list_case_messages(connection, case.partner_id, case_id)
    shown = [(_heading(partner, message), plain(message.content)) for message in messages]
    return ShownCase(_members(partner, case), shown)


async def answer(connection: Connection, clock: Clock, case_id: int, text: str, actor: str) -> list[str]:
    """Answer a case; returns lines that say what came of it. Raises Failure."""
    partners = await _partners(connection)
    async with connection.transaction():
        case = await _locked(connection, partners, case_id)
        partner = partners[case.partner_id]
        now = partner_clock(partner, clock).now()
        try:
            answered = await staff.answer(connection, partner, now, case, text, actor)
        except ApiError as error:
            raise Failure(error.message) from None
        # Where it went is personal data, which is kept with the message only.
        after = {"customerNumber": case.customer_number, "mailed": answered.sent_to is not None}
        change = audit.Change(action="messageAnswer", subject=f"case:{case_id}", after=after)
        await audit.record_command(connection, clock, case.partner_id, actor, change)
    return _answer_words(partner, answered)


async def close(connection: Connection, clock: Clock, case_id: int, actor: str) -> None:
    """Close a case. Raises Failure."""
    partners = await _partners(connection)
    async with connection.transaction():
        case = await _locked(connection, partners, case_id)
        if case.status == "closed":
            raise Failure(f"case {case_id} is closed already")
        now = partner_clock(partners[case.partner_id], clock).now()
        await staff_queries.close(connection, case, now)
        change = audit.Change(
            action="messageClose",
            subject=f"case:{case_id}",
            before={"status": case.status},
            after={"status": "closed"},
        )
        await audit.record_command(connection, clock, case.partner_id, actor, change)


async def _partners(connection: Connection) -> dict[int, PartnerCatalogue]:
    return {partner.partner_id: partner for partner in await chosen_partners(connection, None)}


async def _locked(connection: Connection, partners: dict[int, PartnerCatalogue], case_id: int) -> Case:
    case = await staff_queries.lock_case(connection, list(partners), case_id)
    if case is None:
        raise Failure(f"there is no case {case_id}")
    return case


def _answer_words(partner: PartnerCatalogue, answered: Answered) -> list[str]:
    case, last = answered.before, answered.last
    if answered.sent_to is not None:
        lines = [f"case {case.case_id} is answered; the answer goes to {one_line(answered.sent_to)} by mail"]
    else:
        where = "the customer reads it on the site" if case.customer_number is not None else "nobody is told of it"
        lines = [f"case {case.case_id} is answered; there is no address to send the answer to: {where}"]
    if case.status != "waiting":
        lines.append(
            f"note: it was {case.status} already, at {local_time(partner, case.changed_at)}; "
            f"the last message was written by {last.actor}. Both answers are kept"
        )
    return lines


def _row(partner: PartnerCatalogue, case: ListedCase) -> tuple[str, ...]:
    return (
        str(case.case_id),
        case.partner_code,
        str(case.customer_number or "-"),
        case.product_code or "-",
        _TYPES.get(case.case_type or "", "-"),
        local_time(partner, case.changed_at),
        one_line(case.subject or ""),
    )


def _members(partner: PartnerCatalogue, case: Case) -> list[tuple[str, str]]:
    members = [
        ("case", str(case.case_id)),
        ("partner", partner.code),
        ("status", f"{case.status} since {local_time(partner, case.changed_at)}"),
        ("customer", f"{case.customer_number or 'not known'} {case.customer_name or ''}".rstrip()),
        ("product", case.product_code),
        ("type", _TYPES.get(case.case_type or "")),
        ("subject", case.subject),
        ("written at", case.client_id),
        # What a form was told, which nobody has checked.
        ("name given", case.sender_name),
        ("e-mail given", case.sender_email),
        ("phone given", case.sender_phone_number),
    ]
    return [(name, one_line(value)) for name, value in members if value is not None]


def _heading(partner: PartnerCatalogue, message: CaseMessage) -> str:
    written = f"{local_time(partner, message.written_at)} by {message.actor}"
    return f"{message.message_number}. {_DIRECTIONS[message.direction]}, {written}"
