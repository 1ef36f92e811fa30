"""Who a customer is and how it is reached: listed in both modes, and replaced by the customer itself."""

import asyncio
from typing import Any

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.calling import other_shop, shop
from tests.playground import Playground, Reader
from tests.privacy.customer import Customer, audit_rows, customer
from tests.security.test_matrix import token_at_other_partner

# As the reference's samples have them.
KARI = {
    "name": {"firstName": "Kari", "middleName": "Marie", "lastName": "Nordmann"},
    "phoneNumbers": [
        {"phoneNumber": "+4790909090", "phoneNumberType": "personal"},
        {"phoneNumber": "+4722222222", "phoneNumberType": "company"},
    ],
    "emails": ["kari@example.no", "anna@example.no"],
    "invoiceEmailAddress": "faktura@example.no",
}
NOT_IN_THE_REQUEST = """
    sealed_national_id, birth_date, sex, company_registration_number, department, created_at
"""


@pytest.fixture
async def kari(server: Server, reader: Reader) -> Customer:
    return await customer(server, reader.credential)


async def info(kari: Customer) -> dict[str, Any]:
    """What is listed, without number and users."""
    listed = await kari("info")
    assert listed.pop("customerNumber") == 1001
    listed.pop("attachedUsers")
    return listed


async def events(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch("select partner_id, type, status, data from event")]


async def user(playground: Playground, credential: str, number: int = 1001) -> Reader:
    return await playground.add_reader(credential, number)


async def test_what_is_stored_is_listed_in_both_modes(server: Server, kari: Customer, reader: Reader) -> None:
    assert await kari("info", KARI) == {"success": True}
    listed = await kari("info")
    credential = {
        "credential": "kari@example.no",
        "credentialType": "A_EMAIL_ADDRESS",
        "verificationLevel": "Verification_code",
    }
    assert listed == KARI | {
        "customerNumber": 1001,
        "attachedUsers": [{"uniqueId": reader.unique_id.hex, "credentials": [credential]}],
    }
    assert await (await shop(server)).get("/customer/info/1001") == listed


async def test_a_customer_of_whom_nothing_is_known_has_a_number_and_empty_lists(
    server: Server, connection: Connection, playground: Playground
) -> None:
    await connection.execute(
        "insert into customer (partner_id, customer_number, created_at) values (1, 7, $1)", playground.clock.now()
    )
    assert await (await shop(server)).get("/customer/info/7") == {
        "customerNumber": 7,
        "name": {},
        "phoneNumbers": [],
        "emails": [],
        "attachedUsers": [],
    }


async def test_it_is_listed_as_xml_too(server: Server, kari: Customer) -> None:
    await kari("info", KARI)
    answer = await kari.send("info", Accept="application/xml")
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<emails><email>kari@example.no</email><email>anna@example.no</email></emails>" in answer.text
    assert "<attachedUsers><attachedUser><uniqueId>" in answer.text


async def test_what_is_listed_as_xml_can_be_sent_back(server: Server, kari: Customer, reader: Reader) -> None:
    await kari("info", KARI)
    before = await kari("info")
    listed = await kari.send("info", Accept="application/xml")
    headers = bearer(await server.user_token(reader.credential)) | {"Content-Type": "application/xml"}
    answer = await server.http.post("/capi/v1/customer/info", content=listed.content, headers=headers)
    assert answer.status_code == 200, answer.text
    assert await kari("info") == before
    assert before["phoneNumbers"]


