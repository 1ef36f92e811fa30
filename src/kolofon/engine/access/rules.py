"""The decision on access, over values alone: what was asked, what the customer holds, what the partner's rules say.

The criteria of one question are combined with AND (documented for Check access). A criterion may be met on several
grounds, each an entry of the answer; one ground is enough. docs/decisions/0007 has the reading of the reference.

`accessArticle` asks for a list rather than for leave: beside a criterion it only adds its entry to the answer, so that
a subscriber who never bought a single article may still read. Asked alone, it decides.
"""

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

import msgspec

from kolofon.catalogue.memory import AccessRule, PartnerCatalogue


class Level(StrEnum):
    """On which ground access was looked for."""

    CUSTOMER = "A"
    DOMAIN = "B"
    IP = "C"


class AccessType(StrEnum):
    """How far access goes: without a set end, from `start` to `end`, or not at all."""

    FULL = "A"
    PERIOD = "B"
    NONE = "D"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What may be read? None: not asked."""

    product: str | None = None
    article_id: str | None = None
    domain: str | None = None
    ip: IPv4Address | IPv6Address | None = None
    category_type: str | None = None
    by_domain_too: bool = False
    by_aid_family_too: bool = False
    by_azure_ad_too: bool = False
    list_articles: bool = False

    @property
    def asks(self) -> bool:
        """Whether anything is asked; the other members only widen a question."""
        asked = (self.product, self.article_id, self.domain, self.ip, self.category_type)
        return self.list_articles or any(criterion is not None for criterion in asked)


class Holding(msgspec.Struct, frozen=True):
    """Something a customer has: a subscription, or access to one thing for a time."""

    kind: str  # subscription, product, article, categoryType
    code: str  # product code, article id or category type
    category_type: str | None
    state: str
    start: datetime
    end: datetime | None


class Subject(msgspec.Struct, frozen=True):
    """Whom the question is about. `problem` says why nobody can be meant."""

    customer_number: int | None = None
    email_domains: tuple[str, ...] = ()
    holdings: tuple[Holding, ...] = ()
    problem: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One ground that was looked at, with the reason for its result."""

    criterion: str
    level: Level
    reason: str
    access_type: AccessType = AccessType.NONE
    start: datetime | None = None
    end: datetime | None = None
    rule: str | None = None
    article_ids: tuple[str, ...] | None = None

    @property
    def granted(self) -> bool:
        """Whether this ground gives access."""
        return self.access_type is not AccessType.NONE


class Verdict(msgspec.Struct, frozen=True):
    """The answer: access when every criterion has a ground that grants it."""

    access: bool
    entries: tuple[Entry, ...]


_HOLDING_WORDS = {
    "subscription": "the subscription to",
    "product": "the access to",
    "article": "the bought article",
    "categoryType": "the access to category type",
}


def decide(question: Question, subject: Subject, rules: PartnerCatalogue, now: datetime) -> Verdict:
    """Decide on access at a time."""
    criteria = _criteria(question, subject, rules, now)
    listed = [[_all_articles(subject, now)]] if question.list_articles and question.article_id is None else []
    deciding = criteria or listed
    access = bool(deciding) and all(any(entry.granted for entry in entries) for entries in deciding)
    return Verdict(access, tuple(entry for entries in criteria + listed for entry in entries))


def _criteria(question: Question, subject: Subject, rules: PartnerCatalogue, now: datetime) -> list[list[Entry]]:
    criteria: list[list[Entry]] = []
    if question.product is not None:
        criteria.append(_product(question, question.product, subject, rules, now))
    if question.article_id is not None:
        criteria.append([_article(question.article_id, subject, rules, now)])
    if question.domain is not None:
        criteria.append([_domain(question, question.domain, subject, rules)])
    if question.ip is not None:
        criteria.append([_ip(question, question.ip, rules)])
    if question.category_type is not None:
        criteria.append(_category_type(question, question.category_type, subject, rules, now))
    return criteria


def _product(question: Question, product: str, subject: Subject, rules: PartnerCatalogue, now: datetime) -> list[Entry]:
    granting = rules.products_granting(product)
    held = [h for h in subject.holdings if h.kind in {"subscription", "product"} and h.code in granting]
    entries = [_from_holdings("product", held, subject, now, f"product {product}", granting)]
    if question.by_domain_too and question.category_type is None:
        entries.append(_own_domain("product", rules, subject, product, None))
    if question.by_aid_family_too:
        entries.append(_not_connected("product", "no aID family of the user is known"))
    if question.by_azure_ad_too:
        entries.append(_not_connected("product", "no Azure AD is connected"))
    return entries


def _article(article_id: str, subject: Subject, rules: PartnerCatalogue, now: datetime) -> Entry:
    granting = {
        subscribed: rule.access_rule_code
        for rule in rules.article_rules(article_id)
        for subscribed in rules.products_granting(str(rule.product_code))
    }
    held = [
        h
        for h in subject.holdings
        if (h.kind == "article" and h.code == article_id)
        or (h.kind in {"subscription", "product"} and h.code in granting)
    ]
    return _from_holdings("articleId", held, subject, now, f"article {article_id}", granting)


def _all_articles(subject: Subject, now: datetime) -> Entry:
    bought = [h for h in subject.holdings if h.kind == "article"]
    entry = _from_holdings("accessArticle", bought, subject, now, "single articles", {})
    articles = tuple(dict.fromkeys(h.code for h in bought if _is_current(h, now)))
    return msgspec.structs.replace(entry, article_ids=articles)


