"""What is asked of an order line, as far as the catalogue in memory knows it."""

from datetime import datetime, timedelta

import msgspec

from kolofon.catalogue.offers import Coupon, Product
from kolofon.engine.customers.checking import check_receiver, checked_party
from kolofon.engine.customers.party import Party
from kolofon.engine.pricing.rules import is_on_sale
from kolofon.order_management.order.intake import Intake, Line
from kolofon.order_management.order.schemas import ArticleDetail, OrderLine
from kolofon.platform.dates import day_of, read_time, start_of_day
from kolofon.platform.schemas import without_blanks

_START_AHEAD = timedelta(days=366)


def checked_line(intake: Intake, index: int, asked: OrderLine) -> Line | None:
    """The line with what it sells; None when that is not known. What is wrong is among the intake's problems."""
    field = f"orderLines[{index}]."
    asked = _without_blanks(asked)
    coupon = _coupon(intake, field, asked) if asked.product_spec_type in {"coupon", "issue"} else None
    product = _product(intake, field, asked, coupon)
    _check_access(intake, field, asked)
    _check_reward(intake, field, asked)
    if asked.voucher_code is not None and asked.product_spec_type not in {"coupon", "issue"}:
        intake.problems.add(f"{field}voucherCode", "goes with a coupon only")
    receiver = _receiver(intake, field, asked.receiver)
    recruiter = _recruiter(intake, field, asked.recruiter)
    if product is None:
        return None
    start_time = _start_time(intake, field, asked, product)
    return Line(
        number=index + 1,
        field=field,
        asked=asked,
        product=product,
        coupon=coupon,
        issue_code=asked.product if asked.product_spec_type == "issue" else None,
        description=_description(asked, product, coupon),
        start_time=start_time,
        receiver=receiver,
        recruiter=recruiter,
    )


def _without_blanks(asked: OrderLine) -> OrderLine:
    detail, start = asked.article_detail, asked.start_info
    return msgspec.structs.replace(
        without_blanks(asked),
        article_detail=without_blanks(detail) if detail is not None else None,
        start_info=without_blanks(start) if start is not None else None,
    )


def _coupon(intake: Intake, field: str, asked: OrderLine) -> Coupon | None:
    code, number = asked.product_spec_code, asked.product_spec_no
    if code is None or number is None:
        missing = "productSpecCode" if code is None else "productSpecNo"
        text = f"missing; it is needed with productSpecType {asked.product_spec_type}"
        intake.problems.add(f"{field}{missing}", text)
        return None
    coupon = intake.offers.coupons.get((code, number))
    if coupon is None or coupon.kind != "subscription":
        intake.problems.add(f"{field}productSpecCode", f"there is no coupon {code} {number}")
        return None
    if not is_on_sale(intake.offers, coupon, intake.now):
        intake.problems.add(f"{field}productSpecCode", f"the coupon {code} {number} is not on sale at this time")
    if coupon.voucher_only and asked.voucher_code is None:
        intake.problems.add(f"{field}voucherCode", f"missing; the coupon {code} {number} is for who has a voucher")
    return coupon


def _product(intake: Intake, field: str, asked: OrderLine, coupon: Coupon | None) -> Product | None:
    match asked.product_spec_type:
        case "coupon":
            return _sold_by(intake, coupon)
        case "issue":
            return _issue(intake, field, asked, _sold_by(intake, coupon))
        case "product":
            return _single(intake, field, asked)
        case "article":
            return _article(intake, field, asked)


def _sold_by(intake: Intake, coupon: Coupon | None) -> Product | None:
    return intake.offers.products.get(coupon.product_code or "") if coupon is not None else None


def _issue(intake: Intake, field: str, asked: OrderLine, product: Product | None) -> Product | None:
    if asked.product is None:
        intake.problems.add(f"{field}product", "expected the code of an issue")
        return None
    if product is not None and asked.product not in product.issues:
        intake.problems.add(f"{field}product", f"there is no issue {asked.product} of {product.product_code}")
    return product


def _single(intake: Intake, field: str, asked: OrderLine) -> Product | None:
    if asked.product is None:
        intake.problems.add(f"{field}product", "expected the code of a product")
        return None
    product = intake.offers.products.get(asked.product)
    if product is None:
        intake.problems.add(f"{field}product", f"there is no product {asked.product}")
        return None
    if product.product_type != "single":
        text = f"{asked.product} is of type {product.product_type}, which is not ordered as a product"
        intake.problems.add(f"{field}product", text)
    elif not product.is_active(intake.now):
        intake.problems.add(f"{field}product", f"{asked.product} is not on sale at this time")
    return product


