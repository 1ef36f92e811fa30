"""Imports into a database: what is written, what is refused, and what is left alone."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any

import pytest

from kolofon.engine.customers.national_id import KEY_PURPOSE
from kolofon.platform.clock import Clock
from kolofon.platform.dates import day_of
from kolofon.platform.password_hash import verify_password
from kolofon.platform.sealing import unseal
from tests.conftest import SECRETS
from tests.engine.customers.importing.runs import Importer, customer, user
from tests.engine.customers.importing.test_row_checks import ADDRESS
from tests.platform.test_password_hash import MADE, PASSWORD
from tests.playground import Playground

HASH = MADE["bcrypt 2y, of PHP"]
EVERYTHING = customer(
    7001,
    name={"firstName": "Kari", "lastName": "Nordmann", "companyName": "Ær\\lig\tAS", "departmentName": "IT"},
    companyRegistrationNumber="999999999",
    department="12",
    nationalIdentityNumber="8112289874",
    birthDate="1981-12-28",
    sex="female",
    emails=["kari@example.no", "kari.n@example.no"],
    phoneNumbers=[{"phoneNumber": "90000001", "phoneNumberType": "mobile"}],
    invoiceEmailAddress="faktura@example.no",
    address=ADDRESS,
    externalReferences={"CRM": "X-1", "ERP": 7},
    categories=[{"addressCategory": "SKI", "freeValue": "nordic"}],
    permissions=[{"enterpriseCode": "NEWS", "channels": ["TM", "DM"], "permissionType": "permission"}],
    privacy=[{"enterpriseCode": "NEWS", "orderTypeCode": "SUB", "purpose": "DM"}],
    users=[user("kari@example.no", "+4790000001", password_hash=HASH)],
)
# Everything that a customer or an account is in.
TABLES = (
    *("customer", "customer_email", "customer_phone_number", "customer_address", "customer_external_reference"),
    *("external_reference_look_up", "customer_category", "marketing_permission", "privacy_permission"),
    *("user_account", "user_credential", "user_customer", "customer_search", "event", "audit_log", "customer_import"),
    *("customer_import_refusal", "customer_import_claim", "message"),
)


async def counts(importer: Importer) -> dict[str, int]:
    return {table: await importer.connection.fetchval(f"select count(*) from {table}") for table in TABLES}


async def rows(importer: Importer, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await importer.connection.fetch(query, *arguments)]


async def test_all_that_a_row_tells_is_written(importer: Importer, clock: Clock) -> None:
    ran = await importer.rows(EVERYTHING)
    assert ran.counts == (1, 0, 0)
    assert (ran.totals.accounts_made, ran.totals.accounts_linked) == (1, 0)
    row = await importer.connection.fetchrow("select * from customer")
    assert row is not None
    assert (row["partner_id"], row["customer_number"], row["company_name"]) == (1, 7001, "Ær\\lig\tAS")
    assert (row["first_name"], row["last_name"], row["department_name"]) == ("Kari", "Nordmann", "IT")
    assert (row["company_registration_number"], row["department"], row["sex"]) == ("999999999", "12", "female")
    assert (str(row["birth_date"]), row["invoice_email"]) == ("1981-12-28", "faktura@example.no")
    sealed = urlsafe_b64decode(row["sealed_national_id"])
    assert unseal(SECRETS.key(KEY_PURPOSE), sealed) == b"8112289874"
    assert abs(row["created_at"] - clock.now()) < timedelta(minutes=5)
    written = {
        "select email, position from customer_email order by 2": [("kari@example.no", 1), ("kari.n@example.no", 2)],
        "select phone_number, phone_number_type, position from customer_phone_number": [("+4790000001", "mobile", 1)],
        "select street, street_number, postal_code, postal_place, country_code, valid_until, product_code, dropped "
        "from customer_address": [("Storgata", 12, "0181", "Oslo", "NO", None, None, None)],
        "select reference_code, external_id, former from customer_external_reference order by 1": [
            ("CRM", "X-1", False),
            ("ERP", "7", False),
        ],
        "select reference_code, external_id, customer_number from external_reference_look_up order by 1": [
            ("CRM", "X-1", 7001),
            ("ERP", "7", 7001),
        ],
        "select category_code, free_value from customer_category": [("SKI", "nordic")],
        "select enterprise_code, order_type, channel, permission from marketing_permission order by 3": [
            ("NEWS", "", "DM", "PERMISSION"),
            ("NEWS", "", "TM", "PERMISSION"),
        ],
        "select enterprise_code, order_type, purpose from privacy_permission": [("NEWS", "SUB", "DM")],
        "select first_name, last_name from user_account": [("Kari", "Nordmann")],
        "select credential, credential_type, verification_level from user_credential order by 1": [
            ("+4790000001", "B", "notVerified"),
            ("kari@example.no", "A", "notVerified"),
        ],
        "select customer_number from user_customer": [(7001,)],
    }
    for query, expected in written.items():
        assert await rows(importer, query) == expected, query
    assert await importer.connection.fetchval("select valid_from from customer_address") == day_of(
        clock.now(), "Europe/Oslo"
    )
    stored = await importer.connection.fetchval("select password_hash from user_account")
    assert stored == HASH
    assert verify_password(stored, PASSWORD)


async def test_the_customers_are_found_by_search_as_if_they_had_been_written_one_by_one(importer: Importer) -> None:
    await importer.rows(EVERYTHING, customer(7002))
    before = await rows(importer, "select customer_number, terms::text from customer_search order by 1")
    assert [number for number, _ in before] == [7001, 7002]
    await importer.connection.execute("delete from customer_search")
    await importer.connection.execute("select index_customers(1::smallint, array[7001, 7002])")
    assert await rows(importer, "select customer_number, terms::text from customer_search order by 1") == before


async def test_one_entry_of_the_audit_log_tells_of_it_and_nobody_else_is_told(importer: Importer) -> None:
    await importer.rows(EVERYTHING, customer(7002), customer(7002))
    [(partner_id, actor, action, after)] = await rows(
        importer, "select partner_id, actor, action, after from audit_log"
    )
    assert (partner_id, actor, action) == (1, "command-line:test", "importCustomers")
    assert {name: after[name] for name in ("rows", "customersMade", "customersKnown", "rowsRefused")} == {
        "rows": 3,
        "customersMade": 2,
        "customersKnown": 0,
        "rowsRefused": 1,
    }
    assert (after["accountsMade"], after["verifiedLevelsTrusted"]) == (1, False)
    assert await importer.connection.fetchval("select count(*) from event") == 0
    assert await importer.connection.fetchval("select count(*) from message") == 0


async def test_a_row_is_taken_whole_or_refused_whole(importer: Importer) -> None:
    wrong = EVERYTHING | {"customerNumber": 7002, "emails": ["nonsense"], "externalReferences": {"CRM": "X-2"}}
    before = await counts(importer)
    ran = await importer.rows(wrong | {"users": [user("ola@example.no")]})
    assert ran.refused == {1: ("7002", "emails[0]: expected an e-mail address")}
    changed = {table for table, count in (await counts(importer)).items() if count != before[table]}
    assert changed == {"customer_import", "customer_import_refusal", "audit_log"}


async def test_a_dry_run_writes_nothing_at_all_and_tells_what_the_import_does(
    importer: Importer, playground: Playground
) -> None:
    await playground.add_reader("linked@example.no", 6001)
    await playground.add_reader("free@example.no")
    told = [
        EVERYTHING,
        customer(7001),
        customer(6001),
        customer(7002, externalReferences={"CRM": "X-1"}),
        customer(7003, users=[user("linked@example.no")]),
        customer(7004, users=[user("free@example.no")]),
        customer(7005, users=[user("free@example.no")]),
        customer(7006, users=[user("kari@example.no")]),
        customer(7007, emails=["x"], users=[user("linked@example.no")]),
        customer(7008),
    ]
    before = await counts(importer)
    number = await importer.connection.fetchval("select last_value from customer_number")
    dry = await importer.rows(*told, dry=True)
    assert await counts(importer) == before
    assert await importer.connection.fetchval("select last_value from customer_number") == number
    assert dry.counts == (3, 1, 6)
    real = await importer.rows(*told)
    assert real.refused == dry.refused
    assert real.counts == dry.counts
    assert (real.totals.accounts_made, real.totals.accounts_linked) == (1, 1)
    assert (dry.totals.accounts_made, dry.totals.accounts_linked) == (1, 1)
    # What is left for a second dry run is known.
    assert (await importer.rows(*told, dry=True)).counts[0] == 0


async def test_a_customer_who_is_here_already_is_left_as_it_is(importer: Importer, playground: Playground) -> None:
    await playground.add_reader("kari@example.no", 7001)
    ran = await importer.rows(EVERYTHING)
    assert ran.counts == (0, 1, 0)
    assert await rows(importer, "select first_name, company_name from customer") == [("Kari", None)]
    assert await importer.connection.fetchval("select count(*) from customer_email") == 0
    assert await importer.connection.fetchval("select count(*) from user_account") == 1


async def test_the_same_file_again_makes_nothing_and_another_file_goes_on_from_there(importer: Importer) -> None:
    told = [customer(number, externalReferences={"CRM": number}) for number in range(1, 5)]
    assert (await importer.rows(*told)).counts == (4, 0, 0)
    again = await importer.rows(*told)
    assert (again.counts, again.resumed) == ((0, 4, 0), 0)
    assert (await importer.rows(*told, customer(5))).counts == (1, 4, 0)
    assert await rows(importer, "select count(*), count(finished_at) from customer_import") == [(2, 2)]
    assert await importer.connection.fetchval("select count(*) from customer_import_claim") == 0


async def test_numbers_and_references_are_there_once_in_a_file_and_at_the_partner(importer: Importer) -> None:
    await importer.rows(customer(1, externalReferences={"CRM": "taken"}))
    ran = await importer.rows(
        customer(10, externalReferences={"CRM": "A", "ERP": "A"}),
        customer(11, externalReferences={"CRM": "A"}),
        customer(10),
        customer(12, externalReferences={"CRM": "taken"}),
        customer(13, externalReferences={"ERP": "taken"}),
        customer(14, emails=["x"], externalReferences={"CRM": "B"}),
        customer(15, externalReferences={"CRM": "B"}),
    )
    assert {line: why for line, (_, why) in ran.refused.items()} == {
        2: "externalReferences.CRM: line 1 has it already",
        3: "customerNumber: line 1 has it already",
        4: "externalReferences.CRM: customer 1 has it",
        6: "emails[0]: expected an e-mail address",
    }
    assert ran.counts == (3, 0, 4)


async def test_a_number_that_is_gone_is_not_used_again(importer: Importer) -> None:
    await importer.rows(customer(1))
    await importer.connection.execute("insert into customer_merge values (1, 1, 2, now(), 'test')")
    ran = await importer.rows(customer(2))
    assert ran.why(1) == "customerNumber: the customer was merged into 1"
    assert (await importer.rows(customer(2), partner=2)).counts == (1, 0, 0)


async def test_the_other_partner_has_numbers_and_references_of_its_own(importer: Importer) -> None:
    told = customer(1, externalReferences={"CRM": "1"}, address=ADDRESS | {"countryCode": "NO"})
    assert (await importer.rows(told)).counts == (1, 0, 0)
    assert (await importer.rows(told, partner=2)).counts == (1, 0, 0)
    assert await rows(importer, "select partner_id from customer order by 1") == [(1,), (2,)]


async def test_customers_without_numbers_get_them_and_are_known_again_by_their_references(importer: Importer) -> None:
    # Three numbers that are taken stand in the way.
    await importer.rows(*(customer(number) for number in (1_000_000, 1_000_001, 1_000_003)))
    told = [customer(None, externalReferences={"CRM": f"C{number}"}) for number in range(3)]
    dry = await importer.rows(*told, customer(None, externalReferences={"CRM": "C0"}), dry=True)
    assert (dry.counts, dry.why(4)) == ((3, 0, 1), "externalReferences.CRM: line 1 has it already")
    ran = await importer.rows(*told, customer(None, externalReferences={"CRM": "C0"}))
    assert (ran.counts, ran.refused) == (dry.counts, dry.refused)
    assert ran.refused[4] == ("CRM C0", "externalReferences.CRM: line 1 has it already")
    numbers = await rows(importer, "select customer_number from external_reference_look_up order by external_id")
    assert len(set(numbers)) == 3
    assert not {(1_000_000,), (1_000_001,), (1_000_003,)} & set(numbers)
    assert (await importer.rows(*told)).counts == (0, 3, 0)
    two = customer(None, externalReferences={"CRM": "C0", "ERP": "new"})
    mixed = customer(None, externalReferences={"CRM": "C1", "OLD": "C2"})
    await importer.rows(customer(1, externalReferences={"OLD": "C2"}))
    ran = await importer.rows(two, mixed)
    assert ran.counts == (0, 1, 1)
    assert ran.why(2).startswith("externalReferences: they are of the customers 1, ")


async def test_an_account_that_is_there_is_linked_and_stays_as_it_is(
    importer: Importer, playground: Playground
) -> None:
    reader = await playground.add_reader("kari@example.no")
    account = await rows(importer, "select * from user_account")
    told = user("kari@example.no", "+4790000009", level="externallyVerified", password_hash=HASH)
    ran = await importer.rows(customer(1, users=[told]), trusting=True)
    assert (ran.totals.accounts_made, ran.totals.accounts_linked) == (0, 1)
    assert await rows(importer, "select * from user_account") == account
    assert await rows(importer, "select credential, verification_level from user_credential") == [
        ("kari@example.no", "verificationCode")
    ]
    assert await rows(importer, "select unique_id, partner_id, customer_number from user_customer") == [
        (reader.unique_id, 1, 1)
    ]
    # The other partner may have the same reader as a customer, under a number of its own.
    assert (await importer.rows(customer(5, users=[told]), partner=2)).totals.accounts_linked == 1


async def test_accounts_that_cannot_be_linked_are_told(importer: Importer, playground: Playground) -> None:
    await playground.add_reader("elsewhere@example.no", 500)
    closed = await playground.add_reader("closed@example.no")
    await importer.connection.execute(
        "update user_account set disabled_at = created_at where unique_id = $1", closed.unique_id
    )
    await playground.add_reader("one@example.no")
    await playground.add_reader("two@example.no")
    shared = await playground.add_reader("shared@example.no")
    await playground.add_credential(shared.unique_id, "+4790000001")
    ran = await importer.rows(
        customer(1, users=[user("elsewhere@example.no")]),
        customer(2, users=[user("closed@example.no")]),
        customer(3, users=[user("one@example.no", "two@example.no")]),
        customer(4, users=[user("shared@example.no"), user("+4790000001")]),
        customer(5, users=[user("shared@example.no")]),
        customer(6, users=[user("+4790000001")]),
        customer(7, users=[user("new@example.no")]),
        customer(8, users=[user("new@example.no")]),
    )
    field = "users[0].credentials[0].credential"
    assert {line: why for line, (_, why) in ran.refused.items()} == {
        1: f"{field}: has an account that customer 500 is linked to",
        2: f"{field}: the account is closed",
        3: "users[0].credentials[1].credential: has another account than the credentials before it",
        4: "users[1].credentials[0].credential: has the same account as another user of this row",
        6: f"{field}: has the same account as a user in line 5",
        8: f"{field}: line 7 has it already",
    }


@pytest.mark.parametrize(
    ("level", "has_password", "has_other", "is_taken"),
    [
        ("verificationCode", True, True, True),
        ("notVerified", False, False, True),  # by its code alone, which verifies it
        ("notVerified", True, False, False),
        ("notVerified", False, True, False),
        ("repeatedCredential", True, False, False),
    ],
)
async def test_a_customer_is_linked_only_where_nobody_but_the_credentials_owner_can_get_in(
    importer: Importer, playground: Playground, level: str, has_password: bool, has_other: bool, is_taken: bool
) -> None:
    """Somebody may have put the address on an account of theirs, and wait for a customer to come along."""
    reader = await playground.add_reader("kari@example.no", level=level)
    if not has_password:
        await importer.connection.execute("update user_account set password_hash = null")
    if has_other:
        await playground.add_credential(reader.unique_id, "attacker@example.no")
    ran = await importer.rows(customer(1, users=[user("kari@example.no")]))
    assert ran.counts == ((1, 0, 0) if is_taken else (0, 0, 1))
    if not is_taken:
        assert ran.why(1).endswith("has an account that nobody has shown to be theirs yet")


async def test_a_provider_that_is_linked_is_a_way_in_too(
    importer: Importer, playground: Playground, clock: Clock
) -> None:
    reader = await playground.add_reader("kari@example.no", level="notVerified")
    await importer.connection.execute("update user_account set password_hash = null")
    await importer.connection.execute(
        "insert into external_sign_in_link values ('vipps', 'https://v.example', 's', $1, $2, $2)",
        reader.unique_id,
        clock.now(),
    )
    assert (await importer.rows(customer(1, users=[user("kari@example.no")]))).counts == (0, 0, 1)


async def test_a_household_has_an_account_each(importer: Importer) -> None:
    ran = await importer.rows(customer(1, users=[user("kari@example.no", password_hash=HASH), user("ola@example.no")]))
    assert ran.totals.accounts_made == 2
    assert await rows(importer, "select count(*), count(password_hash), count(last_name) from user_account") == [
        (2, 1, 0)
    ]
    assert await rows(importer, "select count(*) from user_customer where customer_number = 1") == [(2,)]


async def test_a_table_is_imported_with_its_lines_and_columns(importer: Importer) -> None:
    ran = await importer.table(
        ("customerNumber", "lastName", "emails", "credentials", "externalReferences.CRM"),
        ("1", "Berg\nog Dal", "a@example.no|b@example.no", "a@example.no", "X"),
        ("2", "Vik", "x", "", ""),
        ("3", "Lie", "", "a@example.no", "X"),
    )
    assert ran.refused == {
        4: ("2", "emails[0]: expected an e-mail address"),
        5: ("3", "externalReferences.CRM: line 2 has it already; credentials[0]: line 2 has it already"),
    }
    assert await rows(importer, "select last_name from customer") == [("Berg\nog Dal",)]


async def test_an_empty_file_comes_to_nothing(importer: Importer) -> None:
    assert (await importer.content(b"")).counts == (0, 0, 0)
    assert (await importer.content(b"customerNumber,lastName\n", name="x.csv")).counts == (0, 0, 0)


async def test_a_sandbox_imports_on_its_own_day(importer: Importer, clock: Clock) -> None:
    await importer.connection.execute(
        "update partner set sandbox = true, clock_ahead = interval '40 days' where partner_id = 1"
    )
    await importer.rows(EVERYTHING)
    ahead = clock.now() + timedelta(days=40)
    valid_from = await importer.connection.fetchval("select valid_from from customer_address")
    assert valid_from == day_of(ahead, "Europe/Oslo")
    assert await importer.connection.fetchval("select created_at < $1 from user_account", ahead - timedelta(days=30))
