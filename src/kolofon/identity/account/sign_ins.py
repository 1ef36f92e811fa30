"""Recent sign-ins, for the reader to look through: those that worked, and wrong passwords by the day."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response

from kolofon.identity import sign_in_queries
from kolofon.identity.account import queries
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.account.words import When, client_name
from kolofon.identity.sessions import SIGN_INS_KEPT, WRONG_PASSWORDS_KEPT
from kolofon.identity.sign_in_queries import SignInNote
from kolofon.identity.wording import browser_words, method_words

PATH = "/sign-ins"
_MOST = 100


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in, or a day's wrong passwords, as the page shows it."""

    at: datetime
    when: str
    tries: int = 0  # of wrong passwords
    how: str = ""
    credential: str = ""
    site: str | None = None
    browser: str = ""
    network: str | None = None


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The newest first."""
    unique_id, note_hash = visit.session.unique_id, visit.server.sessions.note_hash
    async with visit.server.pool().acquire() as connection:
        notes = await sign_in_queries.list_sign_ins(connection, unique_id, visit.now - SIGN_INS_KEPT, _MOST)
        credentials = await queries.list_credentials(connection, unique_id)
        hashes = [note_hash(each.credential) for each in credentials]
        wrong = await sign_in_queries.list_wrong_passwords(connection, hashes, visit.now - WRONG_PASSWORDS_KEPT)
        when = await When.of(visit, connection)
    lines = [_line(visit, when, note) for note in notes]
    lines += [Line(at=day.last_at, when=when.words(day.last_at), tries=day.tries) for day in wrong]
    lines.sort(key=lambda line: line.at, reverse=True)
    return visit.show("account_sign_ins.html", errors, status, lines=lines, is_cut=len(notes) == _MOST)


def _line(visit: AccountVisit, when: When, note: SignInNote) -> Line:
    return Line(
        at=note.occurred_at,
        when=when.words(note.occurred_at),
        how=method_words(note.authentication_methods, note.remembered, visit.language),
        credential=note.credential,
        site=client_name(visit, note.client_id),
        browser=browser_words(note.browser, note.system, visit.language),
        network=note.network,
    )
