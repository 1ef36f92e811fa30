"""RFC 6750: from the bearer token of an API call to the caller, without the database."""

from collections.abc import Callable

from kolofon.catalogue.live import LiveCatalogue
from kolofon.catalogue.memory import Client
from kolofon.identity.oauth import queries
from kolofon.identity.oauth.revocations import Revocations
from kolofon.identity.oauth.rfc6749 import SCOPE, holds_scope
from kolofon.identity.oauth.rfc9068 import AccessToken, TokenReader
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.database import Pool
from kolofon.platform.errors import InsufficientScope, InvalidToken
from kolofon.platform.notifications import Notifications


class BearerAuthenticator:
    """Checks tokens. While this process cannot hear of revocations it asks the table, so none is ever missed."""

    def __init__(
        self,
        reader: TokenReader,
        revocations: Revocations,
        catalogue: LiveCatalogue,
        notifications: Notifications,
        pool: Callable[[], Pool],
    ) -> None:
        self._reader = reader
        self._revocations = revocations
        self._catalogue = catalogue
        self._notifications = notifications
        self._pool = pool

    async def __call__(self, token: str) -> ClientCaller:
        """The caller of the API behind a token; raises InvalidToken, InsufficientScope without the scope `read`."""
        access, client = await self.read(token)
        if not holds_scope(access.scope, SCOPE):
            raise InsufficientScope(f"the access token was not given for the API: its scope lacks {SCOPE}")
        prefers_xml = client.answer_format == "xml"
        if access.unique_id is None or access.grant_id is None:
            return ClientCaller(client.client_id, client.partner_id, client.limits, prefers_xml)
        return UserCaller(
            client.client_id, client.partner_id, client.limits, prefers_xml, access.unique_id, access.grant_id
        )

    async def read(self, token: str) -> tuple[AccessToken, Client]:
        """A good token of any scope, and its client; raises InvalidToken."""
        access = self._reader.read(token)
        if self._revocations.holds(access) or (not self._notifications.fresh and await self._is_revoked(access)):
            raise InvalidToken("the access token has been revoked")
        client = self._catalogue.current.clients.get(access.client_id)
        if client is None or client.disabled:
            raise InvalidToken("the access token's client is no longer known")
        return access, client

    async def _is_revoked(self, access: AccessToken) -> bool:
        """As the table has it."""
        async with self._pool().acquire() as connection:
            return await queries.is_revoked(connection, access.token_id, access.grant_id)
