"""A bound on messages of a client that are nobody's: whoever comes to a contact form may write.

Those of a customer are counted where they are stored, for an hour (`service`).
"""

from kolofon.platform.callers import ClientCaller, Limits
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.limits import RateLimiter

LIMITS = Limits(per_second=10, per_minute=60)


class MessageLimit:
    """Counts the messages of each client in the installation's rate limiter."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def take(self, caller: ClientCaller) -> None:
        """Count a message; raises TooManyRequests when there were too many of late."""
        allowance = await self._limiter.take(f"messages {caller.client_id}", LIMITS)
        if not allowance.allowed:
            raise TooManyRequests("too many messages, please wait a minute", allowance.retry_after)