async def test_all_users_who_can_sign_in_are_listed_the_first_one_first(
    server: Server, playground: Playground, clock: Clock, reader: Reader, kari: Customer
) -> None:
    ola = await user(playground, "+4791919191")
    closed = await user(playground, "closed@example.no")
    elsewhere = await user(playground, "elsewhere@example.no", 1002)
    await playground.connection.execute(
        "update user_account set disabled_at = $2 where unique_id = $1", closed.unique_id, clock.now()
    )
    for listed in (await kari("info"), await (await shop(server)).get("/customer/info/1001")):
        assert [each["uniqueId"] for each in listed["attachedUsers"]] == [reader.unique_id.hex, ola.unique_id.hex]
        assert listed["attachedUsers"][1]["credentials"] == [
            {"credential": "+4791919191", "credentialType": "B_SMS_PHONE", "verificationLevel": "Verification_code"}
        ]
        assert elsewhere.unique_id.hex not in str(listed)


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("notVerified", "Not verified"),
        ("notRepeatedCredential", "Not_repeated_credential"),
        ("repeatedCredential", "Repeated_credential"),
        ("verificationLink", "Verification_link"),
        ("verificationCode", "Verification_code"),
        ("enteredPassword", "Entered_password"),
        ("externallyVerified", "Externally_verified"),
    ],
)
async def test_levels_of_verification_are_spelled_as_the_reference_does_here(
    server: Server, playground: Playground, level: str, shown: str
) -> None:
    await playground.link((await playground.add_reader("ola@example.no", level=level)).unique_id, 1001)
    listed = await (await shop(server)).get("/customer/info/1001")
    assert listed["attachedUsers"][0]["credentials"][0]["verificationLevel"] == shown


async def test_external_identities_and_national_identity_numbers_are_never_listed(
    server: Server, connection: Connection, playground: Playground, reader: Reader, kari: Customer
) -> None:
    await connection.execute("update customer set sealed_national_id = 'sealed-number' where customer_number = 1001")
    await connection.execute(
        """
        insert into user_credential (credential, credential_type, unique_id, created_at)
        values ('AID:4711', 'D', $1, $2)
        """,
        reader.unique_id,
        playground.clock.now(),
    )
    for listed in (await kari("info"), await (await shop(server)).get("/customer/info/1001")):
        assert len(listed["attachedUsers"][0]["credentials"]) == 1
        assert "AID" not in str(listed)
        assert "sealed" not in str(listed)


async def test_a_number_that_is_no_customers_is_not_found(server: Server, kari: Customer) -> None:
    client = await shop(server)
    assert (await client.get("/customer/info/9999", 404))["errorMessage"] == (
        "customerNumber: there is no customer 9999"
    )
    assert (await (await other_shop(server)).get("/customer/info/1001", 404))["errorMessage"] == (
        "customerNumber: there is no customer 1001"
    )
    for number in ("0", "-1", "9007199254740992"):
        await client.get(f"/customer/info/{number}", 400)
    await client.get("/customer/info/abc", 404)


async def test_a_number_that_was_merged_says_where_everything_went(
    server: Server, connection: Connection, playground: Playground, kari: Customer
) -> None:
    await connection.execute(
        """
        insert into customer_merge (partner_id, customer_number, merged_number, merged_at, actor)
        values (1, 1001, 900, $1, 'command-line:test')
        """,
        playground.clock.now(),
    )
    client = await shop(server)
    for path in ("/customer/info/900", "/customer/900/external-reference"):
        assert (await client.get(path, 404))["errorMessage"] == "customerNumber: customer 900 was merged into 1001"
    # Not so to who only guesses.
    body = {"customerNumber": 900, "lastName": "Nordmann"}
    assert await client.post("/customer/check", body) == {"valid": False}


async def test_a_user_who_is_no_customer_finds_nothing_to_list_or_change(
    server: Server, playground: Playground
) -> None:
    await playground.add_reader("nobody@example.no")
    nobody = await customer(server, "nobody@example.no")
    assert await nobody.refusal("info") == (404, "the user is not a customer here")
    assert await nobody.refusal("info", KARI) == (404, "the user is not a customer here")


async def test_what_is_left_out_is_removed(kari: Customer) -> None:
    await kari("info", KARI)
    assert await kari("info", {"name": {"lastName": "Hansen"}}) == {"success": True}
    assert await info(kari) == {"name": {"lastName": "Hansen"}, "phoneNumbers": [], "emails": []}


@pytest.mark.parametrize(
    "name",
    [None, {}, {"firstName": "Kari"}, {"lastName": "", "companyName": ""}, {"lastName": "  ", "companyName": None}],
)
async def test_without_last_and_company_name_a_customer_is_called_a_hyphen(
    kari: Customer, name: dict[str, str] | None
) -> None:
    await kari("info", KARI)
    await kari("info", {"name": name})
    first = {"firstName": "Kari"} if name and "firstName" in name else {}
    assert (await info(kari))["name"] == first | {"lastName": "-"}


