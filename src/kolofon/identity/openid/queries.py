"""All SQL of OpenID Connect's own endpoints."""

from uuid import UUID

import msgspec

from kolofon.identity.openid.userinfo import KnownReader
from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection


async def find_reader(connection: Connection, unique_id: UUID, grant_id: UUID) -> KnownReader | None:
    """The reader of a grant; None when the account is disabled."""
    row = await connection.fetchrow(
        """
        with known as (
            select c.credential, c.credential_type, c.created_at,
                c.verification_level = any($3::text[]) as verified,
                c.credential = (select g.credential from oauth_grant g where g.grant_id = $2) as signed_in
            from user_credential c
            where c.unique_id = $1 and c.credential_type in ('A', 'B')
        ), best as (
            select distinct on (credential_type) credential_type, credential, verified
            from known
            order by credential_type, coalesce(signed_in, false) desc, verified desc, created_at, credential
        )
        select a.first_name, a.middle_name, a.last_name,
            e.credential as email, e.verified as email_verified,
            p.credential as phone_number, p.verified as phone_number_verified,
            coalesce((select g.userinfo_claims from oauth_grant g where g.grant_id = $2), '{}') as wanted_claims
        from user_account a
        left join best e on e.credential_type = 'A'
        left join best p on p.credential_type = 'B'
        where a.unique_id = $1 and a.disabled_at is null
        """,
        unique_id,
        grant_id,
        VERIFIED_LEVELS,
    )
    return msgspec.convert({"unique_id": unique_id.hex, **row}, KnownReader) if row is not None else None
