"""Partners whose time is moved: what goes along with it, and what does not."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kolofon.catalogue.memory import read_catalogue
from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.cli import main
from kolofon.engine.calls import partner_clock
from kolofon.engine.sandbox.service import NotASandbox, move
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.catalogue.publisher_files import SMALL, Shelf
from tests.engine.subscriptions.desk import Desk, open_desk
from tests.playground import OTHER, OTHER_SECRET, Playground
from tests.waiting import until

CUSTOMER = 1001
ACTOR = "command-line:tester"


def unheard(_day: int) -> None:
    pass


@pytest.fixture
async def desk(playground: Playground) -> Desk:
    """Partner 1 is a sandbox."""
    await playground.connection.execute("update partner set sandbox = true where partner_id = 1")
    desk = await open_desk(playground)
    await desk.customer(CUSTOMER)
    return desk


async def ahead(connection: Connection, partner_id: int = 1) -> timedelta:
    found: timedelta = await connection.fetchval("select clock_ahead from partner where partner_id = $1", partner_id)
    return found


async def test_every_day_is_lived_through(desk: Desk) -> None:
    await desk.order(CUSTOMER, ("DIGI", 1))
    trial = await desk.order(await desk.customer(1002), ("TRIAL", 5), costs=False)
    days: list[int] = []
    lived = await move(desk.connection, desk.clock, 1, 100, days.append, ACTOR)
    assert days == list(range(1, 101))
    assert await ahead(desk.connection) == timedelta(days=100)
    assert (await desk.row(trial.subscription_id))["state"] == "stopped"
    # What was not paid was reminded of twice, each at its time, and then stopped.
    assert lived.renewed == 3
    reminders = await desk.connection.fetch(
        """
        select r.reminder_number, r.sent_at - i.created_at as after from invoice_reminder r
        join invoice i using (partner_id, customer_number, company_code, invoice_number)
        where i.invoice_number = (select min(invoice_number) from invoice) order by 1
        """
    )
    assert all(row["after"] < timedelta(days=70) for row in reminders)
    assert await desk.connection.fetchval("select count(*) from audit_log where action = 'sandboxMove'") == 100


async def test_only_a_sandbox_is_moved_and_no_other_partner_with_it(desk: Desk) -> None:
    with pytest.raises(NotASandbox):
        await move(desk.connection, desk.clock, 2, 1, unheard, ACTOR)
    assert await ahead(desk.connection, 2) == timedelta()
    await move(desk.connection, desk.clock, 1, 1, unheard, ACTOR)
    assert await ahead(desk.connection, 2) == timedelta()
    with pytest.raises(Exception, match="partner_clock"):
        await desk.connection.execute("update partner set clock_ahead = '1 day' where partner_id = 2")


async def test_calls_live_in_the_time_of_their_partner_and_tokens_do_not(
    server: Server, desk: Desk, playground: Playground
) -> None:
    kari = await playground.add_reader("kari@example.no", CUSTOMER)
    await playground.link(kari.unique_id, 2001, partner_id=2)
    await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    other = await open_desk(playground, 2)
    await other.order(2001, ("TRIAL", 5), costs=False)
    token = await server.user_token(kari.credential)
    stranger = bearer(await server.client_token(OTHER, OTHER_SECRET))

    async def stopped_here() -> bool:
        answer = await server.http.get("/capi/v1/subscription", headers=bearer(token))
        assert answer.status_code == 200, "the token is good for twelve hours of the machine's clock"
        return bool(answer.json()["subscriptions"][0]["stopped"])

    assert not await stopped_here()
    await move(desk.connection, desk.clock, 1, 15, unheard, ACTOR)
    await until(stopped_here)
    theirs = await server.http.get("/capi/v1/client/subscription/2001", headers=stranger)
    assert theirs.json()["subscriptions"][0]["stopped"] is False
    # A new sign-in works as before, and its token does too.
    token = await server.user_token(kari.credential)
    assert await stopped_here()


async def test_what_is_started_starts_in_the_partners_time(server: Server, desk: Desk, playground: Playground) -> None:
    kari = await playground.add_reader("kari@example.no", CUSTOMER)
    await move(desk.connection, desk.clock, 1, 30, unheard, ACTOR)

    async def has_heard() -> bool:
        return bool(server.parts.catalogue.current.partner(1).clock_ahead)

    await until(has_heard)
    headers = bearer(await server.user_token(kari.credential))
    body = {"product": "DIGI", "startTime": 0, "couponCode": "DIGI", "couponNumber": 1}
    assert (await server.http.post("/capi/v1/subscription", json=body, headers=headers)).status_code == 200
    start = await desk.connection.fetchval("select start_time from subscription")
    assert start == desk.day(30)


async def test_messages_of_a_sandbox_are_sent_by_the_machines_clock(desk: Desk) -> None:
    await desk.connection.execute(
        "insert into customer_email (partner_id, customer_number, email, position) values (1, $1, 'k@example.no', 0)",
        CUSTOMER,
    )
    await desk.order(CUSTOMER, ("DIGI", 1))
    await move(desk.connection, desk.clock, 1, 40, unheard, ACTOR)
    rows = await desk.connection.fetch("select next_attempt_at, created_at from message")
    assert rows
    assert all(row["next_attempt_at"] <= desk.now and row["created_at"] <= desk.now for row in rows)


async def test_a_partner_whose_clock_was_moved_stays_a_sandbox(
    connection: Connection, clock: Clock, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path, connection, clock)
    text = SMALL.replace("timeZone: Europe/Oslo", "timeZone: Europe/Oslo, sandbox: true")
    await shelf.load(text)
    assert await connection.fetchval("select sandbox from partner") is True
    await shelf.load(SMALL)
    assert await connection.fetchval("select sandbox from partner") is False
    await shelf.load(text)
    await move(connection, clock, await connection.fetchval("select partner_id from partner"), 2, unheard, ACTOR)
    with pytest.raises(PublisherFileError, match="expected true: the partner's clock has been moved"):
        await shelf.load(SMALL)
    assert await connection.fetchval("select sandbox from partner") is True


def test_a_clock_that_is_ahead_follows_the_one_it_is_ahead_of() -> None:
    clock = Clock()
    later = clock.ahead(timedelta(days=3))
    assert clock.ahead(timedelta()) is clock
    assert clock.machine is clock
    assert later.machine is clock
    clock.move(timedelta(days=10))
    before = clock.now()
    moment, seconds = later.now(), later.seconds()
    after = clock.now()
    assert before <= moment - timedelta(days=3) <= after
    assert before.timestamp() <= seconds - 3 * 86400 <= after.timestamp()
    with pytest.raises(RuntimeError):
        later.move(timedelta(days=1))


async def test_a_partner_that_was_not_moved_lives_by_the_clock_itself(desk: Desk) -> None:
    partner = (await read_catalogue(desk.connection)).partner(2)
    assert partner_clock(partner, desk.clock) is desk.clock


def kolofon(database_url: str, *arguments: str) -> Result:
    environment = {"KOLOFON_DATABASE_URL": database_url, "KOLOFON_MODE": "development"}
    return CliRunner().invoke(main, ["sandbox", "move", *arguments], env=environment)


async def test_the_command_moves_a_sandbox_and_says_what_happened(desk: Desk, database_url: str) -> None:
    await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    result = await asyncio.to_thread(kolofon, database_url, "example", "2w")
    assert result.exit_code == 0, result.output
    assert "example: 14 days later; 1 subscriptions began, ended" in result.output
    assert await ahead(desk.connection) == timedelta(days=14)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("annan", "1d"), "only the clock of a sandbox can be moved"),
        (("nobody", "1d"), "there is no partner nobody"),
        (("example", "-3d"), "No such option"),
        (("example", "0d"), "expected days or weeks ahead"),
        (("example", "4000d"), "expected days or weeks ahead"),
        (("example", "3"), "expected days or weeks ahead"),
        (("example", "soon"), "expected days or weeks ahead"),
    ],
)
async def test_what_cannot_be_moved_is_one_clear_line(
    desk: Desk, database_url: str, arguments: tuple[str, str], words: str
) -> None:
    result = await asyncio.to_thread(kolofon, database_url, *arguments)
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output
    assert await ahead(desk.connection) == timedelta()
