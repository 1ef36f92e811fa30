"""The account behind a token, in both formats, and the older shape that all existing clients read."""

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_CALLBACK, OTHER_SECRET, Playground, Reader

VIPPS = {
    "birthDate": 315532800000,
    "name": {"firstName": "Kari", "lastName": "Nordmann"},
    "phoneNumbers": ["+4791234567"],
    "emails": ["kari@vipps.example"],
    "addresses": [{"addressType": "home", "streetAddress": "Storgata 1", "postalCode": "0603", "countryCode": "NO"}],
}


@pytest.fixture
async def known_well(playground: Playground, reader: Reader) -> Reader:
    """The reader with contact data, a phone as a second credential, and outside sources."""
    await playground.add_credential(reader.unique_id, "+4791234567", level="notVerified")
    insert = playground.connection.execute
    await insert(
        "update user_account set middle_name = 'Ås', company_name = 'Nordmann AS' where unique_id = $1",
        reader.unique_id,
    )
    await insert(
        "insert into user_phone_number values ($1, '+4791234567', 'mobile'), ($1, '+4722000000', 'home')",
        reader.unique_id,
    )
    await insert("insert into user_email values ($1, 'kari@example.no'), ($1, 'k@work.example')", reader.unique_id)
    await insert(
        "insert into user_external_profile values ($1, 'Vipps', $2, $4), ($1, 'Google', $3, $4)",
        reader.unique_id,
        VIPPS,
        {},
        playground.clock.now(),
    )
    return reader


