"""Who is staff, and what that means, in the publisher file."""

from pathlib import Path

import pytest

from kolofon.catalogue.memory import Staff, read_catalogue
from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.catalogue.publisher_files import SMALL, Shelf

STAFF = """\
staff:
  emailDomains: [Liten.example]
  credentials: [Redaktor@annet.example, "40 00 00 01"]
  secondFactor: required
"""


@pytest.fixture
def shelf(tmp_path: Path, connection: Connection, clock: Clock) -> Shelf:
    return Shelf(tmp_path, connection, clock)


async def loaded(connection: Connection) -> Staff:
    partner_id = await connection.fetchval("select partner_id from partner where partner_code = 'liten'")
    return (await read_catalogue(connection)).partner(partner_id).staff


async def test_staff_reaches_the_memory_as_credentials_are_stored_and_goes_with_the_section(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SMALL)
    assert await loaded(connection) == Staff()
    assert (await shelf.load(SMALL + STAFF)).has_changed
    staff = await loaded(connection)
    assert staff == Staff(
        frozenset({"liten.example"}), frozenset({"redaktor@annet.example", "+4740000001"}), second_factor=True
    )
    assert not (await shelf.load(SMALL + STAFF)).has_changed
    await shelf.load(SMALL)
    assert await loaded(connection) == Staff()


@pytest.mark.parametrize(
    ("credential", "is_staff"),
    [
        ("kari@liten.example", True),
        ("kari@desk.liten.example", True),
        ("+4740000001", True),
        ("kari@notliten.example", False),
        ("kari@liten.example.evil.example", False),
        ("liten.example@evil.example", False),
        ("AID:liten.example", False),
        ("+4740000002", False),
    ],
)
def test_domains_and_those_below_them_count_and_nothing_that_looks_alike(credential: str, is_staff: bool) -> None:
    staff = Staff(frozenset({"liten.example"}), frozenset({"+4740000001"}), second_factor=True)
    assert staff.includes(credential) is is_staff


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("staff: {emailDomains: ['@liten.example']}", r"staff\.emailDomains\[0\]: expected a domain"),
        ("staff: {credentials: [nobody]}", r"staff\.credentials\[0\]: expected an e-mail address"),
        ("staff: {credentials: [a@b.example, a@b.example]}", r"staff\.credentials\[1\]: expected once"),
        ("staff: {secondFactor: maybe, emailDomains: [b.example]}", r"staff\.secondFactor"),
        ("staff: {secondFactor: required}", r"staff\.secondFactor: expected emailDomains or credentials"),
        ("staff: {domains: [b.example]}", r"staff\.domains"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_place(shelf: Shelf, section: str, message: str) -> None:
    with pytest.raises(PublisherFileError, match=message):
        await shelf.load(f"{SMALL}{section}\n")
