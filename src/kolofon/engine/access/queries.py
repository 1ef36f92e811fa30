"""The facts that a decision on access needs, in one statement."""

from uuid import UUID

import msgspec

from kolofon.engine.access.rules import Holding, Subject
from kolofon.platform.database import Reader

# The account is known, or found by its credential; then the customer, then what the customer holds. A customer's
# rows lie together in both primary keys, so this is four index look-ups at any number of customers.
SUBJECT = """
    select subject.credential_fits, link.customer_number, subject.email_domains,
        held.kind, held.code, held.category_type, held.state, held.start_time, held.end_time
    from (
        select a.unique_id,
            $3::text is null or exists (
                select from user_credential c where c.credential = $3 and c.unique_id = a.unique_id
            ) as credential_fits,
            case when $5 then (
                select array_agg(split_part(c.credential, '@', 2))
                from user_credential c
                where c.unique_id = a.unique_id and c.credential_type = 'A'
                    and c.verification_level in ('verificationLink', 'verificationCode', 'externallyVerified')
            ) end as email_domains
        from (
            select coalesce($2::uuid, (select c.unique_id from user_credential c where c.credential = $3)) as unique_id
        ) a
    ) subject
    left join user_customer link on link.unique_id = subject.unique_id and link.partner_id = $1
    left join lateral (
        select 'subscription' as kind, s.product_code as code, k.category_type, s.state, s.start_time, s.end_time
        from subscription s
        left join category_code k on k.partner_id = s.partner_id and k.category_code = s.category_code
        where s.partner_id = $1 and s.customer_number = link.customer_number
            and ($4::text[] is null or s.product_code = any($4))
        union all
        select x.kind, x.code, null, 'active', x.start_time, x.end_time
        from customer_access x
        where x.partner_id = $1 and x.customer_number = link.customer_number
            and ($4::text[] is null or x.code = any($4))
    ) held on true
    where subject.unique_id is not null
"""


class SubjectQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to look for, and which of the customer's things matter (`codes`; None: all)."""

    partner_id: int
    unique_id: UUID | None
    credential: str | None
    codes: list[str] | None
    with_email_domains: bool


async def find_subject(database: Reader, query: SubjectQuery) -> Subject | None:
    """The user's customer at the partner and what it holds; None when there is no such user."""
    rows = await database.fetch(
        SUBJECT, query.partner_id, query.unique_id, query.credential, query.codes, query.with_email_domains
    )
    if not rows:
        return None
    credential_fits, customer_number, email_domains = rows[0][:3]
    if not credential_fits:
        return Subject(problem="the credential is not the user's")
    holdings = tuple(Holding(*row[3:]) for row in rows if row["kind"] is not None)
    return Subject(customer_number, tuple(email_domains or ()), holdings)
