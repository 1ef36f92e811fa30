"""Bounds on how often something may be tried: by what it is about, by where it comes from, and in all."""

from ipaddress import ip_address, ip_network

from kolofon.platform.callers import Limits
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.limits import RateLimiter


class Throttle:
    """Counts tries in the installation's rate limiter."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def take(self, key: str, limits: Limits) -> None:
        """Count one try; raises TooManyRequests."""
        allowance = await self._limiter.take(key, limits)
        if not allowance.allowed:
            raise TooManyRequests("too many attempts, please wait a minute", allowance.retry_after)

    async def by_address(self, what: str, address: str, limits: Limits) -> None:
        """Count one try of an address; raises TooManyRequests."""
        await self.take(f"{what} address {_network(address)}", limits)


def _network(address: str) -> str:
    """Whom an address belongs to: one household or host is given a whole /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))
