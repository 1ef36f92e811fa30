"""What several of the account pages say in the same words."""

from datetime import datetime

import msgspec

from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.notices.queries import find_time_zone
from kolofon.identity.wording import day_words, time_words
from kolofon.platform.database import Connection


class When(msgspec.Struct, frozen=True):
    """Times in the newspaper's zone and the reader's language."""

    time_zone: str | None
    language: str

    @classmethod
    async def of(cls, visit: AccountVisit, connection: Connection) -> "When":
        """For the pages of a visit."""
        return cls(await find_time_zone(connection, visit.client_id or None), visit.language)

    def words(self, at: datetime) -> str:
        """Day and time."""
        return time_words(at, self.time_zone, self.language)

    def day(self, at: datetime) -> str:
        """The day alone."""
        return day_words(at, self.time_zone, self.language)


def client_name(visit: AccountVisit, client_id: str | None) -> str | None:
    """The name of a client that may be gone."""
    client = visit.server.catalogue.current.clients.get(client_id or "")
    return client.name if client is not None else None
