"""Telling clients that a session has ended: at least once, each time with a token of its own, for up to a day.

What is to be told is a row, written in the transaction that ends the session; the worker tells (docs/decisions/0016).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property

import httpx
import structlog
from prometheus_client import Counter

from kolofon.catalogue.live import LiveCatalogue
from kolofon.catalogue.memory import Client
from kolofon.identity.back_channel_logout import queries
from kolofon.identity.back_channel_logout.logout_token import sign_logout_token
from kolofon.identity.back_channel_logout.queries import DueLogout
from kolofon.identity.oauth.keys import KeyRing
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.due_work import DueWork, pause_after
from kolofon.platform.templating import one_line

_log = structlog.get_logger()
CHANNEL = "kolofon_back_channel_logout"
KEPT = timedelta(days=7)
# Longer than the longest attempt, by what two machines' clocks may differ.
TAKEN_FOR = timedelta(seconds=60)
LONGEST_ATTEMPT = 5.0
# A refusal is mostly for good, but keys may not be fetched yet, or a new version of the client be on its way: six
# attempts are ten minutes.
MOST_REFUSALS = 6
_LONGEST_REST = timedelta(minutes=5)
_LONGEST_PROBLEM = 300
# Section 2.8; 204 because some frameworks make it of an empty 200.
_TOLD = {200, 204}
# Answers that say "later" and not "no".
_BUSY = {408, 425, 429}

LOGOUTS = Counter("kolofon_back_channel_logouts_total", "Attempts to tell a client of a session's end", ["outcome"])


class _Failure(Exception):
    """The client was not told. `is_refusal`: it said no; else nobody answered, or asked to come later."""

    def __init__(self, problem: str, is_refusal: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.is_refusal = is_refusal


class Telling(DueWork[DueLogout]):
    """Tells clients as sessions end, and again those that could not be reached.

    A client that does not answer is left alone for a while, so that its many rows do not hold up those of others.
    """

    def __init__(
        self,
        pool: Callable[[], Pool],
        clock: Clock,
        issuer: str,
        catalogue: LiveCatalogue,
        keys: KeyRing,
        longest_attempt: float = LONGEST_ATTEMPT,
    ) -> None:
        super().__init__(CHANNEL)
        self._longest_attempt = longest_attempt
        self._pool = pool
        self._clock = clock
        self._issuer = issuer
        self._catalogue = catalogue
        self._keys = keys
        self._rests: dict[str, tuple[int, datetime]] = {}

    async def take(self) -> DueLogout | None:
        """Take what has been due longest and is not for a client that is left alone."""
        now = self._clock.now()
        resting = [client_id for client_id, (_, until) in self._rests.items() if now < until]
        async with self._pool().acquire() as connection:
            return await queries.take_due(connection, now, now + TAKEN_FOR, resting)

    def name(self, due: DueLogout) -> dict[str, object]:
        """The client, and not whose session it was."""
        return {"client_id": due.client_id, "attempt": due.attempt}

    async def do(self, due: DueLogout) -> None:
        """Tell a client, and note whether it knows."""
        client = self._catalogue.current.clients.get(due.client_id)
        if client is None or client.disabled or client.backchannel_logout_uri is None:
            await self._note_failure(due, _Failure("the client does not want to be told any more", True), is_final=True)
            return
        try:
            await self._tell(client, client.backchannel_logout_uri, due)
        except _Failure as failure:
            self._let_rest(due.client_id, failure)
            await self._note_failure(due, failure)
        else:
            self._rests.pop(due.client_id, None)
            async with self._pool().acquire() as connection:
                await queries.note_told(connection, due, self._clock.now())
            self._account(due, "told")

    async def close(self) -> None:
        """Hang up."""
        if "_http" in self.__dict__:
            await self._http.aclose()

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        # Made when it is needed first: reading the certificates takes a while, and most processes never tell anybody.
        return httpx.AsyncClient(
            follow_redirects=False, timeout=self._longest_attempt, headers={"User-Agent": "Kolofon", "Accept": "*/*"}
        )

    async def _tell(self, client: Client, uri: str, due: DueLogout) -> None:
        subject = due.unique_id, due.session_id
        token = sign_logout_token(
            subject, client.client_id, client.id_token_algorithm, self._keys, self._issuer, self._clock.now()
        )
        try:
            async with (
                # httpx bounds each step; a client that sends a byte now and then would never end.
                asyncio.timeout(self._longest_attempt),
                self._http.stream("POST", uri, data={"logout_token": token}) as answer,
            ):
                if answer.status_code in _TOLD:
                    return
                problem = f"{answer.status_code} {await _beginning_of(answer)}".strip()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise _Failure(type(error).__name__, is_refusal=False) from None
        raise _Failure(problem, is_refusal=answer.status_code < 500 and answer.status_code not in _BUSY)

    def _let_rest(self, client_id: str, failure: _Failure) -> None:
        if failure.is_refusal:
            self._rests.pop(client_id, None)
            return
        failures = 1 + (self._rests[client_id][0] if client_id in self._rests else 0)
        self._rests[client_id] = failures, self._clock.now() + min(pause_after(failures), _LONGEST_REST)

    async def _note_failure(self, due: DueLogout, failure: _Failure, is_final: bool = False) -> None:
        now = self._clock.now()
        again_at = now + pause_after(due.attempt)
        has_refused = failure.is_refusal and due.attempt >= MOST_REFUSALS
        is_hopeless = is_final or has_refused or again_at >= due.expires_at
        async with self._pool().acquire() as connection:
            if is_hopeless:
                await queries.note_given_up(connection, due, failure.problem, now)
            else:
                await queries.note_failed(connection, due, failure.problem, again_at)
        # What the client said stays in the table: nobody knows whom it names.
        self._account(due, "given_up" if is_hopeless else "failed", failure.problem.partition(" ")[0])

    def _account(self, due: DueLogout, outcome: str, problem: str | None = None) -> None:
        LOGOUTS.labels(outcome).inc()
        if problem is None:
            _log.info("a client was told of a session's end", **self.name(due))
        elif outcome == "failed":
            _log.warning("a client was not told of a session's end and will be", problem=problem, **self.name(due))
        else:
            _log.error("telling a client of a session's end was given up", problem=problem, **self.name(due))


async def _beginning_of(answer: httpx.Response) -> str:
    """What a client says of its refusal, in one line; no more of it is read."""
    read = b""
    async for chunk in answer.aiter_raw(_LONGEST_PROBLEM):
        read += chunk
        if len(read) >= _LONGEST_PROBLEM:
            break
    text = read[:_LONGEST_PROBLEM].decode("utf-8", "replace")
    return one_line(text)


async def keep_logouts_in_order(connection: Connection, clock: Clock) -> int:
    """Housekeeping: give up what is too old to be told, forget what is done and old; returns how many went."""
    now = clock.now()
    for client_id in await queries.give_up_overdue(connection, now):
        LOGOUTS.labels("given_up").inc()
        _log.error("telling a client of a session's end was given up", client_id=client_id, problem="expired")
    return await queries.sweep(connection, now - KEPT)