async def test_a_company_needs_no_last_name(kari: Customer) -> None:
    name = {"companyName": "Fjord Media AS", "departmentName": "Lager"}
    await kari("info", {"name": name})
    assert (await info(kari))["name"] == name


async def test_numbers_and_addresses_are_kept_in_their_stored_form_and_in_their_order(kari: Customer) -> None:
    body = {
        "phoneNumbers": [
            {"phoneNumber": " 909 09 090 "},
            {"phoneNumber": "+46 70 123 45 67", "phoneNumberType": "mobile"},
            {"phoneNumber": "0047 22 22 22 22", "phoneNumberType": "home"},
            {"phoneNumber": "+4790909090", "phoneNumberType": "company"},
            {"phoneNumber": "", "phoneNumberType": "company"},
            {},
        ],
        "emails": [" Zoe@Example.NO", "anna@example.no", "ZOE@example.no", ""],
        "invoiceEmailAddress": " Faktura@Example.no ",
    }
    await kari("info", body)
    assert await info(kari) == {
        "name": {"lastName": "-"},
        "phoneNumbers": [
            {"phoneNumber": "+4790909090", "phoneNumberType": "personal"},
            {"phoneNumber": "+46701234567", "phoneNumberType": "mobile"},
            {"phoneNumber": "+4722222222", "phoneNumberType": "home"},
        ],
        "emails": ["zoe@example.no", "anna@example.no"],
        "invoiceEmailAddress": "faktura@example.no",
    }


async def test_the_first_address_is_where_post_goes_when_only_the_order_is_changed(
    connection: Connection, kari: Customer
) -> None:
    await kari("info", KARI)
    await kari("info", KARI | {"emails": ["anna@example.no", "kari@example.no"]})
    first = "select email from customer_email where customer_number = 1001 order by position limit 1"
    assert await connection.fetchval(first) == "anna@example.no"
    assert (await info(kari))["emails"] == ["anna@example.no", "kari@example.no"]


async def test_a_number_of_the_partners_country_needs_no_country_code(server: Server, playground: Playground) -> None:
    """Of which the other partner, in Sweden, makes a Swedish one."""
    astrid = await playground.add_reader("astrid@example.no", 2001, partner_id=2)
    headers = bearer(await token_at_other_partner(server, astrid))
    body = {"phoneNumbers": [{"phoneNumber": "070-123 45 67"}]}
    await server.http.post("/capi/v1/customer/info", json=body, headers=headers)
    listed = (await server.http.get("/capi/v1/customer/info", headers=headers)).json()
    assert listed["phoneNumbers"] == [{"phoneNumber": "+46701234567", "phoneNumberType": "personal"}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"emails": ["kari@example.no", "kari"]}, "emails[1]: expected an e-mail address"),
        ({"emails": ["+4790909090"]}, "emails[0]: expected an e-mail address"),
        ({"emails": ["AID:4711"]}, "emails[0]: expected an e-mail address"),
        (
            {"phoneNumbers": [{"phoneNumber": "12"}, {"phoneNumber": "kari@example.no"}]},
            "; ".join(f"phoneNumbers[{index}].phoneNumber: expected a phone number" for index in range(2)),
        ),
        ({"invoiceEmailAddress": "faktura"}, "invoiceEmailAddress: expected an e-mail address"),
    ],
)
async def test_what_is_none_is_refused_by_its_place(
    connection: Connection, kari: Customer, body: dict[str, Any], message: str
) -> None:
    before = await info(kari)
    assert await kari.refusal("info", body) == (400, message)
    assert await info(kari) == before
    assert await events(connection) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": {"lastName": "x" * 256}}, "name.lastName"),
        ({"name": {"firstName": 7}}, "name.firstName"),
        ({"name": "Kari"}, "name"),
        ({"phoneNumbers": {}}, "phoneNumbers"),
        ({"phoneNumbers": [{"phoneNumber": "+4790909090", "phoneNumberType": "fax"}]}, "phoneNumberType"),
        ({"phoneNumbers": [{"phoneNumber": "9" * 41}]}, "phoneNumber"),
        ({"phoneNumbers": [{}] * 51}, "phoneNumbers"),
        ({"emails": ["a@example.no"] * 51}, "emails"),
        ({"emails": ["x" * 256]}, "emails"),
        ({"emails": [None]}, "emails"),
        ({"emails": "kari@example.no"}, "emails"),
        ({"invoiceEmailAddress": "x" * 50 + "@example.no"}, "invoiceEmailAddress"),
        ([], ""),
    ],
)
async def test_wrong_types_lengths_and_words_are_refused_by_their_field(kari: Customer, body: Any, field: str) -> None:
    status, message = await kari.refusal("info", body)
    assert status == 400
    assert field in message


