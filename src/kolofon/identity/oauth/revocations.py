"""Access tokens that may no longer pass, known to every process within a second."""

from collections.abc import Iterable
from uuid import UUID

from kolofon.identity.oauth import queries
from kolofon.identity.oauth.rfc9068 import AccessToken
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.notifications import Subscription

CHANNEL = "kolofon_revocation"


class Revocations:
    """The list in memory: ids of tokens and of grants, each until its last token has expired."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expiry: dict[UUID, float] = {}

    @property
    def subscription(self) -> Subscription:
        """What keeps the list up to date."""
        return Subscription(CHANNEL, self._fetch, self._heard)

    def __len__(self) -> int:
        return len(self._expiry)

    def holds(self, token: AccessToken) -> bool:
        """Whether the token, or the grant it came from, is revoked."""
        return token.token_id in self._expiry or token.grant_id in self._expiry

    def add(self, revocation: queries.Revocation) -> None:
        """Note a revocation that this process has committed: it holds before the answer leaves, not only when its
        notification comes round.
        """
        self._expiry[revocation.revoked_id] = revocation.expires_at.timestamp()

    def add_all(self, revocations: Iterable[queries.Revocation]) -> None:
        """Note several."""
        for revocation in revocations:
            self.add(revocation)

    async def _fetch(self, connection: Connection) -> None:
        rows = await queries.list_revocations(connection, self._clock.now())
        self._expiry = {row.revoked_id: row.expires_at.timestamp() for row in rows}

    async def _heard(self, message: str, _connection: Connection) -> None:
        revoked_id, _, expires_at = message.partition(" ")
        self._expiry[UUID(revoked_id)] = float(expires_at)
        now = self._clock.now().timestamp()
        if len(self._expiry) % 1000 == 0:
            self._expiry = {key: value for key, value in self._expiry.items() if value > now}
