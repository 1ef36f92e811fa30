import asyncio
from datetime import date, timedelta

import asyncpg
import pytest

from kolofon.engine.subscriptions import changing, queries
from kolofon.engine.subscriptions.running import change_states
from kolofon.platform.database import prepare_connection
from kolofon.platform.errors import Conflict, InvalidRequest, NotFound
from tests.engine.subscriptions.desk import ACTOR, Desk, open_desk
from tests.playground import Playground

CUSTOMER = 1001


async def pause(desk: Desk, subscription_id: int, first: date, until: date | None) -> None:
    key = (CUSTOMER, subscription_id)
    await changing.pause(desk.connection, desk.partner, desk.now, key, (first, until), ACTOR)


async def test_nothing_happens_before_its_time(desk: Desk) -> None:
    await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    assert await desk.live() == 0
    desk.go_to(desk.day(14) - timedelta(seconds=1))
    assert await desk.live() == 0


async def test_after_a_long_sleep_all_that_was_due_has_happened_at_its_time(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False, start_time=desk.day(5))
    due = [desk.day(5), desk.day(19)]
    desk.go_to(desk.day(100))
    assert await desk.live() == 2
    assert await desk.live() == 0
    rows = await desk.connection.fetch("select changed_at from subscription_change order by subscription_change_id")
    assert [row["changed_at"] for row in rows[1:]] == due
    assert await desk.causes(started.subscription_id) == [
        (None, "waiting", "ordered"),
        ("waiting", "stopping", "begun"),
        ("stopping", "stopped", "ended"),
    ]
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "stop"]


async def test_many_are_changed_in_portions_and_none_twice_by_two_workers(desk: Desk, database_url: str) -> None:
    for number in range(2001, 2031):
        await desk.order(await desk.customer(number), ("TRIAL", 5), costs=False)
    desk.go_to(desk.day(20))

    async def work() -> int:
        connection = await asyncpg.connect(database_url)
        await prepare_connection(connection)
        changed = 0
        while done := await change_states(connection, desk.partner, desk.now, 4):
            assert done <= 4
            changed += done
        await connection.close()
        return changed

    assert sum(await asyncio.gather(*(work() for _ in range(4)))) == 30
    assert await desk.connection.fetchval("select count(*) from subscription where state = 'stopped'") == 30
    assert await desk.connection.fetchval("select count(*) from subscription_change where cause = 'ended'") == 30
    assert await desk.connection.fetchval("select count(*) from event where status = 'stop'") == 30


async def test_the_run_takes_what_is_due_by_its_index(desk: Desk) -> None:
    await desk.connection.execute("set enable_seqscan = off")
    rows = await desk.connection.fetch(f"explain {queries.TAKE_DUE}", 1, desk.now, 1000)
    plan = "\n".join(row[0] for row in rows)
    assert "subscription_due_change" in plan
    assert "Seq Scan" not in plan


async def test_the_run_of_one_partner_leaves_those_of_another_alone(desk: Desk, playground: Playground) -> None:
    other = await open_desk(playground, 2)
    await other.customer(CUSTOMER)
    theirs = await other.order(CUSTOMER, ("TRIAL", 5), costs=False)
    desk.go_to(desk.day(20))
    assert await desk.live() == 0
    assert (await desk.row(theirs.subscription_id))["state"] == "stopping"
    assert await other.live() == 1


async def test_a_change_by_hand_in_progress_is_not_waited_for(desk: Desk, database_url: str) -> None:
    started = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    desk.go_to(desk.day(20))
    other = await asyncpg.connect(database_url)
    await prepare_connection(other)
    async with other.transaction():
        await queries.lock_subscription(other, 1, CUSTOMER, started.subscription_id)
        assert await desk.live() == 0
    await other.close()
    assert await desk.live() == 1


async def test_a_planned_pause_begins_and_ends_by_itself_and_is_given_back(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("DIGI", 1))
    await desk.order(CUSTOMER, ("DIGI", 1))
    await pause(desk, started.subscription_id, desk.today + timedelta(days=5), desk.today + timedelta(days=15))
    assert (await desk.row(started.subscription_id))["state"] == "active"
    desk.go_to(desk.day(6))
    await desk.live()
    row = await desk.row(started.subscription_id)
    assert row["state"] == "paused"
    assert await desk.connection.fetchval("select renew_at = 'infinity' from subscription") is True
    desk.go_to(desk.day(20))
    await desk.live()
    # From 15 January and 15 February, ten days later each: but the first began before the pause.
    assert await desk.periods(started.subscription_id) == [
        (date(2027, 1, 15), date(2027, 2, 25)),
        (date(2027, 2, 25), date(2027, 3, 25)),
    ]
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["pause_from"], row["change_at"]) == ("active", None, None)
    assert row["renew_at"] == row["end_time"] - timedelta(days=14)
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "renew", "stop", "stop_reset"]


