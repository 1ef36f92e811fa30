"""Every mistake in what is sold is told with its line and field."""

from pathlib import Path

import pytest

from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.catalogue.publisher_file.reading import read_publisher_file
from tests.catalogue.publisher_files import SELLING, Shelf
from tests.catalogue.test_file_errors import line_of, problems_of
from tests.catalogue.test_load import shelf

__all__ = ["shelf"]

MUG = "webOfferPrice: 149"
TRY = "product: DIGI, price: 1, period: 1 month,"
MARKETING = "project: P"
SECOND = "{number: 2, kind: warning, validFrom: 2020-01-01, daysAfterDue: 7, daysToPay: 14, fee: 38}"


def changed_lines(old: str) -> set[int]:
    """The line of a part of the file, and that of the entry it belongs to: where a missing member is missing."""
    line = SELLING.count("\n", 0, SELLING.index(old)) + 1
    entries = [number for number, text in enumerate(SELLING.splitlines(), 1) if text.startswith("  - ")]
    return {line, max((number for number in entries if number <= line), default=line)}


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        # The partner and its companies.
        ("renewalDays: 10", "renewalDays: 366", "orders.renewalDays", "at most 365"),
        ("preliminaryHours: 24", "preliminaryHours: 0", "orders.preliminaryHours", "at least 1"),
        ("1503.20.80119", "1503.20.80118", "companies[0].accountNumber", "11 digits, the last a check digit"),
        ("customerDigits: 7", "customerDigits: 17", "companies[0].kid.customerDigits", "at most 16"),
        (
            "customerDigits: 7, invoiceDigits: 8",
            "customerDigits: 16, invoiceDigits: 9",
            "companies[0].kid",
            "25 digits",
        ),
        ("algorithm: MOD11", "algorithm: MOD12", "companies[0].kid.algorithm", "expected one of MOD10, MOD11"),
        ("firstInvoiceNumber: 5001", "firstInvoiceNumber: 123456789", "companies[0].firstInvoiceNumber", "8 digits"),
        # VAT.
        ("validFrom: 2000-01-01, percent: 25}", "validFrom: 2000-01-01, percent: 101}", "vatRates[1].percent", "0 to"),
        ("country: SE, valid", "country: NO, valid", "vatRates[2].validFrom", "expected once"),
        ("country: SE, validFrom: 2000-01-01", "country: SE, validFrom: i år", "vatRates[2].validFrom", "2026-01-31"),
        ("vatKind: VARE", "vatKind: TULL", "products[3].vatKind", "the code of a VAT kind in this file"),
        # Products and their prices.
        (MUG, "webOfferPrice: 149.505", "products[3].webOfferPrice", "at most 2 decimals in NOK"),
        (MUG, "webOfferPrice: 149 NOK", "products[3].webOfferPrice", "an amount, such as"),
        (MUG, "webOfferPrice: -1", "products[3].webOfferPrice", "an amount, such as"),
        ("retailPrice: 299, period: 1 month", "retailPrice: 299, period: en måned", "products[0].period", "1 year"),
        ("retailPrice: 299, period: 1 month", "retailPrice: 299, period: 4000 days", "products[0].period", "3660"),
        ("retailPrice: 299, period", "period", "products[0].period", "webOfferPrice or retailPrice beside it"),
        (MUG, "period: 1 month", "products[3].period", "only a subscription runs for one"),
        (
            "articlePrices: [{price: 19.50}]",
            "articlePrices: [{price: 1}, {price: 2}]",
            "products[2].articlePrices[1].category",
            "",
        ),
        ("{price: 19.50}", "{price: 19.505}", "products[2].articlePrices[0].price", "at most 2 decimals"),
        (MUG, "articlePrices: [{price: 1}]", "products[3].articlePrices", "the product is no article"),
        (MUG, "accessDays: 3", "products[3].accessDays", "the product is no article"),
        (
            MUG,
            "issues: [{code: A, publicationDate: 2026-01-01}]",
            "products[3].issues",
            "of the type single has no issues",
        ),
        (
            "publicationDate: 2026-01-15",
            "publicationDate: 2026-02-30",
            "products[1].issues[0].publicationDate",
            "a date",
        ),
        ("{code: 2026-1,", "{code: 2026-1234567,", "products[1].issues[0].code", "at most 10 characters"),
        (
            "digital: true, retail",
            "digital: true, stock: [{warehouse: A, quantity: 1}], retail",
            "products[0].stock",
            "scr",
        ),
        ("quantity: 25", "quantity: -1", "products[3].stock[0].quantity", "at least 0"),
        ("end: 2036-01-01T12:00", "end: 2025-01-01", "products[3].end", "an end after the start, 2026-01-01"),
        ("end: 2036-01-01T12:00", "end: 2036-13-01", "products[3].end", "that exists"),
        ("end: 2036-01-01T12:00", "end: +30d", "products[3].end", "a date (2026-01-31) or a time"),
        ("weight: 210.5", "weight: tungt", "products[1].weight", "a weight in grams"),
        # Dependencies.
        (
            "requiredProduct: DIGI",
            "requiredProduct: KRUS",
            "productDependencies[0].requiredProduct",
            "subscription pro",
        ),
        (
            "requiredProduct: DIGI",
            "requiredProduct: PAPIR",
            "productDependencies[0].requiredProduct",
            "another product",
        ),
        ("{product: PAPIR, required", "{product: X, required", "productDependencies[0].product", "code of a product"),
        ("discountPercent: 20", "discountPercent: 0", "productDependencies[0]", "a discount above 0"),
        ("discountPercent: 20}", "discountPercent: 20, discountAmount: 5}", "productDependencies[0]", "either"),
        ("discountPercent: 20", "discountAmount: 5.001", "productDependencies[0].discountAmount", "at most 2 decimals"),
        # Delivery plans and distribution prices.
        ("product: PAPIR, name: HV", "product: KRUS, name: HV", "deliveryPlans[0].product", "subscription product"),
        (
            "sunday: noAccessOrDelivery",
            "sunday: fri",
            "deliveryPlans[0].sunday",
            "expected one of fullAccessAndDelivery",
        ),
        ("{country: NO, price: 59}", "{country: Norge, price: 59}", "distributionPrices[0].country", "two capital"),
        (
            "{country: NO, price: 59}",
            "{country: NO, product: DIGI, price: 59}",
            "distributionPrices[0].product",
            "digital",
        ),
        ('postalCodeTo: "9999", ', "", "distributionPrices[1]", "both postalCodeFrom and postalCodeTo"),
        ('postalCodeTo: "9999"', 'postalCodeTo: "8999"', "distributionPrices[1].postalCodeTo", "not before 9000"),
        ('postalCodeTo: "9999"', 'postalCodeTo: "99999"', "distributionPrices[1].postalCodeTo", "as many characters"),
        # Coupons.
        ("number: 1, description: Prøv", "number: 0, description: Prøv", "coupons[0].number", "at least 1"),
        (TRY, "product: KRUS, price: 1, period: 1 month,", "coupons[0].product", "a subscription product"),
        (TRY, "product: DIGI, period: 1 month,", "coupons[0].price", "it is missing"),
        (TRY, "product: DIGI, price: 1,", "coupons[0].period", "it is missing"),
        (TRY, "product: DIGI, price: 1.234, period: 1 month,", "coupons[0].price", "at most 2 decimals"),
        ("renewalPrice: 299, ", "", "coupons[0].renewalPrice", "beside renewalPeriod"),
        ("renewalPeriod: 1 month, ", "", "coupons[0].renewalPeriod", "beside renewalPrice"),
        ("renewalPeriod: 1 month", "renewalPeriod: 9999 days", "coupons[0].renewalPeriod", "at most 3660 days"),
        ("salesMethod: WEB", "salesMethod: TM", "coupons[0].salesMethod", "a sales method"),
        ("deliveryPlan: 3", "deliveryPlan: 4", "coupons[1].deliveryPlan", "the id of a delivery plan"),
        (TRY, f"{TRY} deliveryPlan: 3,", "coupons[0].deliveryPlan", "a delivery plan of DIGI, but it is one of PAPIR"),
        ("extraProducts: [DIGI]", "extraProducts: [X]", "coupons[1].extraProducts[0]", "the code of a product"),
        ("extraProducts: [DIGI]", "extraProducts: [PAPIR]", "coupons[1].extraProducts[0]", "than the coupon's own"),
        (MARKETING, "product: DIGI", "coupons[2].product", "a marketing coupon sells nothing"),
        (MARKETING, "price: 0", "coupons[2].price", "a marketing coupon sells nothing"),
        ("{code: BREV, number: 9,", "{code: PAPIR, number: 7,", "coupons[2].number", "expected once"),
        # Vouchers and rewards.
        ("{code: Gave-1,", "{code: Gave 1,", "vouchers[0].code", "letters, digits, dots"),
        ("uses: 3, ", "uses: 0, ", "vouchers[0].uses", "at least 1"),
        ("{code: PAPIR, number: 7}]", "{code: BREV, number: 9}]", "vouchers[0].coupons[1]", "a subscription coupon"),
        ("{code: PAPIR, number: 7}]", "{code: DIGI, number: 1}]", "vouchers[0].coupons[1]", "expected once"),
        (
            "name: Ververn, product: KRUS",
            "name: Ververn, product: X",
            "rewardPartners[0].product",
            "the code of a product",
        ),
        # Terms.
        ("[other, kco]", "[other, invoice]", "paymentMethods[1]", "expected one of creditcardPayex, kco, "),
        ("[other, kco]", "[other, other]", "paymentMethods[1]", "expected once"),
        (SECOND, SECOND.replace("number: 2", "number: 3"), "reminderRules[1].number", "a reminder 2 that is valid"),
        (SECOND, SECOND.replace("number: 2", "number: 1"), "reminderRules[1].number", "expected once"),
        (SECOND, SECOND.replace("fee: 38", "fee: 38.505"), "reminderRules[1].fee", "at most 2 decimals"),
        (SECOND, SECOND.replace("daysToPay: 14", "daysToPay: 13"), "reminderRules[1].daysToPay", "at least 14"),
        ("daysAfterDue: 14, daysToPay: 14", "daysAfterDue: 13, daysToPay: 14", "reminderRules[0].daysAfterDue", "14"),
        # Clients' own words, and what readers hold.
        ("Hei fra {site}", "Hei fra {link}", "clients[0].templates[0].subject", "no other braces than {site}"),
        ("Her: {link}", "Her: {name} {link}", "clients[0].templates[0].text[1]", "got '{name}'"),
        ("Her: {link}", "Her: {link}}", "clients[0].templates[0].text[1]", "got '}'"),
        ("Her: {link}", "Her var den", "clients[0].templates[0].text", "expected {link} in it"),
        ('subject: "Hei fra {site}", ', "", "clients[0].templates[0].subject", "a mail has one"),
        ("kind: mail", "kind: sms", "clients[0].templates[0].subject", "a text message has no subject"),
        ("language: nb", "language: no", "clients[0].templates[0].language", "expected one of en, nb, nn, sv"),
        (
            "coupon: {code: DIGI, number: 1}",
            "coupon: {code: PAPIR, number: 7}",
            "subscriptions[0].coupon",
            "sells DIGI",
        ),
    ],
)
def test_a_mistake_is_told_with_line_field_and_what_was_expected(
    tmp_path: Path, old: str, new: str, field: str, expected: str
) -> None:
    text = SELLING.replace(old, new, 1)
    assert text != SELLING
    problems = problems_of(tmp_path, text)
    told = [problem for problem in problems if f"{field}: " in problem]
    assert told, problems
    assert expected in told[0]
    assert int(told[0].split(":", 1)[0]) in changed_lines(old)


