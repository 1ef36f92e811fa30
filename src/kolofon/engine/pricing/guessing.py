"""A bound on guessing voucher codes.

Who guesses sits in front of a shop, and the shop's client calls for all of its visitors. So only wrong codes count, by
client: a campaign's rush of right ones is never in their way.
"""

from kolofon.platform.callers import Limits
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.limits import RateLimiter

WRONG_CODES = Limits(per_second=20, per_minute=100)


class VoucherGuesses:
    """Counts the wrong voucher codes of each client in the installation's rate limiter."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def check(self, client_id: str) -> None:
        """Before a code is looked up: raises TooManyRequests when too many were wrong of late, right as it may be."""
        allowance = await self._limiter.look(_key(client_id), WRONG_CODES)
        if not allowance.allowed:
            raise TooManyRequests("too many wrong voucher codes, please wait a minute", allowance.retry_after)

    async def was_wrong(self, client_id: str) -> None:
        """Count a code that did not exist or could not be used."""
        await self._limiter.take(_key(client_id), WRONG_CODES)


def _key(client_id: str) -> str:
    return f"voucher guesses {client_id}"
