"""What customer service does with cases: reading, answering, closing."""

from datetime import datetime, timedelta

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.diverse.message import staff_queries as queries
from kolofon.diverse.message.rules import is_blank, plain, quoted
from kolofon.diverse.message.staff_queries import Case, CaseMessage
from kolofon.events.outbox.service import Message, send
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.i18n import language_of
from kolofon.platform.templating import environment, one_line

LONGEST_ANSWER = 32000
_SENT_WITHIN = timedelta(days=7)


class Answered(msgspec.Struct, frozen=True):
    """What came of an answer.

    `before` is the case as it was: who is not the first to answer sees it there. `sent_to` None: there is no address.
    """

    before: Case
    last: CaseMessage
    sent_to: str | None


async def answer(
    connection: Connection, partner: PartnerCatalogue, now: datetime, case: Case, text: str, actor: str
) -> Answered:
    """Answer a locked case, and have the answer sent by mail where there is an address. Raises InvalidRequest.

    `now` is the partner's. An answer is kept whatever the case's state, so that of two at once none is lost.
    """
    text = plain(text).strip()
    if is_blank(text) or len(text) > LONGEST_ANSWER:
        raise InvalidRequest(f"TEXT: expected 1 to {LONGEST_ANSWER} characters, not only blanks")
    messages = await queries.list_case_messages(connection, case.partner_id, case.case_id)
    await queries.add_answer(connection, case, text, actor, now)
    mail = _mail(partner, now, case, await _recipient(connection, case), text, messages)
    if mail is not None:
        await send(connection, partner.machine_time(now), mail)
    return Answered(case, messages[-1], mail.recipient if mail is not None else None)


async def _recipient(connection: Connection, case: Case) -> str | None:
    """The customer's own address goes before what a contact form was told."""
    known = None
    if case.customer_number is not None:
        known = await queries.find_recipient(connection, case.partner_id, case.customer_number)
    return known or case.sender_email


def _mail(
    partner: PartnerCatalogue,
    now: datetime,
    case: Case,
    recipient: str | None,
    text: str,
    messages: list[CaseMessage],
) -> Message | None:
    """The mail that brings an answer, below it what was asked last; None when none could be sent."""
    if recipient is None:
        return None
    language = language_of(partner.offers.country_code)
    asked = [message.content for message in messages if message.direction == "IN"]
    values: dict[str, object] = {
        "language": language,
        "partner": one_line(partner.name),
        "number": case.case_id,
        "about": one_line(case.subject or ""),
        "answer": text,
        "question": quoted(asked[-1]) if asked else "",
    }
    templates = environment("kolofon.diverse.message", language)
    values["subject"] = one_line(templates.get_template("subject.txt").render(values))
    try:
        return Message(
            kind="mail",
            recipient=recipient,
            subject=str(values["subject"]),
            text=templates.get_template("mail.txt").render(values),
            html=templates.get_template("mail.html").render(values),
            expires_at=partner.machine_time(now) + _SENT_WITHIN,
        )
    except ValueError:
        # An address that was brought along unchecked, to which no mail can be sent.
        return None
