"""Register a customer without an order."""

from typing import Any
from uuid import UUID

from kolofon.engine.calls import Write
from kolofon.engine.customers.checking import check_payer, checked_party
from kolofon.engine.customers.party import sealed
from kolofon.engine.customers.queries import find_customer_number, find_remaining
from kolofon.engine.customers.registering import Found, find_or_create_customer
from kolofon.order_management.order.fact_queries import Questions, find_facts
from kolofon.order_management.order.intake import Intake
from kolofon.order_management.order.schemas import CustomerAnswer, CustomerRequest
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.errors import InvalidRequest


async def register_users_customer(call: Write[UserCaller], request: CustomerRequest) -> CustomerAnswer:
    """Make the logged-in user a customer, or find which one that user is. Raises InvalidRequest."""
    own = call.caller.unique_id
    if request.unique_user_id is not None and UUID(request.unique_user_id) != own:
        raise InvalidRequest("uniqueUserId: expected the logged-in user's")
    number = await find_customer_number(call.transaction, call.caller.partner_id, own)
    if not await _is_own(call, number, request.customer_number):
        # Whether there is such a customer is not told.
        raise InvalidRequest(f"customerNumber: there is no customer {request.customer_number} of this user")
    return await _register(call, request, own, number is not None, "registerCustomer")


async def _is_own(call: Write[UserCaller], number: int | None, named: int | None) -> bool:
    """Whether the number that is named is the user's, or was until the customer was merged into the user's."""
    if named is None or named == number:
        return True
    remaining = await find_remaining(call.transaction, call.caller.partner_id, named)
    return remaining is not None and remaining == number


async def register_clients_customer(call: Write[ClientCaller], request: CustomerRequest) -> CustomerAnswer:
    """Make or find a customer, and tie the user that is named to it. Raises InvalidRequest."""
    named = UUID(request.unique_user_id) if request.unique_user_id is not None else None
    is_known = request.customer_number is not None
    return await _register(call, request, named, is_known, "registerCustomerClient")


async def _register(
    call: Write[Any], request: CustomerRequest, unique_id: UUID | None, is_known: bool, action: str
) -> CustomerAnswer:
    intake = Intake(call.partner, call.clock.now())
    party = checked_party(request, call.partner, "", intake.problems)
    if not is_known:
        check_payer(party, "", intake.problems)
    await _check_facts(call, intake, request, unique_id)
    intake.problems.refuse()
    kept = sealed(party, call.secrets)
    found = await find_or_create_customer(call.transaction, call.partner, intake.now, kept, unique_id)
    await _record(call, found, unique_id, action)
    return CustomerAnswer(customer_number=found.customer_number)


async def _check_facts(call: Write[Any], intake: Intake, request: CustomerRequest, unique_id: UUID | None) -> None:
    codes = [category.address_category or "" for category in request.categories or []]
    questions = Questions(
        unique_id=unique_id,
        customer_numbers=[request.customer_number] if request.customer_number is not None else [],
        category_codes=codes,
        category_types=[],
        voucher_codes=[],
        rewards=[],
        stocked=[],
    )
    if questions.is_empty:
        return
    facts = await find_facts(call.transaction, call.partner.partner_id, questions, intake.today)
    if unique_id is not None and not facts.user_exists:
        intake.problems.add("uniqueUserId", "there is no such user")
    known = {customer.customer_number for customer in facts.customers}
    named = request.customer_number
    if named is not None and facts.merged.get(named, named) not in known:
        intake.problems.add("customerNumber", f"there is no customer {named}")
    for index, code in enumerate(codes):
        if code and code not in facts.category_codes:
            intake.problems.add(f"categories[{index}].addressCategory", f"there is no category {code}")


async def _record(call: Write[Any], found: Found, unique_id: UUID | None, action: str) -> None:
    after = {"isNew": found.is_new, "by": found.by, "uniqueId": unique_id.hex if unique_id is not None else None}
    change = audit.Change(action=action, subject=f"customer:{found.customer_number}", after=after)
    await audit.record(call.transaction, call.clock, call.caller, change)
