"""Register an order: check all that can be known, price it, and write it down as preliminary."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from kolofon.catalogue.offers import Dependency
from kolofon.engine.calls import Write
from kolofon.engine.customers.party import Party, sealed
from kolofon.engine.guessing import WRONG_CODES, Guesses
from kolofon.engine.pricing.rules import Priced, unit_price
from kolofon.engine.pricing.service import applying_dependency
from kolofon.events.feed.service import Event, publish
from kolofon.order_management.order import queries
from kolofon.order_management.order.amounts import Amounts, priced, who_gets
from kolofon.order_management.order.fact_queries import Facts
from kolofon.order_management.order.facts import checked_facts
from kolofon.order_management.order.head_checks import checked_head
from kolofon.order_management.order.intake import Caller, Head, Intake, Line
from kolofon.order_management.order.line_checks import checked_line
from kolofon.order_management.order.queries import NewLine, NewOrder
from kolofon.order_management.order.schemas import OrderAnswer, OrderRequest
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import new_order_id
from kolofon.platform.schemas import without_blanks
from kolofon.platform.sealing import Secrets


async def register_users_order(call: Write[UserCaller], guesses: Guesses, request: OrderRequest) -> OrderAnswer:
    """Register an order of the logged-in user. Raises InvalidRequest with all that is wrong."""
    own = call.caller.unique_id
    if request.unique_user_id is not None and UUID(request.unique_user_id) != own:
        raise InvalidRequest("uniqueUserId: expected the logged-in user's")
    if call.clients[call.caller.client_id].public:
        _check_public(request)
    return await _register(call, guesses, request, Caller(unique_id=own, is_user=True), "registerOrder")


def _check_public(request: OrderRequest) -> None:
    """Readers hold the tokens of an app: each could say that a payment was made, or open what is not paid for."""
    if request.prepaid:
        raise InvalidRequest("prepaid: expected false of a public client; a payment is vouched for by a server")
    for index, line in enumerate(request.order_lines):
        if line.allow_access_seconds is not None:
            where = f"orderLines[{index}].allowAccessSeconds"
            raise InvalidRequest(f"{where}: expected nothing of a public client in user mode")


async def register_clients_order(call: Write[ClientCaller], guesses: Guesses, request: OrderRequest) -> OrderAnswer:
    """Register an order of the user that is named, or of nobody yet. Raises InvalidRequest with all that is wrong."""
    named = UUID(request.unique_user_id) if request.unique_user_id is not None else None
    return await _register(call, guesses, request, Caller(unique_id=named, is_user=False), "registerOrderClient")


async def _register(
    call: Write[Any], guesses: Guesses, request: OrderRequest, caller: Caller, action: str
) -> OrderAnswer:
    request = without_blanks(request)
    intake = Intake(call.partner, call.clock.now())
    head = checked_head(intake, request)
    found = [checked_line(intake, index, asked) for index, asked in enumerate(request.order_lines)]
    lines = [line for line in found if line is not None]
    company_code = _company(intake, request.company_code, lines)
    facts = await _facts(call, guesses, intake, caller, head, lines)
    intake.problems.refuse()
    dependencies = await _dependencies(call, intake, caller, head, lines, facts)
    amounts = priced(intake, caller, head, lines, facts, dependencies, request.order_amount)
    order = _new_order(call, intake, head, caller, company_code, amounts)
    kept = [_new_line(line, price, call.secrets) for line, price in zip(lines, amounts.lines, strict=True)]
    while not await queries.add_order(call.transaction, order, kept, call.caller.actor):
        order = msgspec.structs.replace(order, order_id=new_order_id())
    await _tell(call, order, kept, action)
    return OrderAnswer(order_id=order.order_id)


async def _facts(
    call: Write[Any], guesses: Guesses, intake: Intake, caller: Caller, head: Head, lines: Sequence[Line]
) -> Facts:
    """The facts, with a bound on wrong voucher codes: of a user by itself, so that no shop is closed by one visitor."""
    guesser = call.caller.client_id
    if caller.is_user and caller.unique_id is not None:
        guesser = f"{guesser} {caller.unique_id.hex}"
    codes = {line.asked.voucher_code.upper() for line in lines if line.asked.voucher_code}
    if len(codes) > WRONG_CODES.per_second:
        # More wrong ones would not be counted.
        raise InvalidRequest(f"orderLines: expected {WRONG_CODES.per_second} different vouchers at most")
    if codes:
        await guesses.check(guesser)
    facts = await checked_facts(call.transaction, intake, caller, head, lines)
    for _ in range(intake.wrong_vouchers):
        await guesses.was_wrong(guesser)
    return facts


def _company(intake: Intake, company_code: str | None, lines: Sequence[Line]) -> str:
    """The one company that sells everything: an order becomes one invoice."""
    expected = company_code or (lines[0].product.company_code if lines else "")
    for line in lines:
        sells = line.product.company_code
        if sells != expected:
            text = f"{line.product.product_code} is sold by {sells}; expected what {expected} sells"
            intake.problems.add(f"{line.field}productSpecType", text)
    return expected


async def _dependencies(
    call: Write[Any], intake: Intake, caller: Caller, head: Head, lines: Sequence[Line], facts: Facts
) -> dict[int, Dependency]:
    """The discount of each line that has one, by its number."""
    found: dict[int, Dependency] = {}
    for line in lines:
        customer_number = who_gets(line, head.payer, caller, facts)
        if customer_number is not None:
            price = unit_price(line.product, line.coupon, intake.now)
            dependency = await applying_dependency(
                call.transaction, intake.partner, customer_number, line.product.product_code, intake.now, price
            )
            if dependency is not None:
                found[line.number] = dependency
    return found


def _new_order(
    call: Write[Any], intake: Intake, head: Head, caller: Caller, company_code: str, amounts: Amounts
) -> NewOrder:
    marketing_coupon_code, marketing_coupon_number = head.marketing_coupon or (None, None)
    return NewOrder(
        order_id=new_order_id(),
        partner_id=call.partner.partner_id,
        client_id=call.caller.client_id,
        unique_id=caller.unique_id,
        external_order_id=head.external_order_id,
        registered_at=intake.now,
        order_time=head.order_time,
        payment_method=head.payment_method,
        recurring=head.recurring,
        prepaid=head.prepaid,
        merchant_id=head.merchant_id,
        company_code=company_code,
        currency=intake.offers.currency,
        amount_minor=amounts.total_minor,
        vat_minor=amounts.vat_minor,
        prepaid_minor=amounts.prepaid_minor,
        marketing_coupon_code=marketing_coupon_code,
        marketing_coupon_number=marketing_coupon_number,
        campaign_parameters=head.campaign_parameters,
        customer_reference=head.customer_reference,
        seller=head.seller,
        sales_method=head.sales_method,
        payer=_kept(head.payer, call.secrets) or {},
        payment_info=head.payment_info,
        expires_at=intake.now + timedelta(hours=intake.offers.preliminary_hours),
    )


def _new_line(line: Line, price: Priced, secrets: Secrets) -> NewLine:
    asked, coupon, detail = line.asked, line.coupon, line.asked.article_detail
    is_article = asked.product_spec_type == "article" and detail is not None
    return NewLine(
        line_number=line.number,
        product_spec_type=asked.product_spec_type,
        coupon_code=coupon.coupon_code if coupon is not None else None,
        coupon_number=coupon.coupon_number if coupon is not None else None,
        product_code=line.product.product_code,
        issue_code=line.issue_code,
        description=line.description,
        quantity=asked.quantity,
        price_version=price.price_version,
        vat_included=price.vat_included,
        unit_price_minor=price.unit_price_minor,
        discount_minor=price.discount_minor,
        net_minor=price.net_minor,
        vat_percent=price.vat_percent,
        vat_minor=price.vat_minor,
        distribution_net_minor=price.distribution_net_minor,
        distribution_vat_minor=price.distribution_vat_minor,
        promotion_code=asked.promotion_code,
        category_code=asked.category_code,
        voucher_code=asked.voucher_code.upper() if asked.voucher_code is not None else None,
        allow_access_product=asked.allow_access_product,
        allow_access_category_type=asked.allow_access_category_type,
        allow_access_seconds=asked.allow_access_seconds,
        start_time=line.start_time,
        start_issue=asked.start_info.start_issue if asked.start_info is not None else None,
        reward_partner_id=asked.reward_partner_id,
        reward_id=asked.reward_id,
        article_ref=detail.article_ref if detail is not None and is_article else None,
        article_description=detail.article_desc if detail is not None and is_article else None,
        article_category=detail.article_category if detail is not None and is_article else None,
        receiver=_kept(line.receiver, secrets),
        recruiter=_kept(line.recruiter, secrets),
    )


def _kept(party: Party | None, secrets: Secrets) -> dict[str, Any] | None:
    kept: dict[str, Any] | None = msgspec.to_builtins(sealed(party, secrets)) if party is not None else None
    return kept


async def _tell(call: Write[Any], order: NewOrder, lines: Sequence[NewLine], action: str) -> None:
    """Write down who did it and that it happened; neither says who the order is for."""
    after = {
        "status": "preliminary",
        "paymentMethod": order.payment_method,
        "amount": order.amount_minor,
        "currency": order.currency,
        "products": [line.product_code for line in lines],
    }
    change = audit.Change(action=action, subject=f"order:{order.order_id}", after=after)
    await audit.record(call.transaction, call.clock, call.caller, change)
    data = {"orderId": order.order_id, "orderStatus": "preliminary"}
    await publish(call.transaction, order.partner_id, order.registered_at, [Event("order", "new", data)])
