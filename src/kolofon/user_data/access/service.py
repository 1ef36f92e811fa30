"""Check access, for both modes."""

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from uuid import UUID

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.access.queries import SubjectQuery, find_subject
from kolofon.engine.access.rules import AccessType, Entry, Question, Subject, Verdict, decide
from kolofon.engine.calls import Read
from kolofon.engine.customers.queries import find_remaining
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.errors import InvalidRequest
from kolofon.user_data.access.schemas import AccessAnswer, AccessEntry, AccessExplanation, AccessRequest

_NOBODY = Subject(problem="there is no such user")


async def check_access(call: Read[ClientCaller], request: AccessRequest, explain: bool) -> AccessAnswer:
    """Whether the user of the token, or the one the request names, may read what is asked. Raises InvalidRequest."""
    question = _question(request)
    if not question.asks:
        raise InvalidRequest("expected at least one of product, articleId, domain, ip, categoryType, accessArticle")
    user = call.caller if isinstance(call.caller, UserCaller) else None
    if user is None and request.unique_id is None and request.credential is None and not _only_ip(question):
        raise InvalidRequest("uniqueId or credential: needed for any check other than by ip")
    subject = await _subject(call, request, question, user)
    return _answer(decide(question, subject, call.partner, call.clock.now()), explain)


def _question(request: AccessRequest) -> Question:
    return Question(
        product=request.product or None,
        article_id=request.article_id or None,
        domain=request.domain.lower().strip(".") or None if request.domain is not None else None,
        ip=_address(request.ip) if request.ip else None,
        category_type=request.category_type or None,
        by_domain_too=bool(request.access_domain),
        by_aid_family_too=bool(request.access_aid_family),
        by_azure_ad_too=bool(request.access_azure_ad),
        list_articles=bool(request.access_article) and not request.article_id,
    )


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text.strip())
    except ValueError:
        raise InvalidRequest("ip: expected an IP address such as 192.0.2.1 or 2001:db8::1") from None


def _only_ip(question: Question) -> bool:
    return question.ip is not None and question == Question(ip=question.ip)


async def _subject(
    call: Read[ClientCaller], request: AccessRequest, question: Question, user: UserCaller | None
) -> Subject:
    if _only_ip(question):
        return _NOBODY
    unique_id = UUID(request.unique_id) if request.unique_id is not None else None
    if user is not None:
        if unique_id is not None and unique_id != user.unique_id:
            raise InvalidRequest("uniqueId: a user's token can only ask about that user")
        unique_id = user.unique_id
    found = await find_subject(
        call.database,
        SubjectQuery(
            partner_id=call.caller.partner_id,
            unique_id=unique_id,
            credential=_credential(request),
            codes=_codes(question, call.partner),
            with_email_domains=question.domain is not None or question.by_domain_too,
        ),
    )
    if found is None:
        return _NOBODY
    if not await _is_number(call, request.customer_number, found):
        return Subject(problem=f"{request.customer_number} is not the user's customer number")
    return found


async def _is_number(call: Read[ClientCaller], named: int | None, found: Subject) -> bool:
    """Whether a number is the user's, or was until that customer was merged into the user's; none always is."""
    if named is None or named == found.customer_number:
        return True
    remaining = await find_remaining(call.database, call.caller.partner_id, named)
    return remaining is not None and remaining == found.customer_number


def _credential(request: AccessRequest) -> str | None:
    return normalised_credential(request.credential)[0] if request.credential else None


def _codes(question: Question, rules: PartnerCatalogue) -> list[str] | None:
    """Which of the customer's things can matter; None when all of them must be seen."""
    if question.category_type is not None or question.list_articles:
        return None
    codes = set(rules.products_granting(question.product)) if question.product is not None else set()
    if question.article_id is not None:
        codes.add(question.article_id)
        for rule in rules.article_rules(question.article_id):
            codes.update(rules.products_granting(str(rule.product_code)))
    return list(codes)


def _answer(verdict: Verdict, explain: bool) -> AccessAnswer:
    return AccessAnswer(
        access=verdict.access,
        accesses=[_entry(entry) for entry in verdict.entries],
        explanation=[_explanation(entry) for entry in verdict.entries] if explain else None,
    )


def _entry(entry: Entry) -> AccessEntry:
    limited = entry.access_type is AccessType.PERIOD
    return AccessEntry(
        access=entry.granted,
        access_level=entry.level.value,
        access_type=entry.access_type.value,
        start_time=_milliseconds(entry.start) if limited else None,
        end_time=_milliseconds(entry.end) if limited else None,
        article_ids=list(entry.article_ids) if entry.article_ids is not None else None,
    )


def _explanation(entry: Entry) -> AccessExplanation:
    return AccessExplanation(
        criterion=entry.criterion,
        access=entry.granted,
        reason=entry.reason,
        rule=entry.rule,
        since=_milliseconds(entry.start),
        until=_milliseconds(entry.end),
    )


def _milliseconds(time: datetime | None) -> int | None:
    return epoch_milliseconds(time) if time is not None else None
