"""A publisher who writes the addresses of others into an import file, with passwords and numbers of its own."""

from pathlib import Path

import bcrypt
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.engine.customers.importing.runs import Importer, customer, user
from tests.identity.account.steps import press
from tests.identity.pages.reading import NEW_PASSWORD, Form, is_back, reading
from tests.playground import Playground

VICTIM, ATTACKER = "ola@example.no", "+4790000666"
KNOWN = "known to the attacker"
HASH = bcrypt.hashpw(KNOWN.encode(), bcrypt.gensalt(4)).decode()


@pytest.fixture
async def importer(
    server: Server, playground: Playground, database_url: str, connection: Connection, clock: Clock, tmp_path: Path
) -> Importer:
    return Importer(database_url, connection, clock, tmp_path)


@pytest.mark.parametrize("trusting", [False, True])
async def test_who_proves_the_address_has_the_account_alone(
    server: Server, importer: Importer, connection: Connection, trusting: bool
) -> None:
    """A file that is trusted changes nothing of that, as long as it does not call the address verified."""
    told = user(VICTIM, ATTACKER, level="repeatedCredential", password_hash=HASH)
    await importer.rows(customer(1, users=[told]), partner=2, trusting=trusting)
    async with reading(server, connection) as attacker, reading(server, connection) as owner:
        assert is_back(await attacker.sign_in(VICTIM, KNOWN))
        tokens = await server.sign_in(VICTIM, KNOWN)
        assert "code" in tokens.query

        page = await owner.ask_for_code(VICTIM, "forgottenPassword")
        answer = await owner.press(page, "enter_code", code=await owner.newest_code(VICTIM), remember=None)
        assert "set_password" in Form(answer.text).buttons
        assert is_back(await owner.press(answer, "set_password", new_password=NEW_PASSWORD))

        assert not await attacker.is_signed_in()
        attacker.http.cookies.clear()
        for credential in (VICTIM, ATTACKER):
            assert (await attacker.sign_in(credential, KNOWN)).status_code == 400
        assert await connection.fetchval("select array_agg(credential) from user_credential") == [VICTIM]
        assert await owner.is_signed_in(VICTIM)
    [before] = await connection.fetch("select before from audit_log where action = 'endBeforeFirstProof'")
    assert before["before"] == {"credentials": [ATTACKER]}


async def test_the_number_in_the_file_does_not_follow_the_owner_in(
    server: Server, importer: Importer, connection: Connection
) -> None:
    await importer.rows(customer(1, users=[user(VICTIM, ATTACKER, password_hash=HASH)]), partner=2)
    async with reading(server, connection) as owner, reading(server, connection) as attacker:
        page = await owner.ask_for_code(VICTIM)
        assert is_back(await owner.press(page, "enter_code", code=await owner.newest_code(VICTIM)))
        # To sign in by a number that nobody has, one is asked for who one is.
        page = await attacker.ask_for_code(ATTACKER, "createUser")
        answer = await attacker.press(page, "enter_code", code=await attacker.newest_code(ATTACKER))
        assert not await attacker.is_signed_in()
        assert "first_name" in answer.text
        assert await owner.is_signed_in(VICTIM)


async def test_by_default_no_level_of_a_file_opens_what_a_verified_address_does(
    server: Server, importer: Importer, connection: Connection
) -> None:
    for number, level in enumerate(("verificationCode", "verificationLink", "externallyVerified"), 1):
        await importer.rows(customer(number, users=[user(f"r{number}@school.example", level=level)]))
    levels = "select array_agg(distinct verification_level) from user_credential"
    assert await connection.fetchval(levels) == ["notVerified"]


async def test_the_account_page_gives_nobody_a_way_in_that_outlives_the_owners_proof(
    server: Server, importer: Importer, connection: Connection
) -> None:
    await importer.rows(customer(1, users=[user(VICTIM, password_hash=HASH)]), partner=2)
    async with reading(server, connection) as attacker:
        assert is_back(await attacker.sign_in(VICTIM, KNOWN))
        page = await press(attacker, await attacker.open("account/credentials", lang="en"), "code", credential=ATTACKER)
        page = await press(attacker, page, "enter_code", code=await attacker.newest_code(ATTACKER))
        assert "Please verify the e-mail address or number that you have" in page.text
    assert await connection.fetchval("select array_agg(credential) from user_credential") == [VICTIM]


async def test_who_verifies_one_of_two_on_the_account_page_has_the_account_without_the_other(
    server: Server, importer: Importer, connection: Connection
) -> None:
    await importer.rows(customer(1, users=[user(VICTIM, ATTACKER, password_hash=HASH)]), partner=2)
    async with reading(server, connection) as attacker:
        assert is_back(await attacker.sign_in(VICTIM, KNOWN))
        page = await attacker.open("account/credentials", lang="en")
        page = await press(attacker, page, "code", credential=ATTACKER)
        page = await press(attacker, page, "enter_code", code=await attacker.newest_code(ATTACKER))
        assert await connection.fetchval("select array_agg(credential) from user_credential") == [ATTACKER]
        assert await attacker.is_signed_in(ATTACKER)


async def test_who_puts_another_in_the_place_of_one_of_two_has_the_account_without_the_other(
    server: Server, importer: Importer, connection: Connection
) -> None:
    mistyped = "+4790000667"
    await importer.rows(customer(1, users=[user(VICTIM, mistyped, password_hash=HASH)]), partner=2)
    async with reading(server, connection) as attacker:
        assert is_back(await attacker.sign_in(VICTIM, KNOWN))
        page = await attacker.open("account/credentials", lang="en")
        page = await press(attacker, page, "change", credential=mistyped)
        page = await press(attacker, page, "code", credential=ATTACKER)
        await press(attacker, page, "enter_code", code=await attacker.newest_code(ATTACKER))
        assert await connection.fetchval("select array_agg(credential) from user_credential") == [ATTACKER]
