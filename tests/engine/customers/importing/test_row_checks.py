"""One row by itself: what is told of it, and in whose words."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolofon.catalogue.memory import CategoryType, PartnerCatalogue
from kolofon.catalogue.offers import Offers
from kolofon.engine.customers.checking import stored_credential
from kolofon.engine.customers.importing.checked import CheckedRow, Terms
from kolofon.engine.customers.importing.reading import RawRow
from kolofon.engine.customers.importing.row_checks import check_row
from kolofon.engine.customers.importing.rows import COLUMNS
from kolofon.platform.sealing import unseal
from tests.engine.customers.importing.runs import customer, user

KEY = b"k" * 32
PARTNER = PartnerCatalogue(
    1,
    (),
    (),
    {"NEWS": frozenset({"SUB"})},
    frozenset({"DM"}),
    ("TM",),
    offers=Offers(country_code="NO", currency="NOK", time_zone="Europe/Oslo"),
    category_types={"SPORT": CategoryType("Sport", {"SKI": "Skiing"})},
)
ADDRESS = {"streetAddress": "Storgata", "streetNumber": "12", "postalCode": "0181", "postalPlace": "Oslo"}
BCRYPT = "$2b$12$LrmaIX5x4TRtAwEfwJZa1.2ehnw6LvuIUTM0iz4iz9hTxv21B6KFO"


def check(row: dict[str, Any] | bytes, numbered: bool = True, trusting: bool = False) -> CheckedRow:
    content = row if isinstance(row, bytes) else msgspec.json.encode(row)
    return check_row(RawRow(1, json=content), Terms(PARTNER, [], numbered, trusting, KEY))


def check_cells(**cells: str) -> CheckedRow:
    given = {"customerNumber": "1", "lastName": "Berg"} | cells
    return check_row(RawRow(2, cells=list(given.values())), Terms(PARTNER, list(given), True, False, KEY))


def test_all_of_a_row_is_read_and_put_into_its_stored_form() -> None:
    row = check(
        {
            "customerNumber": 7,
            "name": {"firstName": " Kari ", "middleName": "", "lastName": "Nordmann", "companyName": "A\tB\\ AS"},
            "companyRegistrationNumber": "999999999",
            "birthDate": "1980-02-29",
            "sex": "female",
            "emails": ["Kari@Example.NO", "kari@example.no", " "],
            "phoneNumbers": [
                {"phoneNumber": "90 00 00 01", "phoneNumberType": "mobile"},
                {"phoneNumber": "+46 70 123 45 67"},
            ],
            "invoiceEmailAddress": "Faktura@Example.no",
            "address": ADDRESS | {"careOfAddress": "Ola", "floor": 2, "postalCode": "NO-0181"},
            "externalReferences": {"CRM": "X-1", "ERP": 42},
            "categories": [{"addressCategory": "SKI", "freeValue": "nordic"}],
            "permissions": [{"enterpriseCode": "NEWS", "channels": ["TM"], "permissionType": "shield"}],
            "privacy": [{"enterpriseCode": "NEWS", "orderTypeCode": "SUB", "purpose": "DM"}],
        }
    )
    assert row.problems == []
    none = "\\N"
    company = "A\\tB\\\\ AS"
    told = ("Kari", none, "Nordmann", company, none, "999999999", none, none, "1980-02-29", "female")
    assert row.lines.customer == "\t".join((*told, "faktura@example.no"))
    assert row.lines.emails == ["kari@example.no\t1"]
    assert row.lines.phone_numbers == ["+4790000001\tmobile\t1", "+46701234567\tpersonal\t2"]
    address = ("Ola", "Storgata", "12", none, none, "2", none, "0181", "Oslo", "NO", none, none, none)
    assert row.lines.address == ["\t".join(address)]
    assert row.lines.references == ["CRM\tX-1", "ERP\t42"]
    assert row.lines.categories == ["SKI\tnordic"]
    assert row.lines.permissions == ["NEWS\t\tTM\tSHIELD"]
    assert row.lines.purposes == ["NEWS\tSUB\tDM"]
    assert row.called == "7"


def test_a_table_tells_the_same_as_json_lines() -> None:
    by_table = check_cells(
        customerNumber="1",
        firstName="Kari",
        lastName="Nordmann",
        emails="kari@example.no | ola@example.no",
        phoneNumbers="mobile: 90000001|22 00 00 00",
        streetAddress="Storgata",
        streetNumber="12",
        postalCode="0181",
        postalPlace="Oslo",
        categories="SKI=nordic",
        credentials="kari@example.no|+4790000001",
        verificationLevel="verificationCode|notVerified",
        passwordHash=BCRYPT,
        birthDate="1980-02-01",
        sex="male",
        **{"externalReferences.CRM": "X-1", "externalReferences.ERP": ""},
    )
    by_json = check(
        {
            "customerNumber": 1,
            "name": {"firstName": "Kari", "lastName": "Nordmann"},
            "emails": ["kari@example.no", "ola@example.no"],
            "phoneNumbers": [
                {"phoneNumber": "90000001", "phoneNumberType": "mobile"},
                {"phoneNumber": "22 00 00 00"},
            ],
            "address": ADDRESS,
            "categories": [{"addressCategory": "SKI", "freeValue": "nordic"}],
            "externalReferences": {"CRM": "X-1"},
            "birthDate": "1980-02-01",
            "sex": "male",
            "users": [
                {
                    "credentials": [
                        {"credential": "kari@example.no", "verificationLevel": "verificationCode"},
                        {"credential": "+4790000001", "verificationLevel": "notVerified"},
                    ],
                    "passwordHash": BCRYPT,
                }
            ],
        }
    )
    assert by_table.problems == by_json.problems == []
    assert by_table.lines == by_json.lines
    assert by_table.references == by_json.references
    [one], [two] = by_table.users, by_json.users
    assert [each.credential for each in one.credentials] == [each.credential for each in two.credentials]
    assert one.account_line.replace(one.unique_id, "") == two.account_line.replace(two.unique_id, "")


WRONG_MEMBERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"customerNumber": 0}, ["customerNumber: expected int >= 1"]),
    ({"customerNumber": "12x"}, ["customerNumber: expected int | null, got str"]),
    ({"customerNumber": 2**60}, [f"customerNumber: expected int <= {2**53 - 1}"]),
    ({"customerNumber": None}, ["customerNumber: expected a number, since the first customer of the file has one"]),
    ({"name": {}}, ["name.lastName: expected a name here or in companyName"]),
    ({"name": {"lastName": " "}}, ["name.lastName: expected a name here or in companyName"]),
    ({"name": {"lastName": "x" * 256}}, ["name.lastName: expected str of length <= 255"]),
    ({"name": {"lastname": "Berg"}}, ["name.lastname: there is no such member"]),
    ({"nickname": "Kari"}, ["nickname: there is no such member"]),
    ({"sex": "f"}, ["sex: invalid enum value 'f'"]),
    ({"birthDate": "1980-02-30"}, ["birthDate: expected milliseconds since 1970, or a date as yyyy-mm-dd"]),
    ({"emails": ["kari"]}, ["emails[0]: expected an e-mail address"]),
    ({"emails": ["kari@example.no", "+4790000001"]}, ["emails[1]: expected an e-mail address"]),
    ({"emails": "kari@example.no"}, ["emails: expected array | null, got str"]),
    ({"emails": ["a@example.no"] * 51}, ["emails: expected array of length <= 50"]),
    ({"phoneNumbers": [{"phoneNumber": "12"}]}, ["phoneNumbers[0].phoneNumber: expected a phone number"]),
    ({"phoneNumbers": [{}]}, ["phoneNumbers[0]: object missing required field phoneNumber"]),
    ({"invoiceEmailAddress": "x"}, ["invoiceEmailAddress: expected an e-mail address"]),
    ({"address": ADDRESS | {"postalCode": "181"}}, ["address.postalCode: expected the 4 digits"]),
    ({"address": ADDRESS | {"countryCode": "ZZ"}}, ["address.countryCode: there is no country ZZ"]),
    ({"address": {"postalCode": "0181"}}, ["address.streetAddress: expected a street here or something in "]),
    ({"address": ADDRESS | {"streetNumber": "12 B"}}, ["address.streetNumber: expected up to 5 digits"]),
    ({"externalReferences": {"A B": "1"}}, ["externalReferences: expected as its code 1 to 40 letters"]),
    ({"externalReferences": {"CRM": "x" * 17}}, ["externalReferences.CRM: expected 1 to 16 characters"]),
    ({"externalReferences": {"CRM": ""}}, ["externalReferences.CRM: expected 1 to 16 characters"]),
    ({"categories": [{"addressCategory": "GOLF"}]}, ["categories[0].addressCategory: there is no category GOLF"]),
    (
        {"permissions": [{"channels": ["X"]}]},
        ["permissions[0].enterpriseCode", "permissionType", "there is no channel"],
    ),
    ({"privacy": [{"enterpriseCode": "NEWS", "purpose": "X"}]}, ["privacy[0].purpose: there is no purpose X"]),
    ({"users": [{"credentials": []}]}, ["users[0].credentials: expected array of length >= 1"]),
    ({"users": [user("AID:4711")]}, ["users[0].credentials[0].credential: expected an e-mail address or a phone"]),
    ({"users": [user("kari@example.no", level="sure")]}, ["users[0].credentials[0].verificationLevel: invalid enum"]),
    ({"users": [user("kari@example.no", password_hash="secret")]}, ["users[0].passwordHash: expected argon2, bcrypt"]),
    (
        {"users": [user("kari@example.no"), user("Kari@example.no")]},
        ["users[1].credentials[0].credential: is there twice in this row"],
    ),
]


@pytest.mark.parametrize(("members", "told"), WRONG_MEMBERS, ids=[json.dumps(each)[:60] for each, _ in WRONG_MEMBERS])
def test_what_is_wrong_is_told_with_its_member(members: dict[str, Any], told: list[str]) -> None:
    problems = check(customer() | members).problems
    assert problems
    for part in told:
        assert any(part in problem for problem in problems), problems
    assert len(problems) <= len(told)


def test_all_that_is_wrong_is_told_at_once() -> None:
    row = check(
        {
            "customerNumber": "x",
            "name": {"firstName": "Kari"},
            "emails": ["kari"],
            "sex": "f",
            "address": {"streetAddress": "Storgata", "postalCode": "1"},
            "users": [user("nobody", password_hash="x")],
        }
    )
    fields = [problem.partition(":")[0] for problem in row.problems]
    assert sorted(fields) == [
        *("address.postalCode", "customerNumber", "emails[0]", "name.lastName", "sex"),
        *("users[0].credentials[0].credential", "users[0].passwordHash"),
    ]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"lastName": ""}, "lastName: expected a name here or in companyName"),
        ({"emails": "a@example.no|b"}, "emails[1]: expected an e-mail address"),
        ({"phoneNumbers": "90000001|mob:90000002"}, "phoneNumbers[1]: invalid enum value 'mob'"),
        ({"phoneNumbers": "12"}, "phoneNumbers[0]: expected a phone number"),
        ({"postalCode": "1", "streetAddress": "Storgata"}, "postalCode: expected the 4 digits"),
        ({"categories": "GOLF=x"}, "categories[0]: there is no category GOLF"),
        ({"credentials": "a@example.no|b"}, "credentials[1]: expected an e-mail address or a phone number"),
        ({"passwordHash": BCRYPT}, "credentials: expected array of length >= 1"),
        ({"credentials": "a@example.no", "passwordHash": "x"}, "passwordHash: expected argon2, bcrypt"),
        ({"credentials": "a@example.no", "verificationLevel": "x"}, "verificationLevel: invalid enum value 'x'"),
        (
            {"credentials": "a@example.no", "verificationLevel": "notVerified|notVerified"},
            "verificationLevel: invalid enum value 'notVerified|notVerified'",
        ),
        ({"externalReferences.CRM": "x" * 17}, "externalReferences.CRM: expected 1 to 16 characters"),
        ({"customerNumber": "1.5"}, "customerNumber: "),
        ({"birthDate": "01.02.1980"}, "birthDate: expected milliseconds since 1970, or a date as yyyy-mm-dd"),
    ],
)
def test_of_a_table_the_columns_are_told(cells: dict[str, str], told: str) -> None:
    [problem] = check_cells(**cells).problems
    assert problem.startswith(told)


def test_every_column_is_one_of_a_row() -> None:
    for column in COLUMNS:
        problems = check_cells(**{column: "x" * 300}).problems
        told = "credentials" if column in {"verificationLevel", "passwordHash"} else column
        assert any(problem.startswith(told) for problem in problems), column


@pytest.mark.parametrize("cells", [["1"], ["1", "Berg", ""]])
def test_a_row_with_other_cells_than_the_header_is_refused(cells: list[str]) -> None:
    terms = Terms(PARTNER, ["customerNumber", "lastName"], True, False, KEY)
    assert check_row(RawRow(2, cells=cells), terms).problems == [
        f"row: expected 2 cells as in the header, got {len(cells)}"
    ]


@pytest.mark.parametrize(
    "content",
    [b"[1]", b"nonsense", b'{"customerNumber":1', b'"x"', '{"name":{"lastName":"Sjøberg"}}'.encode("latin-1")],
)
def test_what_is_no_json_object_in_utf_8_is_refused(content: bytes) -> None:
    [problem] = check(content).problems
    assert problem.startswith("row: expected a JSON object")


@pytest.mark.parametrize("text", ["a\0b", "\\u0000", "\\ud800"])
def test_what_postgresql_cannot_keep_is_refused(text: str) -> None:
    content = f'{{"customerNumber":1,"name":{{"lastName":"Berg{text}"}}}}'
    [problem] = check(content.encode()).problems
    assert problem.startswith("row: expected ")


def test_a_text_that_only_looks_like_an_escape_is_kept() -> None:
    row = check(customer(name={"lastName": "\\u0000"}))
    assert row.problems == []
    assert row.lines.customer.split("\t")[2] == "\\\\u0000"


def test_a_national_identity_number_is_kept_sealed_and_never_told() -> None:
    row = check(
        customer(nationalIdentityNumber="811228-9874", address=ADDRESS | {"countryCode": "SE", "postalCode": "11234"})
    )
    assert row.problems == []
    assert "811228" not in str(row)
    sealed = row.lines.customer.split("\t")[7]
    assert unseal(KEY, urlsafe_b64decode(sealed)) == b"811228-9874"
    assert "8112289873" not in str(check(customer(nationalIdentityNumber="8112289873")))


def test_a_customer_without_a_number_needs_a_reference_and_all_are_alike_in_a_file() -> None:
    assert check(customer(None, externalReferences={"CRM": "1"}), numbered=False).problems == []
    assert check(customer(None), numbered=False).problems == [
        "externalReferences: expected one, by which a customer without a number is known again"
    ]
    [problem] = check(customer(1, externalReferences={"CRM": "1"}), numbered=False).problems
    assert problem == "customerNumber: expected none, since the first customer of the file has none"


def levels(trusting: bool, *told: str | None) -> list[str]:
    credentials = [f"a{number}@example.no" for number in range(len(told))]
    members = [
        {"credential": text} | ({"verificationLevel": level} if level else {})
        for text, level in zip(credentials, told, strict=True)
    ]
    [only] = check(customer(users=[{"credentials": members}]), trusting=trusting).users
    return [line.rpartition("\t")[2] for line in only.credential_lines]


def test_a_credential_counts_as_verified_only_when_the_file_is_trusted() -> None:
    verified = ("verificationCode", "verificationLink", "externallyVerified")
    assert levels(False, *verified, "repeatedCredential", None) == [
        *["notVerified"] * 3,
        "repeatedCredential",
        "notVerified",
    ]
    assert levels(True, *verified) == ["externallyVerified"] * 3
    assert levels(True, "repeatedCredential", None) == ["repeatedCredential", "notVerified"]


def test_beside_a_verified_credential_no_unverified_one_leads_into_the_account() -> None:
    assert levels(True, "notVerified", "verificationCode", None) == ["externallyVerified"]


def test_a_user_is_called_as_the_customer_where_it_is_the_only_one() -> None:
    one = check(customer(users=[user("a@example.no")])).users
    two = check(customer(users=[user("a@example.no"), user("b@example.no")])).users
    assert one[0].account_line.endswith("\t\\N\t\\N\t\\N\tNordmann")
    assert all(each.account_line.endswith("\t\\N\t\\N\t\\N\t\\N") for each in two)


@settings(max_examples=500, deadline=None)
@given(st.from_regex(r"[a-zA-Zæ.+]{1,8}@[a-zøA-Z-]{1,8}\.[a-z]{2}", fullmatch=True))
def test_an_e_mail_address_that_was_read_need_not_be_read_again(text: str) -> None:
    stored = stored_credential(text, "A", "NO")
    assert stored is None or stored_credential(stored, "A", "SE") == stored