def test_a_line_is_that_of_the_mistake(tmp_path: Path) -> None:
    text = SELLING.replace(MUG, "webOfferPrice: 149.505").replace("uses: 3", "uses: 0").replace("fee: 38}", "fee: x}")
    lines = [int(problem.split(":", 1)[0]) for problem in problems_of(tmp_path, text)]
    assert lines == [line_of(text, "uses: 0"), line_of(text, "fee: x}"), line_of(text, "fee: x}") + 1]
    text = SELLING.replace(MUG, "webOfferPrice: 149.505").replace("deliveryPlan: 3", "deliveryPlan: 4")
    lines = [int(problem.split(":", 1)[0]) for problem in problems_of(tmp_path, text)]
    assert lines == [line_of(text, "webOfferPrice"), line_of(text, "deliveryPlan: 4")]


def is_read(folder: Path, text: str) -> bool:
    file = folder / "publisher.yaml"
    file.write_text(text, "utf-8")
    return read_publisher_file(file).publisher.partner.code == "salg"


RANGE = '  - {country: NO, postalCodeFrom: "9000", postalCodeTo: "9999", price: 99}\n'


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        ('{country: NO, postalCodeFrom: "9999", postalCodeTo: "9999", price: 1}', True),
        ('{country: NO, postalCodeFrom: "8000", postalCodeTo: "9000", price: 1}', True),
        ('{country: NO, postalCodeFrom: "9500", postalCodeTo: "9600", price: 1}', True),
        ("{country: NO, price: 1}", True),
        ('{country: NO, postalCodeFrom: "8000", postalCodeTo: "8999", price: 1}', False),
        ('{country: SE, postalCodeFrom: "90 00", postalCodeTo: "99 99", price: 1}', False),
        ('{country: NO, product: PAPIR, postalCodeFrom: "9000", postalCodeTo: "9999", price: 1}', False),
    ],
)
def test_places_of_distribution_prices_do_not_overlap(tmp_path: Path, other: str, overlaps: bool) -> None:
    text = SELLING.replace(RANGE, f"{RANGE}  - {other}\n")
    if not overlaps:
        assert is_read(tmp_path, text)
        return
    line = line_of(text, "9999" if "postalCode" in other else "price: 59")
    expected = f"distributionPrices[2]: expected other postal codes: those of line {line} overlap"
    assert [problem.partition(": ")[2] for problem in problems_of(tmp_path, text)] == [expected]