async def test_a_pause_without_an_end_lasts_till_it_is_resumed(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    await pause(desk, started.subscription_id, desk.today, None)
    assert (await desk.row(started.subscription_id))["state"] == "paused"
    desk.go_to(desk.day(100) + timedelta(hours=9))
    assert await desk.live() == 0
    key = (CUSTOMER, started.subscription_id)
    await changing.resume(desk.connection, desk.partner, desk.now, key, ACTOR)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["end_time"], row["paid_until"]) == ("stopping", desk.day(14), desk.day(14))
    assert row["change_at"] == desk.day(14)
    assert await desk.periods(started.subscription_id) == [(date(2027, 1, 15), desk.today + timedelta(days=14))]
    with pytest.raises(Conflict):
        await changing.resume(desk.connection, desk.partner, desk.now, key, ACTOR)


async def test_a_pause_that_cannot_be_is_refused(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    with pytest.raises(InvalidRequest, match="from:"):
        await pause(desk, started.subscription_id, desk.today - timedelta(days=1), None)
    with pytest.raises(InvalidRequest, match="until:"):
        await pause(desk, started.subscription_id, desk.today, desk.today)
    with pytest.raises(Conflict):
        await pause(desk, started.subscription_id, desk.today + timedelta(days=14), None)
    waiting = await desk.order(CUSTOMER, ("DIGI", 1), start_time=desk.day(40))
    with pytest.raises(Conflict):
        await pause(desk, waiting.subscription_id, desk.today, None)


async def test_a_stop_at_the_end_of_the_period_can_be_withdrawn(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("DIGI", 1))
    key = (CUSTOMER, started.subscription_id)
    before = await desk.row(started.subscription_id)
    end = await changing.stop_at_period_end(desk.connection, desk.partner, desk.now, key, "too dear", ACTOR)
    row = await desk.row(started.subscription_id)
    assert end == row["end_time"] == row["change_at"]
    assert (row["state"], row["renew_at"], row["stop_reason"]) == ("stopping", None, "too dear")
    await changing.withdraw_stop(desk.connection, desk.partner, desk.now, key, ACTOR)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["renew_at"], row["stop_reason"], row["change_at"]) == (
        "active",
        before["renew_at"],
        None,
        None,
    )
    with pytest.raises(Conflict):
        await changing.withdraw_stop(desk.connection, desk.partner, desk.now, key, ACTOR)
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start"]


async def test_a_stop_now_is_told_of_at_once_and_is_done_once(desk: Desk) -> None:
    started = await desk.order(CUSTOMER, ("DIGI", 1))
    key = (CUSTOMER, started.subscription_id)
    desk.clock.move(timedelta(days=3))
    now = desk.now
    await changing.stop_now(desk.connection, desk.partner, now, key, "moved abroad", ACTOR)
    row = await desk.row(started.subscription_id)
    assert (row["state"], row["end_time"], row["renew_at"], row["stop_reason"]) == (
        "stopped",
        now,
        None,
        "moved abroad",
    )
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "stop"]
    with pytest.raises(Conflict):
        await changing.stop_now(desk.connection, desk.partner, now, key, "again", ACTOR)


async def test_another_delivery_plan_is_told_of_and_the_same_one_is_not(desk: Desk) -> None:
    paper = await desk.order(CUSTOMER, ("PAPER", 10))
    key = (CUSTOMER, paper.subscription_id)
    await changing.change_delivery_plan(desk.connection, desk.partner, desk.now, key, 3, ACTOR)
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start"]
    await desk.connection.execute("update subscription set delivery_plan_id = null")
    await changing.change_delivery_plan(desk.connection, desk.partner, desk.now, key, 3, ACTOR)
    assert (await desk.row(paper.subscription_id))["delivery_plan_id"] == 3
    assert [event[0] for event in await desk.events(CUSTOMER)] == ["start", "deliveryplan_changed"]
    digital = await desk.order(CUSTOMER, ("DIGI", 1))
    with pytest.raises(InvalidRequest):
        await changing.change_delivery_plan(
            desk.connection, desk.partner, desk.now, (CUSTOMER, digital.subscription_id), 3, ACTOR
        )


async def test_nobody_changes_what_is_another_customers_or_another_partners(desk: Desk, playground: Playground) -> None:
    started = await desk.order(CUSTOMER, ("DIGI", 1))
    other = await open_desk(playground, 2)
    for partner, number in ((desk.partner, await desk.customer(1002)), (other.partner, CUSTOMER)):
        key = (number, started.subscription_id)
        with pytest.raises(NotFound):
            await changing.stop_now(desk.connection, partner, desk.now, key, "", ACTOR)
    assert (await desk.row(started.subscription_id))["state"] == "active"