async def read(server: Server, path: str, token: str) -> dict[str, Any]:
    answer = await server.http.get(f"/capi{path}", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def read_xml(server: Server, path: str, token: str) -> Element:
    answer = await server.http.get(f"/capi{path}", headers=bearer(token) | {"Accept": "application/xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml; charset=utf-8")
    element: Element = fromstring(answer.text)
    return element


def texts(element: Element) -> Any:
    """An element as values; children of one name become a list."""
    if not len(element):
        return element.text
    if len({child.tag for child in element}) < len(element):
        return [texts(child) for child in element]
    return {child.tag: texts(child) for child in element}


async def test_the_profile_shows_the_whole_account(server: Server, known_well: Reader) -> None:
    email = {"credential": "kari@example.no", "credentialType": "email", "verificationLevel": "verificationCode"}
    phone = {"credential": "+4791234567", "credentialType": "phone", "verificationLevel": "notVerified"}
    assert await read(server, "/v1/user/profile", await server.user_token("+4791234567")) == {
        "uniqueId": known_well.unique_id.hex,
        "loginCredential": phone,
        "userCredentials": [email, phone],
        "name": {"firstName": "Kari", "middleName": "Ås", "lastName": "Nordmann", "companyName": "Nordmann AS"},
        "phoneNumbers": [
            {"phoneNumber": "+4722000000", "phoneNumberType": "home"},
            {"phoneNumber": "+4791234567", "phoneNumberType": "mobile"},
        ],
        "emails": ["k@work.example", "kari@example.no"],
        "externalSources": ["Google", "Vipps"],
    }


async def test_the_profile_works_without_a_customer_number_and_never_shows_one(
    server: Server, playground: Playground, reader: Reader
) -> None:
    loner = await playground.add_reader("loner@example.no")
    profile = await read(server, "/v1/user/profile", await server.user_token("loner@example.no"))
    assert profile["uniqueId"] == loner.unique_id.hex
    customers = await read(server, "/v1/user/profile", await server.user_token(reader.credential))
    assert "customerNumber" not in profile.keys() | customers.keys()


async def test_each_login_has_its_own_login_credential(server: Server, known_well: Reader) -> None:
    found = []
    for credential in ("kari@example.no", "+4791234567"):
        profile = await read(server, "/v1/user/profile", await server.user_token(credential))
        found.append(profile["loginCredential"]["credential"])
    assert found == ["kari@example.no", "+4791234567"]


async def test_a_login_credential_that_was_removed_since_gives_way_to_the_first_one(
    server: Server, playground: Playground, known_well: Reader
) -> None:
    token = await server.user_token("+4791234567")
    await playground.connection.execute("delete from user_credential where credential = '+4791234567'")
    profile = await read(server, "/v1/user/profile", token)
    assert profile["loginCredential"]["credential"] == "kari@example.no"


async def test_an_external_identity_is_a_credential_of_its_own_kind(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.connection.execute(
        "insert into user_credential values ('AID:7', 'D', $1, 'externallyVerified', $2)",
        reader.unique_id,
        playground.clock.now(),
    )
    profile = await read(server, "/v1/user/profile", await server.user_token(reader.credential))
    assert profile["userCredentials"][1] == {
        "credential": "AID:7",
        "credentialType": "external",
        "verificationLevel": "externallyVerified",
    }


async def test_external_profiles_tell_what_each_source_said(server: Server, known_well: Reader) -> None:
    answer = await read(server, "/v1/user/profile/external", await server.user_token(known_well.credential))
    google, vipps = answer["externalProfileList"]
    assert google["source"] == "Google"
    assert vipps == {"source": "Vipps", "info": VIPPS}


async def test_without_an_outside_source_the_list_is_empty(server: Server, reader: Reader) -> None:
    token = await server.user_token(reader.credential)
    assert await read(server, "/v1/user/profile/external", token) == {"externalProfileList": []}


async def test_a_postal_code_is_text_and_keeps_its_leading_zero(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.connection.execute(
        "insert into user_external_profile values ($1, 'Vipps', $2, $3)",
        reader.unique_id,
        {"addresses": [{"postalCode": "0603"}, {"postalCode": "179"}]},
        playground.clock.now(),
    )
    answer = await read(server, "/v1/user/profile/external", await server.user_token(reader.credential))
    addresses = answer["externalProfileList"][0]["info"]["addresses"]
    assert [address["postalCode"] for address in addresses] == ["0603", "179"]


async def test_the_legacy_profile_has_user_id_customer_number_and_credential(
    server: Server, known_well: Reader
) -> None:
    answer = await read(server, "/v1/customer/profile", await server.user_token(known_well.credential))
    assert answer == {
        "userId": known_well.unique_id.hex,
        "uniqueId": known_well.unique_id.hex,
        "customerNumber": 1001,
        "credential": {"credential": "kari@example.no", "credentialType": "A"},
        "name": {"firstName": "Kari", "middleName": "Ås", "lastName": "Nordmann", "companyName": "Nordmann AS"},
        "phoneNumbers": [
            {"phoneNumber": "+4722000000", "phoneNumberType": "home"},
            {"phoneNumber": "+4791234567", "phoneNumberType": "mobile"},
        ],
        "emails": ["k@work.example", "kari@example.no"],
    }


async def test_the_legacy_profile_has_the_customer_number_of_the_partner_that_asks(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.link(reader.unique_id, 2001, partner_id=2)
    form = {"grant_type": "authorization_code", "redirect_uri": OTHER_CALLBACK}
    form["code"] = await server.code(reader.credential, client_id=OTHER, redirect_uri=OTHER_CALLBACK)
    there = (await server.token(form, (OTHER, OTHER_SECRET))).json()["access_token"]
    here = await server.user_token(reader.credential)
    found = [(await read(server, "/v1/customer/profile", token))["customerNumber"] for token in (here, there)]
    assert found == [1001, 2001]


async def test_the_legacy_profile_leaves_the_number_out_for_who_is_no_customer(
    server: Server, playground: Playground
) -> None:
    await playground.add_reader("loner@example.no")
    answer = await read(server, "/v1/customer/profile", await server.user_token("loner@example.no"))
    assert "customerNumber" not in answer
    assert answer["credential"] == {"credential": "loner@example.no", "credentialType": "A"}


async def test_the_legacy_profile_in_xml_has_the_shape_that_old_clients_read(
    server: Server, known_well: Reader
) -> None:
    element = await read_xml(server, "/v1/customer/profile", await server.user_token(known_well.credential))
    assert element.tag == "profile"
    assert element.findtext("userId") == known_well.unique_id.hex
    assert element.findtext("customerNumber") == "1001"
    assert element.findtext("name/firstName") == "Kari"
    assert element.findtext("name/middleName") == "Ås"
    assert element.findtext("name/lastName") == "Nordmann"
    assert element.findtext("credential/credential") == "kari@example.no"
    assert element.findtext("credential/credentialType") == "A"
    assert [texts(number) for number in element.findall("phoneNumbers/phoneNumber")] == [
        {"phoneNumber": "+4722000000", "phoneNumberType": "home"},
        {"phoneNumber": "+4791234567", "phoneNumberType": "mobile"},
    ]
    assert [email.text for email in element.findall("emails/email")] == ["k@work.example", "kari@example.no"]


async def test_both_other_operations_say_the_same_in_xml_as_in_json(server: Server, known_well: Reader) -> None:
    token = await server.user_token(known_well.credential)
    profile = await read_xml(server, "/v1/user/profile", token)
    assert profile.tag == "profile"
    assert texts(profile) == await read(server, "/v1/user/profile", token)
    external = await read_xml(server, "/v1/user/profile/external", token)
    assert external.tag == "externalProfileList"
    assert [entry.findtext("source") for entry in external] == ["Google", "Vipps"]
    assert external[1].findtext("info/addresses/address/postalCode") == "0603"
    assert external[1].findtext("info/birthDate") == str(VIPPS["birthDate"])


async def test_an_account_that_is_gone_is_not_found(server: Server, playground: Playground, reader: Reader) -> None:
    token = await server.user_token(reader.credential)
    for table in ("user_session", "sign_in", "oauth_grant", "user_customer", "user_credential", "user_account"):
        await playground.connection.execute(f"delete from {table} where unique_id = $1", reader.unique_id)
    for path in ("/v1/user/profile", "/v1/customer/profile"):
        answer = await server.http.get(f"/capi{path}", headers=bearer(token))
        assert (answer.status_code, answer.json()["exceptionType"]) == (404, "NotFoundException")
