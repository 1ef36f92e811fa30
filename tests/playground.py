"""Building blocks for tests: two partners with clients, products and readers, made directly in the database."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from kolofon.catalogue.live import LiveCatalogue
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret, new_uuid
from kolofon.platform.password_hash import hash_password
from tests import selling
from tests.waiting import until

WEB = "no.example.web"
WEB_SECRET = "web-secret-that-is-long-enough-for-tests"
APP = "no.example.app"
OTHER = "se.annan.web"
OTHER_SECRET = "other-secret-that-is-long-enough-for-tests"
CALLBACK = "https://web.example.no/callback"
APP_CALLBACK = "no.example.app:/callback"
OTHER_CALLBACK = "https://web.annan.se/callback"
PASSWORD = "correct horse battery"
PASSWORD_HASH = hash_password(PASSWORD)
ALL_GRANTS = ["authorization_code", "refresh_token", "client_credentials", "extid_code", "device_code"]


class Reader(msgspec.Struct, frozen=True):
    """A user who can sign in."""

    unique_id: UUID
    credential: str
    customer_number: int | None


class Playground:
    """Partner 1 (Example) and partner 2 (Annan), and ways to add readers to them."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.connection = connection
        self.clock = clock
        # The catalogue of the server that runs, if one does.
        self.served: LiveCatalogue | None = None

    async def build(self) -> None:
        """Put the two partners in."""
        for code, name, country, currency in (
            ("example", "Example", "NO", "NOK"),
            ("annan", "Annan", "SE", "SEK"),
        ):
            partner_id = await self.connection.fetchval(
                """
                insert into partner (partner_code, name, country_code, currency, time_zone)
                values ($1, $2, $3, $4, 'Europe/Oslo') returning partner_id
                """,
                code,
                name,
                country,
                currency,
            )
            await self._add_catalogue(partner_id)
            await selling.sell(self.connection, partner_id, currency)
        await self.add_client(WEB, 1, WEB_SECRET, [CALLBACK])
        await self.add_client(APP, 1, None, [APP_CALLBACK], grant_types=["authorization_code", "refresh_token"])
        await self.add_client(OTHER, 2, OTHER_SECRET, [OTHER_CALLBACK])

    async def _add_catalogue(self, partner_id: int) -> None:
        insert = self.connection.execute
        await insert(
            """
            insert into company (partner_id, company_code, name, organisation_number)
            values ($1, 'HOUSE', 'The House', '999999999')
            """,
            partner_id,
        )
        await insert("insert into enterprise values ($1, 'NEWS', 'News'), ($1, 'MAG', 'Magazine')", partner_id)
        await insert("insert into order_type values ($1, 'NEWS', 'SUB', 'S'), ($1, 'NEWS', 'NL', 'N')", partner_id)
        await insert("insert into privacy_purpose values ($1, 'DM', 'D'), ($1, 'EM', 'E'), ($1, 'TM', 'T')", partner_id)
        await insert("insert into marketing_channel values ($1, 'DM', 'D'), ($1, 'TM', 'T')", partner_id)
        await insert("insert into category_type values ($1, 'SPORT', 'Sport')", partner_id)
        await insert("insert into category_code values ($1, 'SPORT', 'SKI', 'Skiing')", partner_id)
        await insert(
            """
            insert into product (partner_id, product_code, company_code, name, product_type)
            select $1, code, 'HOUSE', code, 'subscription'
            from unnest(array['DIGI', 'PAPER', 'WEEKEND', 'MAG']) as code
            """,
            partner_id,
        )
        await insert(
            """
            insert into access_rule
                (partner_id, access_rule_code, kind, product_code, subscribed_product_code, domain, ip_from, ip_to,
                article_prefix, category_type)
            values
                ($1, 'paper-reads-digi', 'product', 'DIGI', 'PAPER', null, null, null, null, null),
                ($1, 'campus', 'ip', 'DIGI', null, null, '192.0.2.0', '192.0.2.255', null, null),
                ($1, 'campus6', 'ip', null, null, null, '2001:db8::', '2001:db8::ffff', null, null),
                ($1, 'school', 'domain', 'DIGI', null, 'school.example', null, null, null, null),
                ($1, 'plus-articles', 'article', 'DIGI', null, null, null, null, 'plus-', null),
                ($1, 'sport-by-mag', 'categoryType', 'MAG', null, null, null, null, null, 'SPORT')
            """,
            partner_id,
        )

    async def add_client(
        self, client_id: str, partner_id: int, secret: str | None, redirect_uris: list[str], **columns: Any
    ) -> None:
        """Add a client; without a secret it is a public one."""
        values = {
            "client_id": client_id,
            "partner_id": partner_id,
            "name": client_id,
            "public": secret is None,
            "redirect_uris": redirect_uris,
            "grant_types": ALL_GRANTS,
            # Tests are not slowed by limits unless they are about limits.
            "calls_per_second": 100_000,
            "calls_per_minute": 1_000_000,
        } | columns
        names = ", ".join(values)
        places = ", ".join(f"${i}" for i in range(1, len(values) + 1))
        await self.connection.execute(f"insert into client ({names}) values ({places})", *values.values())
        if secret is not None:
            await self.connection.execute(
                "insert into client_secret (client_id, secret_hash, created_at) values ($1, $2, $3)",
                client_id,
                hash_secret(secret),
                self.clock.now(),
            )
        await self.connection.execute("select pg_notify('kolofon_catalogue', '')")
        await until(lambda: self._is_served(client_id))

    async def _is_served(self, client_id: str) -> bool:
        return self.served is None or client_id in self.served.current.clients

    async def add_reader(
        self,
        credential: str,
        customer_number: int | None = None,
        partner_id: int = 1,
        level: str = "verificationCode",
    ) -> Reader:
        """Add a user with a password; with a customer number also that customer, unless it is there."""
        unique_id = new_uuid()
        now = self.clock.now()
        await self.connection.execute(
            """
            insert into user_account (unique_id, password_hash, first_name, last_name, created_at)
            values ($1, $2, 'Kari', 'Nordmann', $3)
            """,
            unique_id,
            PASSWORD_HASH,
            now,
        )
        await self.add_credential(unique_id, credential, level)
        if customer_number is not None:
            await self.link(unique_id, customer_number, partner_id)
        return Reader(unique_id, credential, customer_number)

    async def add_credential(self, unique_id: UUID, credential: str, level: str = "verificationCode") -> None:
        """Give a user one more credential."""
        await self.connection.execute(
            """
            insert into user_credential (credential, credential_type, unique_id, verification_level, created_at)
            values ($1, $2, $3, $4, $5)
            """,
            credential,
            "A" if "@" in credential else "B",
            unique_id,
            level,
            self.clock.now(),
        )

    async def link(self, unique_id: UUID, customer_number: int, partner_id: int = 1) -> None:
        """Make a user a customer of a partner."""
        await self.connection.execute(
            """
            insert into customer (partner_id, customer_number, first_name, last_name, created_at)
            values ($1, $2, 'Kari', 'Nordmann', $3) on conflict do nothing
            """,
            partner_id,
            customer_number,
            self.clock.now(),
        )
        await self.connection.execute(
            "insert into user_customer (unique_id, partner_id, customer_number, linked_at) values ($1, $2, $3, $4)",
            unique_id,
            partner_id,
            customer_number,
            self.clock.now(),
        )

    async def subscribe(
        self,
        customer_number: int,
        product: str,
        state: str = "active",
        days: tuple[int, int | None] = (-30, 335),
        partner_id: int = 1,
        category: str | None = None,
    ) -> tuple[datetime, datetime | None]:
        """Add a subscription from and to so many days from now; returns its start and end."""
        start = self.clock.now() + timedelta(days=days[0])
        end = self.clock.now() + timedelta(days=days[1]) if days[1] is not None else None
        await self.connection.execute(
            """
            insert into subscription
                (partner_id, customer_number, product_code, category_code, state, start_time, end_time, paid_until)
            values ($1, $2, $3, $4, $5, $6, $7, coalesce($7, 'infinity'::timestamptz))
            """,
            partner_id,
            customer_number,
            product,
            category,
            state,
            start,
            end,
        )
        return start, end

    async def give_access(
        self, customer_number: int, kind: str, code: str, days: tuple[int, int] = (-1, 1), partner_id: int = 1
    ) -> None:
        """Add access to one thing for a time."""
        now = self.clock.now()
        await self.connection.execute(
            """
            insert into customer_access (partner_id, customer_number, kind, code, start_time, end_time)
            values ($1, $2, $3, $4, $5, $6)
            """,
            partner_id,
            customer_number,
            kind,
            code,
            now + timedelta(days=days[0]),
            now + timedelta(days=days[1]),
        )
