"""Links by which a user signs in once: made for a message, never shown to who had it sent."""

from datetime import datetime, timedelta
from uuid import UUID

from kolofon.engine.accounts.link_queries import LoginLink, add_link
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret, new_secret

# Who opens an old link is sent on to where its client wants them.
KEPT = timedelta(days=30)


async def new_login_link(
    connection: Connection,
    now: datetime,
    lifetime: timedelta,
    user: tuple[UUID, str],
    site: tuple[str, str, str],
) -> str:
    """The secret of a new link. `user` is the account and the credential; `site` client, return URL and error URL."""
    secret = new_secret()
    unique_id, credential = user
    client_id, return_url, error_url = site
    link = LoginLink(
        link_hash=hash_secret(secret),
        unique_id=unique_id,
        credential=credential,
        client_id=client_id,
        return_url=return_url,
        error_url=error_url,
        created_at=now,
        expires_at=now + lifetime,
    )
    await add_link(connection, link)
    return secret
