"""List messages, and send one to customer service."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from kolofon.diverse.message import queries
from kolofon.diverse.message.limiting import MessageLimit
from kolofon.diverse.message.queries import Entry, NewCase
from kolofon.diverse.message.rules import is_blank
from kolofon.diverse.message.schemas import ClientMessageRequest, Message, MessageRequest, Messages
from kolofon.engine.calls import Read, Write
from kolofon.engine.customers.checking import checked_credential
from kolofon.engine.customers.service import check_customer_to_change, customer_of, customer_to_change
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.credentials import EMAIL, PHONE
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.problems import Problems
from kolofon.platform.schemas import without_blanks

MOST_CASES = 200  # listed
# New cases of a customer, by one reader or by one client.
MOST_AN_HOUR = 30
HOUR = timedelta(hours=1)


async def list_messages(call: Read[UserCaller]) -> Messages:
    """The customer's newest cases, by whatever client they were opened. Raises NotFound."""
    customer_number = await customer_of(call.database, call.caller)
    entries = await queries.list_entries(call.database, call.caller.partner_id, customer_number, MOST_CASES)
    return Messages(messages=[_message(entry) for entry in entries])


async def send_message(call: Write[UserCaller], request: MessageRequest) -> Messages:
    """Open a case of the logged-in customer. Raises NotFound, InvalidRequest, TooManyRequests."""
    problems = Problems()
    _check(call, request, problems)
    problems.refuse()
    customer_number = await customer_to_change(call.transaction, call.caller)
    case = NewCase(
        partner_id=call.caller.partner_id,
        customer_number=customer_number,
        product_code=request.product,
        case_type=request.case_type,
        subject=(request.message_subject or "").strip() or None,
        client_id=call.caller.client_id,
        content=request.message_content,
        actor=call.caller.actor,
    )
    return await _open(call, case, "sendMessage")


async def send_message_of_client(
    call: Write[ClientCaller], limit: MessageLimit, request: ClientMessageRequest
) -> Messages:
    """Open a case of a customer, or of nobody that is known. Raises NotFound, InvalidRequest, TooManyRequests."""
    content = request.message_content
    request = without_blanks(request)
    problems = Problems()
    _check(call, request, problems)
    case = NewCase(
        partner_id=call.caller.partner_id,
        customer_number=request.customer_number,
        product_code=request.product,
        case_type=request.case_type,
        subject=request.message_subject,
        client_id=call.caller.client_id,
        sender_name=request.name,
        sender_email=_checked(call, request.email, EMAIL, "email", problems),
        sender_phone_number=_checked(call, request.phone_number, PHONE, "phoneNumber", problems),
        content=content,
        actor=call.caller.actor,
    )
    problems.refuse()
    if case.customer_number is not None:
        await check_customer_to_change(call.transaction, case.partner_id, case.customer_number)
    await limit.take(call.caller)
    return await _open(call, case, "sendMessageClient")


def _check(call: Write[Any], request: MessageRequest | ClientMessageRequest, problems: Problems) -> None:
    if request.product is not None and request.product not in call.partner.offers.products:
        problems.add("product", f"there is no product {request.product}")
    if is_blank(request.message_content or ""):
        problems.add("messageContent", "expected a text, and not only blanks")


def _checked(call: Write[Any], text: str | None, kind: str, field: str, problems: Problems) -> str | None:
    """The stored form of how somebody is reached."""
    if text is None:
        return None
    return checked_credential(text, kind, call.partner.offers.country_code, field, problems)


async def _open(call: Write[Any], case: NewCase, action: str) -> Messages:
    now = call.clock.now()
    if case.customer_number is not None:
        await _check_number_of_cases(call, case, case.customer_number, now)
    case_id = await queries.open_case(call.transaction, case, now)
    # Not what was written: the audit log is not where personal data is kept.
    after = {"customerNumber": case.customer_number, "product": case.product_code, "caseType": case.case_type}
    change = audit.Change(action=action, subject=f"case:{case_id}", after=after)
    await audit.record(call.transaction, call.clock, call.caller, change)
    return Messages(messages=[_message(Entry(case_id, now, "IN", case.subject, case.content))])


async def _check_number_of_cases(call: Write[Any], case: NewCase, customer_number: int, now: datetime) -> None:
    """Raises TooManyRequests. Each writer is counted alone: no client keeps the customer from writing.

    Exact, since who calls holds the customer's row.
    """
    bounding = await queries.find_bounding(
        call.transaction, case.partner_id, customer_number, case.actor, (now - HOUR, now), MOST_AN_HOUR
    )
    if bounding is not None:
        wait = ceil((bounding + HOUR - now).total_seconds())
        raise TooManyRequests(f"too many messages: expected {MOST_AN_HOUR} in an hour at most", wait)


def _message(entry: Entry) -> Message:
    return Message(
        id=entry.case_id,
        date=epoch_milliseconds(entry.written_at),
        direction="IN" if entry.direction == "IN" else "OUT",
        message_subject=entry.subject,
        message_content=entry.content,
    )
