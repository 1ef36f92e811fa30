"""What is asked of an order by what the database knows: customers, categories, vouchers, rewards, stock."""

from collections import Counter
from collections.abc import Iterable, Sequence

from kolofon.engine.customers.checking import check_payer
from kolofon.engine.customers.party import Party
from kolofon.order_management.order.fact_queries import Facts, KnownVoucher, Questions, find_facts
from kolofon.order_management.order.intake import Caller, Head, Intake, Line
from kolofon.platform.database import Connection


async def checked_facts(
    connection: Connection, intake: Intake, caller: Caller, head: Head, lines: Sequence[Line]
) -> Facts:
    """The facts; what is wrong by them is added to the intake's problems."""
    questions = _questions(intake, caller, head, lines)
    if questions.is_empty:
        facts = Facts()
    else:
        facts = await find_facts(connection, intake.partner.partner_id, questions, intake.today)
    if caller.unique_id is not None and not facts.user_exists:
        intake.problems.add("uniqueUserId", "there is no such user")
    _check_customers(intake, caller, head.payer, lines, facts)
    _check_codes(intake, head.payer, lines, facts)
    _check_vouchers(intake, lines, facts)
    _check_rewards(intake, lines, facts)
    _check_stock(intake, lines, facts)
    return facts


def _questions(intake: Intake, caller: Caller, head: Head, lines: Sequence[Line]) -> Questions:
    rewards = {(line.asked.reward_partner_id, line.asked.reward_id) for line in lines}
    return Questions(
        unique_id=caller.unique_id,
        customer_numbers=sorted({number for _, number in _numbers(head.payer, lines)}),
        category_codes=sorted({code for _, code in _categories(head.payer, lines)}),
        category_types=sorted({line.asked.allow_access_category_type or "" for line in lines} - {""}),
        voucher_codes=sorted({_voucher_code(line) for line in lines} - {""}),
        rewards=sorted((number, reward_id) for number, reward_id in rewards if number is not None and reward_id),
        stocked=sorted({product_code for _, product_code, _ in _taken(intake, lines)}),
    )


def _parties(payer: Party, lines: Sequence[Line]) -> Iterable[tuple[str, Party]]:
    yield "payer.", payer
    for line in lines:
        if line.receiver is not None:
            yield f"{line.field}receiver.", line.receiver
        if line.recruiter is not None:
            yield f"{line.field}recruiter.", line.recruiter


def _numbers(payer: Party, lines: Sequence[Line]) -> Iterable[tuple[str, int]]:
    for field, party in _parties(payer, lines):
        if party.customer_number is not None:
            yield f"{field}customerNumber", party.customer_number


def _categories(payer: Party, lines: Sequence[Line]) -> Iterable[tuple[str, str]]:
    for field, party in _parties(payer, lines):
        for index, category in enumerate(party.categories or []):
            if category.address_category:
                yield f"{field}categories[{index}].addressCategory", category.address_category
    for line in lines:
        if line.asked.category_code is not None:
            yield f"{line.field}categoryCode", line.asked.category_code


def _voucher_code(line: Line) -> str:
    return (line.asked.voucher_code or "").upper()


def _taken(intake: Intake, lines: Sequence[Line]) -> Iterable[tuple[str, str, int]]:
    """What is taken of a stock: field, product, how many."""
    for line in lines:
        if line.asked.product_spec_type == "product":
            yield f"{line.field}quantity", line.product.product_code, line.asked.quantity
        reward_partner = intake.offers.reward_partners.get(line.asked.reward_partner_id or 0)
        if reward_partner is not None and reward_partner.product_code is not None:
            yield f"{line.field}rewardPartnerId", reward_partner.product_code, 1


def _check_customers(intake: Intake, caller: Caller, payer: Party, lines: Sequence[Line], facts: Facts) -> None:
    known = {customer.customer_number for customer in facts.customers}
    for field, named in _numbers(payer, lines):
        number = facts.merged.get(named, named)
        is_recruiter = field.endswith("recruiter.customerNumber")
        # A user may order as nobody else's customer, and is not told who else there is.
        is_known = (is_recruiter or number == facts.users_customer) if caller.is_user else number in known
        if not is_known:
            intake.problems.add(field, f"there is no customer {named}")
    if payer.customer_number is None:
        check_payer(payer, "payer.", intake.problems)


def _check_codes(intake: Intake, payer: Party, lines: Sequence[Line], facts: Facts) -> None:
    for field, code in _categories(payer, lines):
        if code not in facts.category_codes:
            intake.problems.add(field, f"there is no category {code}")
    for line in lines:
        category_type = line.asked.allow_access_category_type
        if category_type is not None and category_type not in facts.category_types:
            intake.problems.add(f"{line.field}allowAccessCategoryType", f"there is no category type {category_type}")


def _check_vouchers(intake: Intake, lines: Sequence[Line], facts: Facts) -> None:
    vouchers = {voucher.voucher_code: voucher for voucher in facts.vouchers}
    wanted = Counter[str]()
    for line in lines:
        code = _voucher_code(line)
        if code and line.coupon is not None:
            wanted[code] += 1
            problem = _voucher_problem(intake, vouchers.get(code), line, wanted[code])
            if problem is not None:
                intake.problems.add(f"{line.field}voucherCode", problem)
                intake.wrong_vouchers += 1


def _voucher_problem(intake: Intake, voucher: KnownVoucher | None, line: Line, uses: int) -> str | None:
    code = line.asked.voucher_code
    if voucher is None:
        return f"there is no voucher {code}"
    begun = voucher.start_time is None or voucher.start_time <= intake.now
    if not begun or (voucher.end_time is not None and voucher.end_time <= intake.now):
        return f"the voucher {code} is not valid at this time"
    coupon = line.coupon
    if coupon is None or (coupon.coupon_code, coupon.coupon_number) not in voucher.coupons:
        return f"the voucher {code} is not for this coupon"
    return f"the voucher {code} has been used" if uses > voucher.uses_left else None


def _check_rewards(intake: Intake, lines: Sequence[Line], facts: Facts) -> None:
    given = set(facts.rewards_given)
    for line in lines:
        number, reward_id = line.asked.reward_partner_id, line.asked.reward_id
        if number is None or reward_id is None:
            continue
        if (number, reward_id) in given:
            intake.problems.add(f"{line.field}rewardId", f"the reward {reward_id} has been given")
        given.add((number, reward_id))


def _check_stock(intake: Intake, lines: Sequence[Line], facts: Facts) -> None:
    """Each line has to be in one warehouse. Whether it still is when the order is completed is seen then."""
    stock = {known.product_code: known for known in facts.stock}
    wanted = Counter[str]()
    for field, product_code, quantity in _taken(intake, lines):
        known = stock.get(product_code)
        wanted[product_code] += quantity
        # What has no stock is not counted.
        if known is not None and (quantity > known.at_most or wanted[product_code] > known.in_all):
            intake.problems.add(field, f"{product_code} is out of stock")