async def test_what_the_request_cannot_say_survives(connection: Connection, kari: Customer) -> None:
    await connection.execute(
        """
        update customer set sealed_national_id = 'sealed', birth_date = '1970-01-02', sex = 'female',
            company_registration_number = '999999999', department = 'D1' where customer_number = 1001
        """
    )
    query = f"select {NOT_IN_THE_REQUEST} from customer where customer_number = 1001"
    before = await connection.fetchrow(query)
    await kari("info", KARI)
    await kari("info", {})
    assert await connection.fetchrow(query) == before


async def test_the_credentials_of_users_are_their_own(connection: Connection, kari: Customer) -> None:
    query = "select * from user_credential order by credential"
    accounts = "select * from user_account"
    before = await connection.fetch(query), await connection.fetch(accounts)
    await kari("info", KARI | {"emails": ["new@example.no"], "phoneNumbers": [{"phoneNumber": "+4791919191"}]})
    assert (await connection.fetch(query), await connection.fetch(accounts)) == before


async def test_a_change_is_told_once_with_before_and_after(
    connection: Connection, reader: Reader, kari: Customer
) -> None:
    await kari("info", KARI)
    assert await kari("info", KARI) == {"success": True}
    [row] = await audit_rows(connection)
    assert row["action"] == "changeCustomerInfo"
    assert row["subject"] == "customer:1001"
    assert row["actor"] == f"user:{reader.unique_id.hex}"
    nothing = {"middleName": None, "companyName": None, "departmentName": None}
    assert row["before"] == {
        "name": nothing | {"firstName": "Kari", "lastName": "Nordmann"},
        "phoneNumbers": [],
        "emails": [],
        "invoiceEmailAddress": None,
    }
    assert row["after"] == KARI | {
        "name": nothing | {"firstName": "Kari", "middleName": "Marie", "lastName": "Nordmann"}
    }
    assert await events(connection) == [(1, "customer", "update", {"customerNumber": 1001})]


async def test_of_many_changes_at_once_one_stays_whole(connection: Connection, kari: Customer) -> None:
    bodies: list[dict[str, Any]] = [
        {
            "name": {"lastName": f"Name {number}"},
            "phoneNumbers": [{"phoneNumber": f"+479090909{number}", "phoneNumberType": "home"}],
            "emails": [f"{number}@example.no", f"also-{number}@example.no"],
        }
        for number in range(8)
    ]
    assert await kari.at_once("info", list(bodies)) == [{"success": True}] * len(bodies)
    assert await info(kari) in bodies
    # Each one saw what the one before had left.
    rows = await audit_rows(connection)
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]


async def test_a_repeated_request_is_answered_alike_and_done_once(connection: Connection, kari: Customer) -> None:
    answers = [await kari.send("info", KARI, **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"success": True}] * 2
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(await audit_rows(connection)) == 1


async def test_two_users_of_one_customer_change_the_same(
    server: Server, playground: Playground, kari: Customer
) -> None:
    await user(playground, "ola@example.no")
    ola = await customer(server, "ola@example.no")
    await asyncio.gather(kari("info", KARI), ola("info", KARI))
    assert await kari("info") == await ola("info")
