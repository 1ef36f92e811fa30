"""From a party to a customer: who is found, who is made, what is added and what stays."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.party import Party, PartyCategory, PartyPermission, PartyPrivacy
from kolofon.engine.customers.registering import Found, find_or_create_customer
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.playground import Playground
from tests.waiting import until_waiting

PARTY = Party(
    first_name="Kari",
    last_name="Nordmann",
    street="Storgata",
    street_number=12,
    co_address="c/o Hansen",
    postal_code="0150",
    emails=["kari@private.example"],
    phone_numbers=["+4790000001"],
)


class Registry:
    """Registers parties at partner 1, or at another, each in a transaction of its own."""

    def __init__(self, connection: Connection, clock: Clock, partner: PartnerCatalogue) -> None:
        self._connection = connection
        self._clock = clock
        self._partner = partner

    async def __call__(
        self,
        party: Party = PARTY,
        unique_id: UUID | None = None,
        connection: Connection | None = None,
        partner: PartnerCatalogue | None = None,
    ) -> Found:
        connection = connection or self._connection
        async with connection.transaction():
            return await find_or_create_customer(
                connection, partner or self._partner, self._clock.now(), party, unique_id
            )


@pytest.fixture
async def register(connection: Connection, clock: Clock, partner: PartnerCatalogue) -> Registry:
    return Registry(connection, clock, partner)


def told(**members: Any) -> Party:
    """A party that tells this and a name."""
    return Party(**{"last_name": "Nordmann", "postal_code": "0150"} | members)


async def rows(connection: Connection, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = await connection.fetch(f"select {', '.join(columns)} from {table} order by {', '.join(columns)}")
    return [tuple(row) for row in found]


async def test_a_new_customer_has_all_that_is_told(register: Registry, connection: Connection) -> None:
    party = told(
        first_name="Kari",
        middle_name="Anne",
        company_name="Tesen AS",
        company_registration_number="999999999",
        department="D1",
        department_name="Desken",
        persons_social_security_number="<sealed>",
        birth_date="1980-02-29",
        sex="female",
        invoice_email_address="faktura@example.no",
        care_of_address="Hansen",
        street="Storgata",
        street_number=12,
        entrance="B",
        floor_type="H",
        floor=2,
        suite="201",
        postal_place="Oslo",
        country_code="NO",
        postal_address="Boks 7",
        postal_address_postal_code="0101",
        postal_address_postal_place="Oslo",
        emails=["b@example.no", "a@example.no"],
        phone_numbers=["+4790000001"],
        categories=[PartyCategory(address_category="SKI", free_value="often")],
        permissions=[PartyPermission(enterprise_code="NEWS", channel_code="DM", permission_type="permission")],
        privacy=[PartyPrivacy(enterprise_code="NEWS", order_type_code="SUB", purpose="EM")],
    )
    found = await register(party)
    number = found.customer_number
    assert (found.is_new, found.by) == (True, "new")
    assert number >= 1000000
    row = await connection.fetchrow("select * from customer")
    assert row is not None
    assert list(row.values())[2:7] == ["Kari", "Anne", "Nordmann", "Tesen AS", "Desken"]
    assert list(row.values())[8:] == [
        *("999999999", "D1", "<sealed>", date(1980, 2, 29), "female", "faktura@example.no"),
    ]
    address = await connection.fetchrow("select * from customer_address")
    assert address is not None
    assert list(address.values())[3:16] == [
        *("Hansen", "Storgata", 12, "B", "H", 2, "201", "0150", "Oslo", "NO", "Boks 7", "0101", "Oslo"),
    ]
    assert await rows(connection, "customer_email", "position", "email") == [(1, "b@example.no"), (2, "a@example.no")]
    assert await rows(connection, "customer_category", "category_code", "free_value") == [("SKI", "often")]
    level = ("enterprise_code", "order_type")
    assert await rows(connection, "marketing_permission", *level, "channel", "permission") == [
        ("NEWS", "", "DM", "PERMISSION")
    ]
    assert await rows(connection, "privacy_permission", *level, "purpose") == [("NEWS", "SUB", "EM")]
    assert await rows(connection, "event", "type", "status", "data") == [
        ("customer", "new", {"customerNumber": number})
    ]


async def test_an_address_begins_on_the_partners_day(register: Registry, connection: Connection, clock: Clock) -> None:
    now = clock.now()
    late = now.replace(hour=23, minute=30, second=0)
    clock.move(late - now)
    await register()
    begins = await connection.fetchval("select valid_from from customer_address")
    assert begins > late.date()  # it is the next day in Oslo


@pytest.mark.parametrize(
    ("product", "dropped", "added"),
    [(None, None, False), ("PAPER", None, True), (None, "cancelled", True), (None, "merged", True)],
)
async def test_an_address_is_taken_from_an_order_when_there_is_no_home_address(
    register: Registry,
    playground: Playground,
    connection: Connection,
    product: str | None,
    dropped: str | None,
    added: bool,
) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    await connection.execute(
        """
        insert into customer_address
            (partner_id, customer_number, product_code, dropped, street, valid_from, created_at)
        values (1, 1001, $1, $2, 'Hytteveien', '2020-01-01', '2020-01-01')
        """,
        product,
        dropped,
    )
    await register(told(street="Storgata"), kari.unique_id)
    streets = await rows(connection, "customer_address", "street")
    assert streets == [("Hytteveien",)] + ([("Storgata",)] if added else [])


async def test_a_customer_is_found_by_number_first(register: Registry, playground: Playground) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    await playground.add_reader("ola@example.no", 1002)
    found = await register(told(customer_number=1002, emails=["kari@example.no"]), kari.unique_id)
    assert (found.customer_number, found.is_new, found.by) == (1002, False, "number")


async def test_then_by_its_user_whoevers_e_mail_is_told(register: Registry, playground: Playground) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    await playground.add_reader("ola@example.no", 1002)
    found = await register(told(emails=["ola@example.no"]), kari.unique_id)
    assert (found.customer_number, found.by) == (1001, "user")


async def test_then_by_a_verified_credential_of_a_customers_user(register: Registry, playground: Playground) -> None:
    await playground.add_reader("kari@example.no", 1001)
    await playground.add_reader("+4790000009", 1002)
    by_email = await register(told(emails=["nobody@example.no", "kari@example.no"]))
    assert (by_email.customer_number, by_email.by) == (1001, "credential")
    assert (await register(told(phone_numbers=["+4790000009"]))).customer_number == 1002


@pytest.mark.parametrize("level", ["notVerified", "notRepeatedCredential", "repeatedCredential"])
async def test_a_credential_that_is_not_verified_finds_nobody(
    register: Registry, playground: Playground, level: str
) -> None:
    await playground.add_reader("kari@example.no", 1001, level=level)
    assert (await register(told(emails=["kari@example.no"]))).is_new


async def test_a_closed_account_finds_nobody(register: Registry, playground: Playground) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    await playground.connection.execute(
        "update user_account set disabled_at = '2026-01-01' where unique_id = $1", kari.unique_id
    )
    assert (await register(told(emails=["kari@example.no"]))).is_new


async def test_a_name_and_an_address_find_nobody(register: Registry) -> None:
    first = await register()
    second = await register()
    assert first.customer_number != second.customer_number


async def test_a_user_with_somebody_elses_e_mail_becomes_a_customer_of_its_own(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("kari@example.no", 1001)
    thief = await playground.add_reader("thief@example.no")
    found = await register(told(emails=["kari@example.no"]), thief.unique_id)
    assert found.is_new
    tied = await connection.fetchval("select customer_number from user_customer where unique_id = $1", thief.unique_id)
    assert tied == found.customer_number != 1001


async def test_a_user_is_tied_to_the_customer_that_was_named_or_made(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("kari@example.no", 1001)
    siri = await playground.add_reader("siri@example.no")
    ola = await playground.add_reader("ola@example.no")
    await register(told(customer_number=1001), siri.unique_id)
    made = await register(told(), ola.unique_id)
    tied = dict(await rows(connection, "user_customer", "unique_id", "customer_number"))
    assert (tied[siri.unique_id], tied[ola.unique_id]) == (1001, made.customer_number)


async def test_a_user_who_is_a_customer_is_not_tied_to_another_one(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    await playground.add_reader("ola@example.no", 1002)
    await register(told(customer_number=1002), kari.unique_id)
    number = await connection.fetchval("select customer_number from user_customer where unique_id = $1", kari.unique_id)
    assert number == 1001


async def test_nothing_of_another_partner_is_found(
    register: Registry, playground: Playground, other_partner: PartnerCatalogue
) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    for party, user in (
        (told(customer_number=1001), None),
        (told(emails=["kari@example.no"]), None),
        (told(), kari.unique_id),
    ):
        found = await register(party, user, partner=other_partner)
        assert found.is_new
        assert found.customer_number != 1001
    assert (await register(told(), kari.unique_id)).customer_number == 1001


async def test_what_is_known_stays_and_what_is_missing_is_added(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    first = told(first_name="Karin", last_name="Svensson", sex="female", street="Storgata", emails=["a@example.no"])
    await register(first, kari.unique_id)
    second = told(sex="male", birth_date="1980-01-31", street="Lillegata", emails=["b@example.no", "a@example.no"])
    await register(second, kari.unique_id)
    customer = await rows(connection, "customer", "first_name", "last_name", "sex", "birth_date")
    assert customer == [("Kari", "Nordmann", "female", date(1980, 1, 31))]
    assert await rows(connection, "customer_address", "street") == [("Storgata",)]
    assert await rows(connection, "customer_email", "email") == [("a@example.no",), ("b@example.no",)]


async def test_who_types_a_customers_address_leads_none_of_its_post_elsewhere(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("kari@example.no", 1001)
    typed = told(
        emails=["thief@example.no", "kari@example.no"],
        phone_numbers=["+4790000009"],
        invoice_email_address="thief@example.no",
        persons_social_security_number="<sealed>",
        street="Storgata",
    )
    assert (await register(typed)).by == "credential"
    assert await rows(connection, "customer_email", "email") == [("kari@example.no",)]
    assert await rows(connection, "customer_phone_number", "phone_number") == []
    assert await rows(connection, "customer", "invoice_email", "sealed_national_id") == [(None, None)]
    assert await rows(connection, "customer_address", "street") == [("Storgata",)]


async def test_a_further_address_comes_after_those_that_are_known(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    await register(told(emails=["b@example.no"]), kari.unique_id)
    await register(told(emails=["a@example.no", "b@example.no", "c@example.no"]), kari.unique_id)
    found = await connection.fetch("select email from customer_email order by position")
    assert [row["email"] for row in found] == ["b@example.no", "a@example.no", "c@example.no"]
    assert len({row[0] for row in await rows(connection, "customer_email", "position")}) == 3


async def test_however_many_addresses_were_told_one_more_is_taken(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    await connection.execute("insert into customer_email values (1, 1001, 'a@example.no', 32767)")
    await connection.execute("insert into customer_phone_number values (1, 1001, '+4790000001', 32767)")
    await register(told(emails=["b@example.no"], phone_numbers=["+4790000002"]), kari.unique_id)
    assert len(await rows(connection, "customer_email", "email")) == 2
    assert len(await rows(connection, "customer_phone_number", "phone_number")) == 2


async def test_only_a_change_is_told_of(register: Registry, playground: Playground, connection: Connection) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    for _ in range(2):
        await register(told(emails=["a@example.no"]), kari.unique_id)
    data = {"customerNumber": 1001}
    assert await rows(connection, "event", "type", "status", "data") == [("customer", "update", data)]


def channel(state: Any, *channels: str) -> list[PartyPermission]:
    return [PartyPermission(enterprise_code="NEWS", channels=list(channels), permission_type=state)]


async def test_a_shield_is_put_up_and_never_taken_down(
    register: Registry, playground: Playground, connection: Connection
) -> None:
    kari = await playground.add_reader("kari@example.no", 1001)
    columns = ("channel", "permission")
    await register(told(permissions=channel("permission", "DM", "TM")), kari.unique_id)
    await register(told(permissions=channel("shield", "DM")), kari.unique_id)
    shielded = [("DM", "SHIELD"), ("TM", "PERMISSION")]
    assert await rows(connection, "marketing_permission", *columns) == shielded
    await register(told(permissions=channel("permission", "DM")), kari.unique_id)
    assert await rows(connection, "marketing_permission", *columns) == shielded
    both = [*channel("shield", "TM"), *channel("permission", "TM")]
    await register(told(permissions=both), kari.unique_id)
    assert await rows(connection, "marketing_permission", *columns) == [("DM", "SHIELD"), ("TM", "SHIELD")]


async def test_codes_that_have_left_the_catalogue_are_passed_over(register: Registry, connection: Connection) -> None:
    party = told(
        categories=[PartyCategory(address_category="GONE"), PartyCategory(address_category="SKI")],
        permissions=channel("shield", "GONE", "DM"),
        privacy=[PartyPrivacy(enterprise_code="GONE", purpose="EM"), PartyPrivacy(enterprise_code="NEWS", purpose="X")],
    )
    await register(party)
    assert await rows(connection, "customer_category", "category_code") == [("SKI",)]
    assert await rows(connection, "marketing_permission", "channel") == [("DM",)]
    assert await rows(connection, "privacy_permission", "purpose") == []


async def test_two_orders_of_one_user_at_once_make_one_customer(
    register: Registry, playground: Playground, connection: Connection, another: Connection, partner: PartnerCatalogue
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with connection.transaction():
        first = await find_or_create_customer(connection, partner, playground.clock.now(), PARTY, ola.unique_id)
        meanwhile = asyncio.create_task(register(PARTY, ola.unique_id, another))
        await until_waiting(connection)
    second = await meanwhile
    assert second == Found(first.customer_number, is_new=False, by="user")
    assert len(await rows(connection, "customer", "customer_number")) == 1
    assert len(await rows(connection, "customer_address", "street")) == 1


@pytest.mark.parametrize("by", ["number", "user", "credential"])
async def test_two_orders_of_one_customer_at_once_make_one_address(
    register: Registry,
    playground: Playground,
    connection: Connection,
    another: Connection,
    partner: PartnerCatalogue,
    by: str,
) -> None:
    ola = await playground.add_reader("ola@example.no", 1001)
    ways: dict[str, dict[str, Any]] = {
        "number": {"customer_number": 1001},
        "user": {},
        "credential": {"emails": ["ola@example.no"]},
    }
    party, user = told(street="Storgata", **ways[by]), ola.unique_id if by == "user" else None
    async with connection.transaction():
        await find_or_create_customer(connection, partner, playground.clock.now(), party, user)
        meanwhile = asyncio.create_task(register(party, user, another))
        await until_waiting(connection)
    assert (await meanwhile).by == by
    assert len(await rows(connection, "customer_address", "street")) == 1


async def test_the_same_user_at_two_partners_does_not_wait(
    playground: Playground,
    connection: Connection,
    another: Connection,
    register: Registry,
    partner: PartnerCatalogue,
    other_partner: PartnerCatalogue,
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with connection.transaction(), asyncio.timeout(20):
        first = await find_or_create_customer(connection, partner, playground.clock.now(), PARTY, ola.unique_id)
        second = await register(PARTY, ola.unique_id, another, other_partner)
    assert first.customer_number != second.customer_number


async def test_an_order_that_is_undone_leaves_no_customer(
    register: Registry, playground: Playground, connection: Connection, partner: PartnerCatalogue
) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await find_or_create_customer(connection, partner, playground.clock.now(), PARTY, None)
    await transaction.rollback()
    for table in ("customer", "customer_email", "customer_address", "event"):
        assert await connection.fetchval(f"select count(*) from {table}") == 0


async def test_numbers_that_a_partner_brought_along_are_skipped_at_one_go(
    register: Registry, connection: Connection, other_partner: PartnerCatalogue
) -> None:
    await connection.execute(
        """
        insert into customer (partner_id, customer_number, created_at)
        select 1, number, '2026-01-01' from generate_series(1000000, 1040000) as number
        """
    )
    await connection.execute(
        "insert into customer (partner_id, customer_number, created_at) values (1, 1040002, '2026-01-01')"
    )
    numbers = [(await register()).customer_number for _ in range(3)]
    assert numbers == [1040001, 1040003, 1040004]
    assert (await register(PARTY, partner=other_partner)).customer_number == 1040005
