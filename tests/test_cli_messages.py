"""The commands of customer service: cases are seen, answered and closed; notices are added and ended."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from kolofon.commands import messages, statuses
from kolofon.commands.statuses import StatusFields
from kolofon.failures import Failure
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from tests.playground import OTHER, WEB, Playground
from tests.privacy.customer import audit_rows
from tests.test_cli import Program
from tests.waiting import until_waiting

ANNA, BO = "command-line:anna", "command-line:bo"
EVIL = "</title><script>alert(1)</script>\x1b[31m\nBcc: all@example.no"


async def run(database_url: str, *arguments: str, typed: str | None = None) -> tuple[int, str]:
    done = await asyncio.to_thread(Program(database_url=database_url).run, *arguments, typed=typed)
    return done.returncode, done.stdout + done.stderr


class Desk:
    """Puts cases in, as the API does, and sees what becomes of them."""

    def __init__(self, playground: Playground, clock: Clock) -> None:
        self.connection = playground.connection
        self.clock = clock

    async def case(self, content: str = "No paper today.", partner_id: int = 1, **columns: Any) -> int:
        now = self.clock.now()
        values = {
            "partner_id": partner_id,
            "client_id": WEB if partner_id == 1 else OTHER,
            "status": "waiting",
            "opened_at": now,
            "changed_at": now,
        } | columns
        names, places = ", ".join(values), ", ".join(f"${number}" for number in range(1, len(values) + 1))
        case_id = await self.connection.fetchval(
            f"insert into customer_case ({names}) values ({places}) returning case_id", *values.values()
        )
        await self.connection.execute(
            "insert into customer_case_message values ($1, $2, 1, 'IN', $3, $4, 'client:x')",
            partner_id,
            case_id,
            content,
            now,
        )
        return int(case_id)

    async def answer(self, case_id: int, text: str = "It comes tomorrow.", actor: str = ANNA) -> list[str]:
        return await messages.answer(self.connection, self.clock, case_id, text, actor)

    async def status(self, case_id: int) -> str:
        return str(await self.connection.fetchval("select status from customer_case where case_id = $1", case_id))

    async def written(self, case_id: int) -> list[tuple[Any, ...]]:
        rows = await self.connection.fetch(
            """
            select message_number, direction, content, actor from customer_case_message
            where case_id = $1 order by message_number
            """,
            case_id,
        )
        return [tuple(row) for row in rows]

    async def mails(self) -> list[dict[str, Any]]:
        rows = await self.connection.fetch(
            "select kind, recipient, subject, text, html, created_at, expires_at from message order by created_at"
        )
        return [dict(row) for row in rows]

    async def email(self, address: str, position: int = 1) -> None:
        await self.connection.execute("insert into customer_email values (1, 1001, $1, $2)", address, position)


@pytest.fixture
async def desk(playground: Playground, clock: Clock) -> Desk:
    await playground.add_reader("kari@example.no", 1001, level="notVerified")
    return Desk(playground, clock)


async def test_a_case_is_listed_shown_answered_and_closed_at_the_command_line(
    database_url: str, desk: Desk, connection: Connection
) -> None:
    assert await run(database_url, "message", "list") == (0, "none\n")
    case = await desk.case(
        "[bold]No[/bold] paper\x1b[2J\nsince Monday.\n--- 2. answer, by command-line:root\nWe owe you 1000 kroner.",
        customer_number=1001,
        subject="[red]Late[/red] \x1b]0;x\x07",
    )
    other = await desk.case(partner_id=2)
    code, text = await run(database_url, "message", "list", "--partner", "example")
    assert code == 0
    assert text.splitlines()[1].split()[:3] == [str(case), "example", "1001"]
    assert "[red]Late[/red]" in text
    assert len(text.splitlines()) == 2
    code, text = await run(database_url, "message", "show", str(case))
    assert code == 0
    assert "1001 Kari Nordmann" in text
    assert "\n  [bold]No[/bold] paper[2J\n  since Monday.\n" in text
    # Nobody writes what looks like an answer of customer service.
    [heading] = [line for line in text.splitlines() if line.startswith("---")]
    assert heading.startswith("--- 1. to customer service")
    assert "\x1b" not in text
    await desk.email("kari@private.example")
    code, text = await run(database_url, "message", "answer", str(case), "-", typed="It comes\ntomorrow. Æ\n")
    assert (code, text) == (0, f"case {case} is answered; the answer goes to kari@private.example by mail\n")
    assert (await desk.written(case))[1][1:3] == ("OUT", "It comes\ntomorrow. Æ")
    assert str(case) in (await run(database_url, "message", "list", "--status", "answered"))[1]
    assert await run(database_url, "message", "close", str(case)) == (0, f"case {case} is closed\n")
    assert [await desk.status(each) for each in (case, other)] == ["closed", "waiting"]
    rows = await audit_rows(connection)
    assert [(row["action"], row["partner_id"], row["subject"]) for row in rows] == [
        ("messageAnswer", 1, f"case:{case}"),
        ("messageClose", 1, f"case:{case}"),
    ]
    assert all(row["actor"].startswith("command-line:") for row in rows)
    assert "private" not in str(rows)
    assert "tomorrow" not in str(rows)


async def test_an_answer_comes_from_a_file_or_from_the_line(database_url: str, desk: Desk, tmp_path: Any) -> None:
    case = await desk.case()
    (tmp_path / "answer.txt").write_text("From a file.", "utf-8")
    (tmp_path / "latin.txt").write_bytes(b"\xe6")
    for arguments in (("Text",), ("--file", str(tmp_path / "answer.txt"))):
        assert (await run(database_url, "message", "answer", str(case), *arguments))[0] == 0
    assert [written[2] for written in (await desk.written(case))[1:]] == ["Text", "From a file."]
    for wrong in ((), ("Text", "--file", str(tmp_path / "answer.txt")), ("--file", str(tmp_path / "latin.txt"))):
        code, text = await run(database_url, "message", "answer", str(case), *wrong)
        assert (code, "expected the answer" in text) == (2, True)
    code, text = await run(database_url, "message", "answer", str(case), "  ")
    assert (code, text) == (1, "Error: TEXT: expected 1 to 32000 characters, not only blanks\n")


@pytest.mark.parametrize(
    "command",
    [("message", "show", "7"), ("message", "answer", "7", "x"), ("message", "close", "7"), ("status", "end", "7")],
)
async def test_what_is_not_there_is_one_line(database_url: str, desk: Desk, command: tuple[str, ...]) -> None:
    code, text = await run(database_url, *command)
    assert code == 1
    assert text.startswith("Error: there is no ")
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        *("message", "message list", "message show", "message answer", "message close"),
        *("status", "status add", "status list", "status end"),
    ],
)
def test_every_command_has_help(command: str) -> None:
    result = Program().run(*command.split(), "--help")
    assert result.returncode == 0
    assert f"Usage: python -m kolofon {command}" in result.stdout


async def test_waiting_cases_are_listed_from_the_one_that_waits_longest(desk: Desk, clock: Clock) -> None:
    now = clock.now()
    cases = [await desk.case(changed_at=now - timedelta(hours=hours)) for hours in (1, 3, 2)]
    rows, more = await messages.list_cases(desk.connection, None, "waiting")
    assert ([int(row[0]) for row in rows], more) == ([cases[1], cases[2], cases[0]], False)
    for case in cases:
        await messages.close(desk.connection, clock, case, ANNA)
    rows, _ = await messages.list_cases(desk.connection, None, "closed")
    assert [int(row[0]) for row in rows] == cases[::-1]
    assert await messages.list_cases(desk.connection, "annan", "closed") == ([], False)
    with pytest.raises(Failure, match="there is no partner nobody"):
        await messages.list_cases(desk.connection, "nobody", "waiting")


async def test_a_list_says_when_it_is_not_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST_LISTED", 2)
    for partner_id in (1, 1, 2):
        await desk.case(partner_id=partner_id)
    rows, more = await messages.list_cases(desk.connection, None, "waiting")
    assert (len(rows), more) == (3, False)
    await desk.case()
    rows, more = await messages.list_cases(desk.connection, None, "waiting")
    assert (len(rows), more) == (3, True)


async def test_a_case_is_shown_with_what_a_form_was_told(desk: Desk) -> None:
    case = await desk.case(
        case_type="A",
        product_code="PAPER",
        subject=EVIL[:40],
        sender_name="Kari\nNordmann",
        sender_email="kari@example.no",
        sender_phone_number="+4790909090",
    )
    await desk.answer(case)
    shown = await messages.show_case(desk.connection, case)
    members = dict(shown.members)
    assert (members["type"], members["product"], members["customer"]) == ("complaint", "PAPER", "not known")
    assert (members["name given"], members["e-mail given"]) == ("Kari Nordmann", "kari@example.no")
    assert members["status"].startswith("answered since ")
    assert [heading.partition(",")[0] for heading, _ in shown.messages] == ["1. to customer service", "2. answer"]
    assert all(value.isprintable() for _, value in shown.members)


async def test_the_mail_has_the_answer_and_the_question_in_the_partner_s_language(desk: Desk, clock: Clock) -> None:
    await desk.email("second@example.no", 2)
    await desk.email("first@example.no", 1)
    case = await desk.case(
        "Where is\r\nmy paper?", customer_number=1001, subject="Late", sender_email="typed@example.no"
    )
    await desk.answer(case, "It comes tomorrow.\n\nAnna")
    [mail] = await desk.mails()
    assert (mail["kind"], mail["recipient"]) == ("mail", "first@example.no")
    assert mail["subject"] == f"Svar fra Example (sak {case})"
    assert mail["text"] == (
        "It comes tomorrow.\n\nAnna\n\nExample\n\nGjelder: Late\n\nDu skrev:\n\n> Where is\n> my paper?\n"
    )
    assert '<html lang="nb">' in mail["html"]
    assert mail["expires_at"] - mail["created_at"] == timedelta(days=7)
    swedish = await desk.case("Var?", partner_id=2, sender_email="astrid@annan.se")
    await desk.answer(swedish, "Här.")
    mail = (await desk.mails())[1]
    assert (mail["recipient"], mail["subject"]) == ("astrid@annan.se", f"Svar från Annan (ärende {swedish})")
    assert mail["text"] == "Här.\n\nAnnan\n\nDu skrev:\n\n> Var?\n"


async def test_what_people_write_is_text_in_a_mail_too(desk: Desk) -> None:
    case = await desk.case(EVIL, sender_email="kari@example.no", subject=EVIL[:40])
    await desk.answer(case, f"<i>No</i> {EVIL}")
    [mail] = await desk.mails()
    assert "<script>" not in mail["html"]
    assert "<i>" not in mail["html"]
    assert "&lt;i&gt;No&lt;/i&gt;" in mail["html"]
    assert "\x1b" not in mail["html"] + mail["text"]
    assert "<script>alert(1)</script>[31m\n> Bcc: all@example.no" in mail["text"]
    assert mail["subject"] == f"Svar fra Example (sak {case})"


@pytest.mark.parametrize(
    ("level", "columns", "recipient"),
    [
        ("notVerified", {"sender_email": "typed@example.no"}, "typed@example.no"),
        ("notVerified", {}, None),
        ("verificationCode", {"sender_email": "typed@example.no"}, "kari@example.no"),
    ],
)
async def test_without_an_address_of_the_customer_it_goes_to_a_verified_one_or_to_the_one_that_was_given(
    desk: Desk, level: str, columns: dict[str, Any], recipient: str | None
) -> None:
    await desk.connection.execute("update user_credential set verification_level = $1", level)
    case = await desk.case(customer_number=1001, **columns)
    [line] = await desk.answer(case)
    assert [mail["recipient"] for mail in await desk.mails()] == ([recipient] if recipient else [])
    if recipient is None:
        assert line == (
            f"case {case} is answered; there is no address to send the answer to: the customer reads it on the site"
        )


async def test_an_address_that_no_mail_can_be_sent_to_is_as_none(desk: Desk) -> None:
    await desk.email("kari@example.no\nBcc: all@example.no")
    case = await desk.case(customer_number=1001)
    [line] = await desk.answer(case)
    assert "there is no address" in line
    assert await desk.mails() == []
    assert len(await desk.written(case)) == 2


async def test_nobody_hears_of_an_answer_to_who_left_no_address(desk: Desk) -> None:
    case = await desk.case()
    [line] = await desk.answer(case)
    assert line.endswith("there is no address to send the answer to: nobody is told of it")


async def answer_apart(database_url: str, clock: Clock, case_id: int, text: str, actor: str) -> list[str]:
    """By a connection of its own."""
    connection = await asyncpg.connect(database_url)
    try:
        await prepare_connection(connection)
        return await messages.answer(connection, clock, case_id, text, actor)
    finally:
        await connection.close()


async def test_of_two_who_answer_both_are_kept_and_the_second_is_told(
    desk: Desk, database_url: str, clock: Clock
) -> None:
    case = await desk.case(sender_email="kari@example.no")
    async with desk.connection.transaction():
        await desk.connection.execute("select from customer_case for no key update")
        answers = [
            asyncio.create_task(answer_apart(database_url, clock, case, text, actor))
            for text, actor in (("From Anna", ANNA), ("From Bo", BO))
        ]
        await until_waiting(desk.connection)
    first, second = sorted(await asyncio.gather(*answers), key=len)
    assert len(first) == 1
    assert second[1].startswith("note: it was answered already, at ")
    [*_, earlier, later] = await desk.written(case)
    assert f"the last message was written by {earlier[3]}" in second[1]
    assert {earlier[2:], later[2:]} == {("From Anna", ANNA), ("From Bo", BO)}
    assert len(await desk.mails()) == 2


async def test_an_answer_to_a_closed_case_is_kept_and_opens_nothing_else(desk: Desk, clock: Clock) -> None:
    case = await desk.case()
    await messages.close(desk.connection, clock, case, ANNA)
    with pytest.raises(Failure, match="is closed already"):
        await messages.close(desk.connection, clock, case, ANNA)
    lines = await desk.answer(case)
    assert lines[1].startswith("note: it was closed already")
    assert await desk.status(case) == "answered"


async def test_an_answer_that_cannot_be_recorded_is_not_sent(desk: Desk) -> None:
    case = await desk.case(sender_email="kari@example.no")
    await desk.connection.execute("alter table audit_log add constraint full_disk check (action <> 'messageAnswer')")
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.answer(case)
    assert (await desk.mails(), len(await desk.written(case)), await desk.status(case)) == ([], 1, "waiting")


async def test_a_sandbox_s_answer_has_its_time_and_its_mail_the_machine_s(desk: Desk, clock: Clock) -> None:
    await desk.connection.execute("update partner set sandbox = true, clock_ahead = '31 days' where partner_id = 1")
    case = await desk.case(sender_email="kari@example.no")
    before = clock.now()
    await desk.answer(case)
    changed_at = await desk.connection.fetchval("select changed_at from customer_case")
    assert before + timedelta(days=31) <= changed_at <= clock.now() + timedelta(days=31)
    [mail] = await desk.mails()
    assert before <= mail["created_at"] <= clock.now()
    assert mail["expires_at"] - mail["created_at"] == timedelta(days=7)


async def rows_of_notices(desk: Desk) -> list[dict[str, Any]]:
    return [dict(row) for row in await desk.connection.fetch("select * from status_message order by status_message_id")]


async def test_a_notice_is_added_listed_and_ended_at_the_command_line(
    database_url: str, desk: Desk, connection: Connection
) -> None:
    assert await run(database_url, "status", "list") == (0, "none\n")
    code, text = await run(
        database_url,
        *("status", "add", "--partner", "example", "--code", "late", "--message", "[b]The paper is late."),
        *("--product", "PAPER", "--postal-code-from", "0001", "--postal-code-to", "NO-0299"),
        *("--end", "2199-12-24"),
    )
    assert (code, text[:9]) == (0, "notice 1 ")
    assert text.endswith(" to 2199-12-24 00:00\n")
    code, text = await run(database_url, "status", "list")
    assert "example" in text
    assert "[b]The" in text
    assert "0299" in text
    # All of it is there, however narrow the terminal is.
    narrow = Program(database_url=database_url)
    narrow.environment["COLUMNS"] = "60"
    shown = (await asyncio.to_thread(narrow.run, "status", "list")).stdout
    assert "…" not in shown.partition("\n")[2]
    assert (await run(database_url, "status", "end", "1")) == (0, "notice 1 has ended\n")
    assert (await run(database_url, "status", "end", "1")) == (1, "Error: notice 1 has ended already\n")
    assert await run(database_url, "status", "list") == (0, "none\n")
    rows = await audit_rows(connection)
    assert [(row["action"], row["subject"]) for row in rows] == [("statusAdd", "status:1"), ("statusEnd", "status:1")]
    assert (rows[0]["after"]["code"], rows[0]["after"]["postal_code_to"]) == ("late", "0299")


async def add(desk: Desk, **fields: str) -> str:
    values = {"partner": "example", "code": "late", "message": "The paper is late."} | fields
    return await statuses.add_status(desk.connection, desk.clock, StatusFields(**values), ANNA)


async def test_times_are_of_the_partner_s_time_zone(desk: Desk) -> None:
    line = await add(desk, start="2198-06-30", end="2198-07-01T16:00")
    assert line == "notice 1 is shown from 2198-06-30 00:00 to 2198-07-01 16:00"
    [row] = await rows_of_notices(desk)
    assert row["start_time"] == datetime(2198, 6, 29, 22, tzinfo=UTC)
    assert row["end_time"] == datetime(2198, 7, 1, 14, tzinfo=UTC)


async def test_without_times_it_begins_now_and_does_not_end(desk: Desk, clock: Clock) -> None:
    before = clock.now()
    assert (await add(desk)).endswith(" until it is ended")
    [row] = await rows_of_notices(desk)
    assert before <= row["start_time"] <= clock.now()
    assert row["end_time"] is None


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"partner": "nobody"}, "--partner: there is no partner nobody"),
        ({"code": " "}, "--code: expected 1 to 40 characters"),
        ({"code": "x" * 41}, "--code: expected 1 to 40 characters"),
        ({"message": "\n"}, "--message: expected 1 to 1000 characters"),
        ({"message": "x" * 1001}, "--message: expected 1 to 1000 characters"),
        ({"product": "NOTHING"}, "--product: there is no product NOTHING"),
        ({"country": "XX"}, "--country: there is no country XX"),
        ({"postal_code_from": "0001"}, "--postal-code-from, --postal-code-to: expected both"),
        ({"postal_code_to": "0001"}, "--postal-code-from, --postal-code-to: expected both"),
        ({"postal_code_from": "0300", "postal_code_to": "0001"}, "the lower one first"),
        ({"postal_code_from": "300", "postal_code_to": "0301"}, "--postal-code-from: expected the 4 digits"),
        ({"country": "SE", "postal_code_from": "0001", "postal_code_to": "0301"}, "expected the 5 digits"),
        ({"country": "DE", "postal_code_from": "1", "postal_code_to": "20095"}, "as long as each other"),
        ({"start": "soon"}, "--start: expected a date or time"),
        ({"end": "2199-13-01"}, "--end: expected a date or time"),
        ({"end": "2000-01-01"}, "--end: expected a time after the start"),
        ({"start": "2199-01-02", "end": "2199-01-02"}, "--end: expected a time after the start"),
    ],
)
async def test_a_notice_that_cannot_be_is_one_clear_line(desk: Desk, fields: dict[str, str], problem: str) -> None:
    with pytest.raises(Failure) as refused:
        await add(desk, **fields)
    assert problem in str(refused.value)
    assert await rows_of_notices(desk) == []


async def test_an_area_of_another_country_is_kept_as_addresses_are(desk: Desk) -> None:
    await add(desk, country="se", postal_code_from="112 00", postal_code_to="SE-112 99")
    [row] = await rows_of_notices(desk)
    assert [row[name] for name in ("country_code", "postal_code_from", "postal_code_to")] == ["SE", "11200", "11299"]
    [listed] = await statuses.list_statuses(desk.connection, desk.clock, "example")
    assert listed[4] == "SE 11200 to 11299"


async def test_a_notice_that_has_not_begun_is_removed(desk: Desk, connection: Connection) -> None:
    await add(desk, start="2199-01-01")
    assert len(await statuses.list_statuses(connection, desk.clock, None)) == 1
    line = await statuses.end_status(connection, desk.clock, 1, ANNA)
    assert line == "notice 1 had not begun and is removed"
    assert await rows_of_notices(desk) == []
    assert (await audit_rows(connection))[-1]["action"] == "statusEnd"


async def test_a_notice_of_a_sandbox_begins_and_ends_by_its_time(desk: Desk, clock: Clock) -> None:
    await desk.connection.execute("update partner set sandbox = true, clock_ahead = '31 days' where partner_id = 1")
    await add(desk)
    [row] = await rows_of_notices(desk)
    assert row["start_time"] > clock.now() + timedelta(days=30)
    assert await statuses.end_status(desk.connection, clock, 1, ANNA) == "notice 1 has ended"
    [row] = await rows_of_notices(desk)
    assert row["end_time"] > clock.now() + timedelta(days=30)
