"""SQL that removes what has expired of OAuth."""

from datetime import datetime, timedelta

from kolofon.identity.oauth.keys import LONGEST_TOKEN
from kolofon.platform.database import Connection, rows_changed

# Until then the client hears that its code has expired, and not that it never was.
_UNUSED_CODES_KEPT = timedelta(hours=1)


async def sweep(connection: Connection, now: datetime) -> int:
    """Remove what has expired: grants with all they own, revocations, retired keys. Returns the number of rows."""
    removed = 0
    for statement, before in (
        # A grant stays until its last access token is dead too: a replayed code or refresh token has to find it.
        # And while its session lives: when that ends, the client is to be told (identity/back_channel_logout).
        (
            """
            delete from oauth_grant g where expires_at < $1 and not exists (
                select from user_session s where s.unique_id = g.unique_id and s.session_id = g.session_id
            )
            """,
            now - LONGEST_TOKEN,
        ),
        # A code that nobody came for has given nothing, and a browser can be sent for any number of them.
        (
            """
            delete from oauth_grant
            where grant_id in (select grant_id from authorization_code where used_at is null and expires_at < $1)
            """,
            now - _UNUSED_CODES_KEPT,
        ),
        ("delete from refresh_token where expires_at < $1", now),
        ("delete from token_revocation where expires_at < $1", now),
        ("delete from signing_key where retires_at < $1", now),
        ("delete from pushed_request where expires_at < $1", now),
        ("delete from used_once where expires_at < $1", now),
    ):
        removed += rows_changed(await connection.execute(statement, before))
    return removed
