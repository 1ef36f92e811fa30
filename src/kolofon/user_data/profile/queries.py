"""All SQL of Profile."""

from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.database import Reader


class StoredCredential(msgspec.Struct, frozen=True, array_like=True):
    """A credential as stored, its type as a letter."""

    credential: str
    credential_type: str
    verification_level: str


class StoredProfile(msgspec.Struct, frozen=True):
    """An account with all that the profile shows; `login_credential` is that of the token's grant."""

    first_name: str | None
    middle_name: str | None
    last_name: str | None
    company_name: str | None
    department_name: str | None
    login_credential: str | None
    customer_number: int | None
    credentials: list[StoredCredential]
    phone_numbers: list[tuple[str, str]]
    emails: list[str]
    external_sources: list[str]


async def find_profile(database: Reader, unique_id: UUID, grant_id: UUID, partner_id: int) -> StoredProfile | None:
    """The account, in one statement."""
    row = await database.fetchrow(
        """
        select a.first_name, a.middle_name, a.last_name, a.company_name, a.department_name,
            (select g.credential from oauth_grant g where g.grant_id = $2) as login_credential,
            (select l.customer_number from user_customer l where l.unique_id = $1 and l.partner_id = $3)
                as customer_number,
            (
                select coalesce(jsonb_agg(jsonb_build_array(c.credential, c.credential_type, c.verification_level)
                    order by c.created_at, c.credential), '[]')
                from user_credential c where c.unique_id = $1
            ) as credentials,
            (
                select coalesce(jsonb_agg(jsonb_build_array(p.phone_number, p.phone_number_type)
                    order by p.phone_number), '[]')
                from user_phone_number p where p.unique_id = $1
            ) as phone_numbers,
            array(select e.email from user_email e where e.unique_id = $1 order by e.email) as emails,
            array(select x.source from user_external_profile x where x.unique_id = $1 order by x.source)
                as external_sources
        from user_account a
        where a.unique_id = $1
        """,
        unique_id,
        grant_id,
        partner_id,
    )
    if row is None:
        return None
    return msgspec.convert(dict(row), StoredProfile)


async def list_external_profiles(database: Reader, unique_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """What outside sources told: source and info, in the order of the sources."""
    rows = await database.fetch(
        "select source, info from user_external_profile where unique_id = $1 order by source", unique_id
    )
    return [(row["source"], row["info"]) for row in rows]
