"""The catalogue that is true now, in every process."""

from kolofon.catalogue.memory import Catalogue, read_catalogue
from kolofon.platform.database import Connection
from kolofon.platform.notifications import Subscription

CHANNEL = "kolofon_catalogue"


class LiveCatalogue:
    """Holds the newest snapshot; a request takes it once and sees one state throughout."""

    def __init__(self) -> None:
        self._current: Catalogue | None = None

    @property
    def current(self) -> Catalogue:
        """The snapshot; there is one from the start of the process on."""
        if self._current is None:
            raise RuntimeError("the catalogue has not been read yet")
        return self._current

    @property
    def subscription(self) -> Subscription:
        """What keeps the snapshot up to date."""
        return Subscription(CHANNEL, self._read, self._heard)

    async def _read(self, connection: Connection) -> None:
        self._current = await read_catalogue(connection)

    async def _heard(self, _message: str, connection: Connection) -> None:
        await self._read(connection)
