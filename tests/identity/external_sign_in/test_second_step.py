"""A provider is one factor: who has a second one, or needs one, is asked for it as after a password."""

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.external_sign_in.provider import Provider
from tests.identity.external_sign_in.travelling import Travelling, links
from tests.identity.pages.reading import Form, is_back
from tests.identity.second_factors.steps import add_app, asks_for_code, begins_session, make_staff, sets_up
from tests.identity.steps import eventually
from tests.playground import Playground, Reader

KARI = {"sub": "v-2", "email": "kari@example.no", "email_verified": True, "amr": ["mfa", "hwk"], "acr": "high"}


async def test_the_second_factor_is_asked_for_before_any_session_begins(
    server: Server, provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    provider.claims = dict(KARI)
    app = await add_app(server, clock, reader)
    page = await reader_there.travel(remember="true")
    assert asks_for_code(page)
    assert not begins_session(page)
    assert not await reader_there.is_signed_in()
    # The page goes on as one of the page that was left.
    assert Form(page.text).action.startswith("/user/login?clientId=")
    assert is_back(await reader_there.press(page, "second_factor", code=app.code))
    assert await reader_there.is_signed_in("kari@example.no")
    assert "kolofon_remember.no.example.web" in reader_there.http.cookies
    methods = await connection.fetchval("select authentication_methods from user_session")
    assert methods == ["fed", "otp", "mfa"]


async def test_what_the_provider_says_of_its_methods_makes_no_second_factor(
    provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = dict(KARI)
    assert is_back(await reader_there.travel())
    assert await connection.fetchval("select authentication_methods from user_session") == ["fed"]


async def test_staff_who_need_a_second_factor_set_one_up(
    server: Server, provider: Provider, reader: Reader, reader_there: Travelling, playground: Playground
) -> None:
    provider.claims = dict(KARI)
    await make_staff(playground, domains=("example.no",))

    async def is_heard() -> bool:
        return bool(server.parts.catalogue.current.partner(1).staff.email_domains)

    await eventually(is_heard)
    page = await reader_there.travel()
    assert sets_up(page)
    assert not begins_session(page)
    assert not await reader_there.is_signed_in()


async def test_the_provider_is_linked_once_the_second_factor_has_been_shown(
    server: Server, provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    """Who has got into a mailbox only would otherwise leave a way in behind, and a profile that is not the reader's."""
    provider.claims = dict(KARI)
    app = await add_app(server, clock, reader)
    page = await reader_there.travel()
    assert asks_for_code(page)
    assert await links(connection) == []
    assert await connection.fetchval("select count(*) from user_external_profile") == 0
    assert "Vipps" not in "".join(message.text for message in await messages_to(connection, reader.credential))
    assert is_back(await reader_there.press(page, "second_factor", code=app.code))
    assert await links(connection) == [("vipps", "v-2", reader.unique_id)]
    assert "Vipps" in (await messages_to(connection, reader.credential))[-1].text


async def test_a_factor_that_another_put_on_the_account_is_gone_with_the_proof(
    server: Server,
    provider: Provider,
    playground: Playground,
    reader_there: Travelling,
    connection: Connection,
    clock: Clock,
) -> None:
    squatted = await playground.add_reader("ola@example.no", level="notVerified")
    await add_app(server, clock, squatted)
    provider.claims = KARI | {"email": "ola@example.no"}
    page = await reader_there.travel()
    assert is_back(await reader_there.prove(page, "ola@example.no"))
    assert await connection.fetchval("select count(*) from totp_secret") == 0
