"""A bound on guessing what only few should know: voucher codes, what belongs to a customer number.

Only wrong guesses count, so a rush of right ones is in nobody's way. Who is over the bound is told nothing until the
time is over, whether right or wrong.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kolofon.platform.callers import Limits
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.limits import RateLimiter

WRONG_CODES = Limits(per_second=20, per_minute=100)


class Guesses:
    """Counts the wrong guesses of each key in the installation's rate limiter.

    `subject` is what is guessed, in the plural: it tells keys of one kind from those of another, and the caller what
    there were too many of.
    """

    def __init__(self, limiter: RateLimiter, subject: str, limits: Limits = WRONG_CODES) -> None:
        self.limits = limits
        self._limiter = limiter
        self._subject = subject
        self._open: Counter[str] = Counter()

    async def check(self, key: str) -> None:
        """Before a guess is looked up: raises TooManyRequests when too many were wrong of late, right as it may be."""
        allowance = await self._limiter.look(self._name(key), self.limits)
        if not allowance.allowed:
            self._refuse(allowance.retry_after)

    async def was_wrong(self, key: str) -> None:
        """Count a wrong guess."""
        await self._limiter.take(self._name(key), self.limits)

    @asynccontextmanager
    async def one_of_few(self, key: str) -> AsyncIterator[None]:
        """As check, where even a handful too many is too much: what is being looked up now may turn out wrong, and
        counts as long. Raises TooManyRequests.
        """
        allowance = await self._limiter.look(self._name(key), self.limits)
        if not allowance.allowed or self._open[key] >= allowance.remaining:
            self._refuse(allowance.retry_after or 1)
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    def _refuse(self, retry_after: int) -> None:
        raise TooManyRequests(f"too many wrong {self._subject}, please wait a minute", retry_after)

    def _name(self, key: str) -> str:
        return f"guesses of {self._subject}: {key}"