def _article(intake: Intake, field: str, asked: OrderLine) -> Product | None:
    if asked.article_detail is None:
        intake.problems.add(f"{field}articleDetail", "missing; it is needed with productSpecType article")
        return None
    detail = asked.article_detail
    field = f"{field}articleDetail."
    if detail.article_ref is None:
        intake.problems.add(f"{field}articleRef", "expected the publisher's id of the article")
    if asked.quantity != 1:
        intake.problems.add(f"{field.removesuffix('articleDetail.')}quantity", "expected 1: an article is read")
    return _title(intake, field, detail)


def _title(intake: Intake, field: str, detail: ArticleDetail) -> Product | None:
    product = intake.offers.products.get(detail.product or "")
    if product is None:
        found = f"there is no product {detail.product}" if detail.product else "expected the code of a product"
        intake.problems.add(f"{field}product", found)
        return None
    if not product.article_prices or not product.is_active(intake.now):
        intake.problems.add(f"{field}product", f"no articles of {product.product_code} are sold")
    if detail.company_code is not None and detail.company_code != product.company_code:
        intake.problems.add(f"{field}companyCode", f"{product.product_code} is sold by {product.company_code}")
    return product


def _check_access(intake: Intake, field: str, asked: OrderLine) -> None:
    code = asked.allow_access_product
    named = code is not None or asked.allow_access_category_type is not None
    if named and asked.allow_access_seconds is None:
        intake.problems.add(f"{field}allowAccessSeconds", "expected with what it opens")
    if not named and asked.allow_access_seconds is not None:
        text = "expected a product here or allowAccessCategoryType, with allowAccessSeconds"
        intake.problems.add(f"{field}allowAccessProduct", text)
    if code is None:
        return
    product = intake.offers.products.get(code)
    if product is None:
        intake.problems.add(f"{field}allowAccessProduct", f"there is no product {code}")
    elif asked.product_spec_type == "issue" and asked.product not in product.issues:
        intake.problems.add(f"{field}allowAccessProduct", f"there is no issue {asked.product} of {code}")


def _check_reward(intake: Intake, field: str, asked: OrderLine) -> None:
    number = asked.reward_partner_id
    if (number is None) != (asked.reward_id is None):
        missing = "rewardPartnerId" if number is None else "rewardId"
        intake.problems.add(f"{field}{missing}", "expected together with the other: rewardPartnerId and rewardId")
    if number is None:
        return
    reward_partner = intake.offers.reward_partners.get(number)
    if reward_partner is None or reward_partner.retired:
        intake.problems.add(f"{field}rewardPartnerId", f"there is no reward partner {number}")


def _receiver(intake: Intake, field: str, receiver: Party | None) -> Party | None:
    if receiver is None:
        return None
    checked = checked_party(receiver, intake.partner, f"{field}receiver.", intake.problems)
    if checked.customer_number is None:
        check_receiver(checked, f"{field}receiver.", intake.problems)
    return checked


def _recruiter(intake: Intake, field: str, recruiter: Party | None) -> Party | None:
    if recruiter is None:
        return None
    checked = checked_party(recruiter, intake.partner, f"{field}recruiter.", intake.problems)
    if checked.customer_number is None and checked.last_name is None and checked.company_name is None:
        text = "expected the number of a customer here, or a name in lastName or companyName"
        intake.problems.add(f"{field}recruiter.customerNumber", text)
    return checked


def _start_time(intake: Intake, field: str, asked: OrderLine, product: Product) -> datetime | None:
    info = asked.start_info
    if info is None or (info.start_date is None and not info.start_issue):
        return None
    if asked.product_spec_type != "coupon":
        intake.problems.add(f"{field}startInfo", "only a subscription has a start")
    if info.start_date is not None:
        return _start_date(intake, f"{field}startInfo.startDate", info.start_date)
    issue = product.issues.get(info.start_issue or "")
    if issue is None:
        intake.problems.add(
            f"{field}startInfo.startIssue", f"there is no issue {info.start_issue} of {product.product_code}"
        )
        return None
    # One that is out already can be had at once.
    return (
        start_of_day(issue.publication_date, intake.offers.time_zone) if issue.publication_date > intake.today else None
    )


def _start_date(intake: Intake, field: str, start_date: int | str) -> datetime | None:
    time_zone = intake.offers.time_zone
    try:
        day = day_of(read_time(start_date, time_zone), time_zone)
    except (ValueError, OverflowError):
        intake.problems.add(field, "expected milliseconds since 1970, or a date as yyyy-mm-dd")
        return None
    if not intake.today <= day <= intake.today + _START_AHEAD:
        intake.problems.add(field, "expected a day from today on, within a year")
    return start_of_day(day, time_zone) if day > intake.today else None


def _description(asked: OrderLine, product: Product, coupon: Coupon | None) -> str:
    if asked.product_spec_type == "issue":
        return f"{product.name} {asked.product}"
    if asked.article_detail is not None and asked.product_spec_type == "article":
        detail = asked.article_detail
        return detail.article_desc or detail.article_ref or product.name
    return coupon.description if coupon is not None else product.name