def _category_type(
    question: Question, category_type: str, subject: Subject, rules: PartnerCatalogue, now: datetime
) -> list[Entry]:
    granting = {
        subscribed: rule.access_rule_code
        for rule in rules.category_type_rules(category_type)
        for subscribed in rules.products_granting(str(rule.product_code))
    }
    held = [
        h
        for h in subject.holdings
        if h.category_type == category_type
        or (h.kind == "categoryType" and h.code == category_type)
        or (h.kind in {"subscription", "product"} and h.code in granting)
    ]
    entries = [_from_holdings("categoryType", held, subject, now, f"category type {category_type}", granting)]
    if question.by_domain_too:
        entries.append(_own_domain("categoryType", rules, subject, question.product, category_type))
    return entries


def _domain(question: Question, domain: str, subject: Subject, rules: PartnerCatalogue) -> Entry:
    if subject.problem is not None:
        return _refused("domain", Level.DOMAIN, subject.problem)
    if not any(_is_within(own, domain) for own in subject.email_domains):
        return _refused("domain", Level.DOMAIN, f"the user has no verified e-mail address at {domain}")
    fitting = [r for r in rules.domain_rules(domain) if _covers(r, question.product, question.category_type, rules)]
    return _from_rules("domain", Level.DOMAIN, fitting, f"no rule gives access at the domain {domain}")


def _own_domain(
    criterion: str, rules: PartnerCatalogue, subject: Subject, product: str | None, category_type: str | None
) -> Entry:
    if subject.problem is not None:
        return _refused(criterion, Level.DOMAIN, subject.problem)
    fitting = [
        rule
        for own in subject.email_domains
        for rule in rules.domain_rules(own)
        if _covers(rule, product, category_type, rules)
    ]
    return _from_rules(criterion, Level.DOMAIN, fitting, "no rule gives access at a domain of the user's e-mail")


def _ip(question: Question, ip: IPv4Address | IPv6Address, rules: PartnerCatalogue) -> Entry:
    fitting = [r for r in rules.ip_rules(ip) if _covers(r, question.product, question.category_type, rules)]
    return _from_rules("ip", Level.IP, fitting, "no rule gives access from this address")


def _covers(rule: AccessRule, product: str | None, category_type: str | None, rules: PartnerCatalogue) -> bool:
    """Whether a domain or IP rule speaks of what is asked; a rule that names no product speaks of all."""
    if rule.category_type is not None and rule.category_type != category_type:
        return False
    return product is None or rule.product_code is None or rule.product_code in rules.products_granting(product)


def _from_rules(criterion: str, level: Level, fitting: list[AccessRule], otherwise: str) -> Entry:
    if not fitting:
        return _refused(criterion, level, otherwise)
    code = fitting[0].access_rule_code
    return Entry(
        criterion=criterion, level=level, reason=f"rule {code} grants it", access_type=AccessType.FULL, rule=code
    )


def _from_holdings(
    criterion: str, held: list[Holding], subject: Subject, now: datetime, what: str, granting: dict[str, str]
) -> Entry:
    if subject.problem is not None:
        return _refused(criterion, Level.CUSTOMER, subject.problem)
    if subject.customer_number is None:
        return _refused(criterion, Level.CUSTOMER, "the user is not a customer here")
    current = [h for h in held if _is_current(h, now)]
    best = max(current or held, key=lambda h: _far(h, now), default=None)
    if best is None:
        return _refused(criterion, Level.CUSTOMER, f"nothing the customer has gives access to {what}")
    limited = _has_set_end(best)
    granted = bool(current)
    return Entry(
        criterion=criterion,
        level=Level.CUSTOMER,
        reason=_explain(best, now),
        access_type=(AccessType.PERIOD if limited else AccessType.FULL) if granted else AccessType.NONE,
        start=best.start,
        end=best.end,
        rule=granting.get(best.code) or None,
    )


def _is_current(holding: Holding, now: datetime) -> bool:
    # By its times: what waits has begun, and what stops has ended, even before the worker has come to it.
    running = holding.state in {"waiting", "active", "stopping"}
    return running and holding.start <= now and (holding.end is None or now < holding.end)


def _has_set_end(holding: Holding) -> bool:
    """An active subscription is renewed at the end of its period; anything else ends when it says."""
    return holding.end is not None and not (holding.kind == "subscription" and holding.state == "active")


def _far(holding: Holding, now: datetime) -> tuple[bool, bool, float]:
    """Orders holdings by how good a ground they are: running before not, open before limited, the later end first."""
    end = holding.end.timestamp() if holding.end is not None else float("inf")
    return _is_current(holding, now), not _has_set_end(holding), end


def _explain(holding: Holding, now: datetime) -> str:
    name = f"{_HOLDING_WORDS[holding.kind]} {holding.code}"
    if _is_current(holding, now):
        return f"{name} grants it"
    if holding.start > now:
        return f"{name} has not started yet"
    if holding.state in {"paused", "stopped"}:
        return f"{name} is {holding.state}"
    return f"{name} has ended"


def _refused(criterion: str, level: Level, reason: str) -> Entry:
    return Entry(criterion=criterion, level=level, reason=reason)


def _not_connected(criterion: str, reason: str) -> Entry:
    return _refused(criterion, Level.CUSTOMER, reason)


def _is_within(own: str, domain: str) -> bool:
    return own == domain or own.endswith("." + domain)