def test_a_kind_of_vat_needs_a_rate_in_the_partners_own_country(tmp_path: Path) -> None:
    text = SELLING.replace("{kind: VARE, validFrom", "{kind: VARE, country: DK, validFrom")
    expected = "products[3].vatKind: expected a rate of VARE for the partner's own country, NO, in vatRates"
    assert problems_of(tmp_path, text) == [f"{line_of(text, 'vatKind: VARE')}: {expected}"]


def test_voucher_codes_are_the_same_whatever_their_letters(tmp_path: Path) -> None:
    again = "vouchers:\n  - {code: GAVE-1, coupons: [{code: DIGI, number: 1}]}"
    problems = problems_of(tmp_path, SELLING.replace("vouchers:", again))
    assert "vouchers[1].code: expected once, but 'GAVE-1' is there in line" in problems[0]


RULES = SELLING[SELLING.index("  - {number: 1, validFrom") : SELLING.index("clients:")]


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        # A reminder without a fee may come the day after; a fee counts from the invoice's own due date.
        (["1, daysAfterDue: 1, daysToPay: 13", "2, daysAfterDue: 1, daysToPay: 10, fee: 38"], None),
        (
            ["1, daysAfterDue: 1, daysToPay: 10", "2, daysAfterDue: 1, daysToPay: 10, fee: 38"],
            "reminderRules[1].daysAfterDue: expected at least 14 days after the invoice is due",
        ),
        (
            [f"{number}, daysAfterDue: 14, daysToPay: 14, fee: 38" for number in (1, 2, 3)],
            "reminderRules[2].fee: expected 0: at most 2 reminders may have a fee",
        ),
        ([f"{number}, daysAfterDue: 14, daysToPay: 14" for number in (1, 2, 3, 4)], None),
        # Of rules of several years those that hold together count.
        (
            [
                "1, daysAfterDue: 14, daysToPay: 14, fee: 38",
                "2, daysAfterDue: 14, daysToPay: 14, fee: 38",
                "3, daysAfterDue: 14, daysToPay: 14",
                "3, validFrom: 2027-01-01, daysAfterDue: 14, daysToPay: 14, fee: 38",
            ],
            "reminderRules[3].fee: expected 0",
        ),
    ],
)
def test_reminders_of_a_norwegian_partner_are_lawful(tmp_path: Path, rules: list[str], problem: str | None) -> None:
    written = "".join(
        f"  - {{number: {rule}{'' if 'validFrom' in rule else ', validFrom: 2020-01-01'}}}\n" for rule in rules
    )
    text = SELLING.replace(RULES, written)
    assert text != SELLING
    if problem is None:
        assert is_read(tmp_path, text)
        return
    found = problems_of(tmp_path, text)
    assert len(found) == 1
    assert problem in found[0]
    # Other countries have other laws.
    swedish = text.replace("country: NO, currency: NOK", "country: SE, currency: SEK").replace("1503.20.", "5050-")
    swedish = swedish.replace("{kind: AVIS", "{kind: AVIS, country: SE").replace(
        "{kind: VARE, valid", "{kind: X, valid"
    )
    assert is_read(tmp_path, swedish)


async def test_a_product_needs_a_rate_of_vat_that_is_valid_when_it_is_loaded(shelf: Shelf) -> None:
    later = SELLING.replace("{kind: AVIS, validFrom: 2000", "{kind: AVIS, validFrom: 2100")
    with pytest.raises(PublisherFileError, match=r"products\[0\].vatKind: expected a rate of AVIS in NO that is valid"):
        await shelf.load(later)
