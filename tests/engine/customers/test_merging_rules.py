"""What is permitted, and what a customer is called, after a merge."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.engine.customers.merging import rules
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.privacy.permission.rules import Setting, shielded_channels
from tests.browser_session import Server, bearer
from tests.calling import shop
from tests.engine.customers.belongings import GOES, STAYS, Merger, insert
from tests.playground import Playground, Reader

LEVELS = [("", ""), ("NEWS", ""), ("NEWS", "SUB"), ("MAG", "")]
PURPOSES = st.sets(st.sampled_from([(e, o, p) for e, o in LEVELS[1:] for p in ("DM", "EM")]))
PERMISSIONS = st.dictionaries(
    st.sampled_from([(*level, channel) for level in LEVELS for channel in ("DM", "TM")]),
    st.sampled_from(["PERMISSION", "SHIELD"]),
).map(lambda found: {key: "SHIELD" if not key[0] else state for key, state in found.items()})
NAMES = st.sampled_from([None, "-", "Kari", "Ola"])
COLUMNS = st.fixed_dictionaries(dict.fromkeys((*rules.PERSON, *rules.COMPANY, *rules.ALONE), NAMES))


@given(PURPOSES, PURPOSES, st.booleans(), st.booleans())
def test_a_purpose_is_permitted_when_nobody_who_has_spoken_does_not_permit_it(
    into: set[Any], merged: set[Any], into_asked: bool, merged_asked: bool
) -> None:
    into_spoke, merged_spoke = bool(into) or into_asked, bool(merged) or merged_asked
    kept = rules.kept_purposes(into, merged, into_spoke=into_spoke, merged_spoke=merged_spoke)
    for own, spoke in ((into, into_spoke), (merged, merged_spoke)):
        assert not spoke or kept <= own
    assert kept >= into & merged
    assert kept <= into | merged


@given(PERMISSIONS, PERMISSIONS, st.booleans(), st.booleans())
def test_who_was_shielded_anywhere_is_shielded_there(
    into: dict[Any, str], merged: dict[Any, str], into_asked: bool, merged_asked: bool
) -> None:
    into_spoke, merged_spoke = bool(into) or into_asked, bool(merged) or merged_asked
    kept = rules.kept_permissions(into, merged, into_spoke=into_spoke, merged_spoke=merged_spoke)
    for enterprise, order_type in LEVELS:
        shielded = [set(shielded_at(found, enterprise, order_type)) for found in (into, merged, kept)]
        assert shielded[2] >= shielded[0] | shielded[1]
    for key, state in kept.items():
        if state == "PERMISSION":
            for own, spoke in ((into, into_spoke), (merged, merged_spoke)):
                assert not spoke or own[key] == "PERMISSION"


def shielded_at(found: dict[Any, str], enterprise: str, order_type: str) -> list[str]:
    return shielded_channels(
        [
            Setting(e, o, channel, state)
            for (e, o, channel), state in found.items()
            if e in {"", enterprise} and o in {"", order_type}
        ]
    )


@given(COLUMNS, COLUMNS)
def test_columns_are_taken_over_only_where_nothing_is_overwritten_or_mixed(
    into: dict[str, Any], merged: dict[str, Any]
) -> None:
    taken = rules.taken_columns(into, merged)
    for name, value in taken.items():
        assert into[name] in {None, "-"}
        assert value == merged[name]
    after = into | taken
    for group in (rules.PERSON, rules.COMPANY):
        took = any(name in taken for name in group)
        # Whose name it is afterwards: the one's, or what both together say.
        assert not took or all(merged[name] in {None, "-", after[name]} for name in group)
    left = rules.left_columns(into, merged)
    for name, value in merged.items():
        assert value in {None, "-", after[name]} or left[name] == value


async def permit(connection: Connection, clock: Clock, number: int, *channels: tuple[str, str]) -> None:
    for channel, state in channels:
        await insert(
            connection,
            "marketing_permission",
            customer_number=number,
            enterprise_code="NEWS",
            channel=channel,
            permission=state,
            changed_at=clock.now(),
        )


async def states(connection: Connection) -> dict[tuple[int, str], str]:
    found = await connection.fetch("select customer_number, channel, permission from marketing_permission")
    return {(row[0], row[1]): row[2] for row in found}


@pytest.fixture
async def two(playground: Playground) -> list[Reader]:
    """Both are there, and have never said anything."""
    return [await playground.add_reader(f"u{number}@example.no", number) for number in (GOES, STAYS)]


async def test_a_shield_of_either_stays(two: list[Reader], merge: Merger, connection: Connection, clock: Clock) -> None:
    await permit(connection, clock, GOES, ("DM", "SHIELD"), ("TM", "PERMISSION"))
    await permit(connection, clock, STAYS, ("DM", "PERMISSION"), ("TM", "SHIELD"))
    clock.move(timedelta(1))
    result = await merge()
    assert await states(connection) == {(STAYS, "DM"): "SHIELD", (STAYS, "TM"): "SHIELD"}
    assert len(result.let_go["permissions"]) == 2


async def test_what_only_one_permits_stays_if_the_other_has_never_spoken(
    two: list[Reader], merge: Merger, connection: Connection, clock: Clock
) -> None:
    await permit(connection, clock, GOES, ("DM", "PERMISSION"))
    given = await connection.fetchval("select changed_at from marketing_permission")
    clock.move(timedelta(1))
    assert "permissions" not in (await merge()).let_go
    assert await states(connection) == {(STAYS, "DM"): "PERMISSION"}
    assert await connection.fetchval("select changed_at from marketing_permission") == given


async def test_a_withdrawal_counts_though_it_leaves_no_row(
    server: Server, two: list[Reader], merge: Merger, connection: Connection, clock: Clock
) -> None:
    await permit(connection, clock, STAYS, ("DM", "PERMISSION"))
    await insert(
        connection,
        "privacy_permission",
        customer_number=STAYS,
        enterprise_code="NEWS",
        purpose="DM",
        changed_at=clock.now(),
    )
    headers = bearer(await server.user_token(two[0].credential))
    changes: dict[str, list[Any]] = {
        "pbm/NEWS": [{"channels": [{"type": state, "value": "DM"}]} for state in ("PERMISSION", "NONE")],
        "privacy/NEWS": [{"permission": [{"purpose": "DM"}]}, {"permission": []}],
    }
    for path, bodies in changes.items():
        for body in bodies:
            answer = await server.http.post(f"/capi/v1/customer/{path}", json=body, headers=headers)
            assert answer.status_code == 200, answer.text
    assert await connection.fetchval("select count(*) from marketing_permission where customer_number = $1", GOES) == 0
    result = await merge()
    assert await states(connection) == {}
    assert await connection.fetchval("select count(*) from privacy_permission") == 0
    assert result.let_go["permissions"] == [{"enterprise": "NEWS", "orderType": "", "channel": "DM"}]
    assert result.let_go["purposes"] == [{"enterprise": "NEWS", "orderType": "", "purpose": "DM"}]
    # It counts in the next merge as well, and so does what that let go.
    await two_more(connection, clock)
    await permit(connection, clock, 1003, ("DM", "PERMISSION"))
    await merge(STAYS, 1003)
    assert await states(connection) == {}


async def two_more(connection: Connection, clock: Clock) -> None:
    await connection.execute(
        "insert into customer (partner_id, customer_number, created_at) values (1, 1003, $1)", clock.now()
    )


async def test_what_a_merge_let_go_counts_in_the_next_one(
    two: list[Reader], merge: Merger, connection: Connection, clock: Clock
) -> None:
    await two_more(connection, clock)
    await permit(connection, clock, GOES, ("DM", "PERMISSION"))
    await permit(connection, clock, STAYS, ("TM", "PERMISSION"))
    await permit(connection, clock, 1003, ("DM", "PERMISSION"), ("TM", "PERMISSION"))
    await merge()
    assert await states(connection) == {(1003, "DM"): "PERMISSION", (1003, "TM"): "PERMISSION"}
    await merge(STAYS, 1003)
    assert await states(connection) == {}


async def test_the_level_of_a_client_is_asked_of_who_stays(
    server: Server, two: list[Reader], merge: Merger, connection: Connection, clock: Clock
) -> None:
    await permit(connection, clock, GOES, ("TM", "SHIELD"))
    await merge()
    found = await (await shop(server)).get(f"/customer/pbm/{STAYS}/NEWS")
    assert found == {"channels": [{"type": "SHIELD", "value": "TM"}]}
