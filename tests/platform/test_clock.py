"""The one clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from kolofon.platform.clock import Clock, epoch_milliseconds
from tests.browser_session import Server, bearer
from tests.playground import Playground, Reader


def test_it_tells_the_machines_time_in_utc() -> None:
    before = datetime.now(UTC)
    found = Clock().now()
    assert before <= found <= datetime.now(UTC)
    assert found.tzinfo is UTC


@given(st.lists(st.timedeltas(timedelta(days=-3000), timedelta(days=3000)), max_size=5))
def test_it_can_be_moved_both_ways_and_its_two_readings_agree(moves: list[timedelta]) -> None:
    clock = Clock()
    for move in moves:
        clock.move(move)
    expected = datetime.now(UTC) + sum(moves, timedelta())
    # A minute is more than the machine takes between the readings, and less than any mistake of the offset shows.
    assert abs(clock.now() - expected) < timedelta(minutes=1)
    assert abs(clock.seconds() - clock.now().timestamp()) < 60


def test_clocks_are_moved_one_by_one() -> None:
    moved, other = Clock(), Clock()
    moved.move(timedelta(days=1))
    assert moved.now() - other.now() > timedelta(hours=23)


def test_the_api_tells_times_in_whole_milliseconds_since_1970_whatever_the_zone() -> None:
    time = datetime(2024, 10, 27, 0, 30, 0, 123_600, UTC)
    assert epoch_milliseconds(time) == 1_729_989_000_124
    # The same hour of the clock comes twice in Oslo that night.
    oslo = ZoneInfo("Europe/Oslo")
    first = datetime(2024, 10, 27, 2, 30, tzinfo=oslo)
    assert epoch_milliseconds(first.replace(fold=1)) - epoch_milliseconds(first) == 3_600_000
    assert epoch_milliseconds(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1000


async def test_the_server_lives_by_it(server: Server, playground: Playground, reader: Reader) -> None:
    headers = bearer(await server.user_token(reader.credential))
    assert (await server.http.get("/capi/v1/user/profile", headers=headers)).status_code == 200
    playground.clock.move(timedelta(hours=13))
    assert (await server.http.get("/capi/v1/user/profile", headers=headers)).status_code == 401
    playground.clock.move(timedelta(hours=-13))
    assert (await server.http.get("/capi/v1/user/profile", headers=headers)).status_code == 200
