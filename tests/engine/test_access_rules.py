"""The decision on access as a pure function: what holds for every question, holding and rule."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kolofon.catalogue.memory import AccessRule, PartnerCatalogue
from kolofon.engine.access.rules import AccessType, Holding, Level, Question, Subject, Verdict, decide

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
PRODUCTS = ("DIGI", "PAPER", "WEEKEND", "MAG")
ARTICLES = ("plus-1", "plus-2", "archive-1")
TYPES = ("SPORT", "NEWS")
DOMAINS = ("school.example", "class.school.example", "example", "elsewhere.example")

products = st.sampled_from(PRODUCTS)
articles = st.sampled_from(ARTICLES)
category_types = st.sampled_from(TYPES)
domains = st.sampled_from(DOMAINS)
# A handful of addresses close together, so that ranges are hit, missed and met at their edges.
addresses_4 = st.integers(0, 20).map(lambda n: IPv4Address(0xC0000200 + n))
addresses_6 = st.integers(0, 20).map(lambda n: IPv6Address((0x20010DB8 << 96) + n))
mapped = addresses_4.map(lambda ip: IPv6Address(f"::ffff:{ip}"))
addresses = st.one_of(addresses_4, addresses_6, mapped)


@st.composite
def access_rules(draw: st.DrawFn) -> AccessRule:
    code = f"rule-{draw(st.integers(0, 999))}"
    kind = draw(st.sampled_from(["product", "domain", "ip", "article", "categoryType"]))
    product, maybe_product = draw(products), draw(st.none() | products)
    maybe_type = draw(st.none() | category_types)
    if kind == "product":
        return AccessRule(
            access_rule_code=code, kind=kind, product_code=product, subscribed_product_code=draw(products)
        )
    if kind == "domain":
        return AccessRule(
            access_rule_code=code,
            kind=kind,
            domain=draw(domains),
            product_code=maybe_product,
            category_type=maybe_type,
        )
    if kind == "ip":
        first, last = draw(st.tuples(addresses_4, addresses_4) | st.tuples(addresses_6, addresses_6))
        first, last = (first, last) if int(first) <= int(last) else (last, first)
        return AccessRule(
            access_rule_code=code,
            kind=kind,
            ip_from=first,
            ip_to=last,
            product_code=maybe_product,
            category_type=maybe_type,
        )
    if kind == "article":
        prefix = draw(st.sampled_from(["plus-", "archive-", "plus-1", ""]))
        return AccessRule(access_rule_code=code, kind=kind, article_prefix=prefix, product_code=product)
    return AccessRule(access_rule_code=code, kind=kind, category_type=draw(category_types), product_code=product)


@st.composite
def holdings(draw: st.DrawFn) -> Holding:
    start = NOW + timedelta(hours=draw(st.integers(-3, 3)))
    length = timedelta(hours=draw(st.integers(1, 6)))
    kind = draw(st.sampled_from(["subscription", "product", "article", "categoryType"]))
    if kind == "subscription":
        end = draw(st.none() | st.just(start + length))
        state = draw(st.sampled_from(["waiting", "active", "stopping", "paused", "stopped"]))
        return Holding(kind, draw(products), draw(st.none() | category_types), state, start, end)
    code = draw({"product": products, "article": articles, "categoryType": category_types}[kind])
    return Holding(kind, code, None, "active", start, start + length)


subjects = st.builds(
    Subject,
    st.none() | st.just(1001),
    st.lists(domains, max_size=2, unique=True).map(tuple),
    st.lists(holdings(), max_size=4).map(tuple),
    st.sampled_from([None, None, None, "there is no such user"]),
)
questions = st.builds(
    Question,
    product=st.none() | products,
    article_id=st.none() | articles,
    domain=st.none() | domains,
    ip=st.none() | addresses,
    category_type=st.none() | category_types,
    by_domain_too=st.booleans(),
    by_aid_family_too=st.booleans(),
    by_azure_ad_too=st.booleans(),
    list_articles=st.booleans(),
)
rule_lists = st.lists(access_rules(), max_size=6)


def catalogue(rules: list[AccessRule]) -> PartnerCatalogue:
    return PartnerCatalogue(1, PRODUCTS, tuple(rules), {}, frozenset(), ())


def answer(question: Question, subject: Subject, rules: list[AccessRule], now: datetime = NOW) -> Verdict:
    return decide(question, subject, catalogue(rules), now)


@given(questions, subjects, rule_lists)
def test_who_holds_nothing_is_never_granted_on_level_a(
    question: Question, subject: Subject, rules: list[AccessRule]
) -> None:
    verdict = answer(question, msgspec.structs.replace(subject, holdings=()), rules)
    assert not [entry for entry in verdict.entries if entry.granted and entry.level is Level.CUSTOMER]


@given(questions, subjects, rule_lists)
def test_when_nobody_can_be_meant_only_an_address_grants(
    question: Question, subject: Subject, rules: list[AccessRule]
) -> None:
    verdict = answer(question, msgspec.structs.replace(subject, problem="there is no such user"), rules)
    assert {entry.level for entry in verdict.entries if entry.granted} <= {Level.IP}


@given(questions, subjects, holdings(), rule_lists)
def test_one_more_holding_never_takes_access_away(
    question: Question, subject: Subject, more: Holding, rules: list[AccessRule]
) -> None:
    richer = msgspec.structs.replace(subject, holdings=(more, *subject.holdings))
    assert answer(question, richer, rules).access >= answer(question, subject, rules).access


@given(questions, subjects, rule_lists, access_rules(), st.integers(0, 6))
def test_one_more_rule_never_takes_access_away(
    question: Question, subject: Subject, rules: list[AccessRule], more: AccessRule, place: int
) -> None:
    extended = [*rules[:place], more, *rules[place:]]
    assert answer(question, subject, extended).access >= answer(question, subject, rules).access


def criteria_of(question: Question) -> set[str]:
    members = {
        "product": question.product,
        "articleId": question.article_id,
        "domain": question.domain,
        "ip": question.ip,
        "categoryType": question.category_type,
    }
    return {name for name, value in members.items() if value is not None}


@given(questions, subjects, rule_lists)
def test_access_means_a_granting_entry_for_every_criterion(
    question: Question, subject: Subject, rules: list[AccessRule]
) -> None:
    verdict = answer(question, subject, rules)
    criteria = criteria_of(question) or ({"accessArticle"} if question.list_articles else set())
    granted = {entry.criterion for entry in verdict.entries if entry.granted}
    assert verdict.access == (bool(criteria) and criteria <= granted)


@given(questions, subjects, rule_lists)
def test_every_criterion_has_an_entry_and_no_other_has_one(
    question: Question, subject: Subject, rules: list[AccessRule]
) -> None:
    lists = question.list_articles and question.article_id is None
    found = {entry.criterion for entry in answer(question, subject, rules).entries}
    assert found == criteria_of(question) | ({"accessArticle"} if lists else set())


@given(questions, subjects, rule_lists, articles, addresses)
def test_one_more_criterion_never_gives_access(
    question: Question,
    subject: Subject,
    rules: list[AccessRule],
    article: str,
    address: IPv4Address | IPv6Address,
) -> None:
    before = answer(question, subject, rules).access
    if criteria_of(question) and question.article_id is None:
        assert answer(msgspec.structs.replace(question, article_id=article), subject, rules).access <= before
    if criteria_of(question) and question.ip is None:
        assert answer(msgspec.structs.replace(question, ip=address), subject, rules).access <= before


@given(questions, subjects, rule_lists)
def test_a_period_has_a_start_and_an_end_around_now(
    question: Question, subject: Subject, rules: list[AccessRule]
) -> None:
    for entry in answer(question, subject, rules).entries:
        if entry.access_type is AccessType.PERIOD:
            assert entry.start is not None
            assert entry.end is not None
            assert entry.start <= NOW < entry.end


@given(st.sampled_from(["subscription", "product"]), st.sampled_from(["active", "stopping"]), st.integers(1, 10**9))
def test_access_starts_at_the_start_and_ends_just_before_the_end(kind: str, state: str, microseconds: int) -> None:
    end = NOW + timedelta(microseconds=microseconds)
    subject = Subject(1001, (), (Holding(kind, "DIGI", None, state, NOW, end),))
    instant = timedelta(microseconds=1)
    times = (NOW - instant, NOW, end - instant, end)
    assert [answer(Question(product="DIGI"), subject, [], now).access for now in times] == [False, True, True, False]


@given(subjects, rule_lists, products)
def test_only_what_runs_and_leads_to_the_product_grants_it(
    subject: Subject, rules: list[AccessRule], product: str
) -> None:
    leads = {product} | {
        str(rule.subscribed_product_code) for rule in rules if rule.kind == "product" and rule.product_code == product
    }
    runs = any(
        holding.kind in {"subscription", "product"}
        and holding.code in leads
        and holding.state in {"waiting", "active", "stopping"}
        and holding.start <= NOW
        and (holding.end is None or holding.end > NOW)
        for holding in subject.holdings
    )
    known = subject.problem is None and subject.customer_number is not None
    assert answer(Question(product=product), subject, rules).access == (known and runs)


@given(subjects, rule_lists)
def test_the_article_list_holds_just_what_would_be_granted_as_bought(subject: Subject, rules: list[AccessRule]) -> None:
    (entry,) = answer(Question(list_articles=True), subject, rules).entries
    bought = {a for a in ARTICLES if answer(Question(article_id=a), subject, []).access}
    if subject.problem is None and subject.customer_number is not None:
        assert set(entry.article_ids or ()) == bought
        assert entry.granted == bool(bought)
    else:
        assert not entry.granted


@given(questions, subjects, rule_lists)
def test_every_entry_says_why_and_every_granting_rule_is_one_of_the_partners(
    question: Question, subject: Subject, rules: list[AccessRule]
) -> None:
    codes = {rule.access_rule_code for rule in rules}
    for entry in answer(question, subject, rules).entries:
        assert entry.reason
        assert entry.rule is None or entry.rule in codes
        if entry.granted and entry.level is not Level.CUSTOMER:
            assert entry.rule is not None


def naive_ip_rules(rules: list[AccessRule], address: IPv4Address | IPv6Address) -> set[int]:
    plain = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
    return {
        id(rule)
        for rule in rules
        if rule.kind == "ip"
        and rule.ip_from is not None
        and rule.ip_to is not None
        and rule.ip_from.version == plain.version
        and int(rule.ip_from) <= int(plain) <= int(rule.ip_to)
    }


@given(rule_lists, addresses)
def test_the_ip_look_up_finds_what_a_look_at_every_rule_finds(
    rules: list[AccessRule], address: IPv4Address | IPv6Address
) -> None:
    assert {id(rule) for rule in catalogue(rules).ip_rules(address)} == naive_ip_rules(rules, address)


@given(rule_lists, st.sampled_from(DOMAINS) | st.from_regex(r"[a-c]\.(school|class\.school)\.example", fullmatch=True))
def test_the_domain_look_up_finds_what_a_look_at_every_rule_finds(rules: list[AccessRule], domain: str) -> None:
    naive = {
        id(rule)
        for rule in rules
        if rule.kind == "domain" and (domain == rule.domain or domain.endswith(f".{rule.domain}"))
    }
    assert {id(rule) for rule in catalogue(rules).domain_rules(domain)} == naive
    assert {id(rule) for rule in catalogue(rules).domain_rules(domain.upper())} == naive
