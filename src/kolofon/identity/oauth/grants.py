"""Ending many grants at once: of a reader whose password is new, of a session that ended, of a client sent away."""

from datetime import datetime
from uuid import UUID

from kolofon.identity.oauth import queries
from kolofon.identity.oauth.keys import LONGEST_TOKEN
from kolofon.identity.oauth.queries import Revocation, WhichGrants
from kolofon.platform.database import Connection

__all__ = ["Revocation", "WhichGrants", "revoke_grants"]


async def revoke_grants(
    connection: Connection, unique_id: UUID, now: datetime, which: WhichGrants | None = None
) -> list[Revocation]:
    """End a reader's grants everywhere: their codes, refresh tokens and access tokens.

    Whoever commits this gives the revocations to the process's own list afterwards (`Revocations.add`).
    """
    expires_at = now + LONGEST_TOKEN
    ended = await queries.revoke_grants_of(connection, unique_id, which or WhichGrants(), now, expires_at)
    return [Revocation(grant_id, expires_at) for grant_id in ended]
