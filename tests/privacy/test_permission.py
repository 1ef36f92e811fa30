"""Permissions and shields per channel: four operations of the customer to list and change, two shield checks."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.privacy.permission.rules import Setting, shielded_channels
from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_SECRET, WEB, Playground, Reader
from tests.privacy.customer import Customer, audit_rows, customer

LEVELS = ("pbm/NEWS", "pbm/NEWS/SUB")


def channels(**states: str) -> dict[str, Any]:
    return {"channels": [{"type": state, "value": channel} for channel, state in states.items()]}


@pytest.fixture
async def kari(server: Server, reader: Reader) -> Customer:
    return await customer(server, reader.credential)


async def shield_globally(connection: Connection, customer_number: int, channel: str, partner_id: int = 1) -> None:
    await connection.execute(
        """
        insert into marketing_permission (partner_id, customer_number, channel, permission, changed_at)
        values ($1, $2, $3, 'SHIELD', '2025-01-01Z')
        """,
        partner_id,
        customer_number,
        channel,
    )


async def shielded(server: Server, path: str, *client: str) -> list[str]:
    answer = await server.http.get(
        f"/capi/v1/client/customer/pbm/{path}", headers=bearer(await server.client_token(*client))
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()["channels"]
    assert {entry["type"] for entry in found} <= {"SHIELD"}
    return [entry["value"] for entry in found]


@pytest.mark.parametrize("level", LEVELS)
async def test_every_channel_is_listed_and_is_none_until_it_is_set(kari: Customer, level: str) -> None:
    assert await kari(level) == channels(DM="NONE", TM="NONE")


@pytest.mark.parametrize("level", LEVELS)
async def test_a_change_sets_what_it_names_and_keeps_the_rest(kari: Customer, level: str) -> None:
    assert await kari(level, channels(DM="PERMISSION")) == channels(DM="PERMISSION", TM="NONE")
    assert await kari(level, channels(TM="SHIELD")) == channels(DM="PERMISSION", TM="SHIELD")
    assert await kari(level, channels(DM="SHIELD")) == channels(DM="SHIELD", TM="SHIELD")
    assert await kari(level) == channels(DM="SHIELD", TM="SHIELD")


@pytest.mark.parametrize("level", LEVELS)
async def test_none_takes_a_permission_or_shield_back(kari: Customer, connection: Connection, level: str) -> None:
    await kari(level, channels(DM="PERMISSION", TM="SHIELD"))
    assert await kari(level, channels(DM="NONE")) == channels(DM="NONE", TM="SHIELD")
    assert await kari(level, channels(TM="NONE")) == channels(DM="NONE", TM="NONE")
    assert await connection.fetchval("select count(*) from marketing_permission") == 0


@pytest.mark.parametrize("body", [{}, {"channels": None}, {"channels": []}])
async def test_a_body_that_names_no_channel_changes_nothing(
    kari: Customer, connection: Connection, body: dict[str, Any]
) -> None:
    await kari("pbm/NEWS", channels(DM="SHIELD"))
    assert await kari("pbm/NEWS", body) == channels(DM="SHIELD", TM="NONE")
    assert len(await audit_rows(connection)) == 1


async def test_every_level_is_read_and_written_on_its_own(kari: Customer, connection: Connection) -> None:
    await shield_globally(connection, 1001, "TM")
    await kari("pbm/NEWS", channels(DM="SHIELD"))
    await kari("pbm/NEWS/SUB", channels(DM="PERMISSION"))
    paths = ("pbm", "pbm/NEWS", "pbm/NEWS/SUB", "pbm/NEWS/NL", "pbm/MAG")
    assert [await kari(path) for path in paths] == [
        channels(DM="NONE", TM="SHIELD"),
        channels(DM="SHIELD", TM="NONE"),
        channels(DM="PERMISSION", TM="NONE"),
        channels(DM="NONE", TM="NONE"),
        channels(DM="NONE", TM="NONE"),
    ]


async def test_the_global_level_can_only_be_read(kari: Customer, connection: Connection) -> None:
    await shield_globally(connection, 1001, "DM")
    answer = await kari.send("pbm", channels(DM="NONE"))
    assert (answer.status_code, answer.json()["exceptionType"]) == (405, "MethodNotAllowedException")
    assert await kari("pbm") == channels(DM="SHIELD", TM="NONE")


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("pbm/NEWS", channels(DM="PERMISSION", XX="SHIELD"), 400, "channels[1].value: there is no channel XX"),
        ("pbm/NEWS", channels(DM="PERMISSION", TM="MAYBE"), 400, "channels[1].type"),
        ("pbm/NEWS", channels(DM="PERMISSION", dm="SHIELD"), 400, "channels[1].value: there is no channel dm"),
        ("pbm/NEWS", channels(**{"X" * 13: "SHIELD"}), 400, "channels[0].value"),
        ("pbm/NEWS", {"channels": [{"value": "DM"}]}, 400, "channels[0]: expected both type and value"),
        ("pbm/NEWS", {"channels": [{"type": "SHIELD"}]}, 400, "channels[0]: expected both type and value"),
        (
            "pbm/NEWS",
            {"channels": [{"type": "SHIELD", "value": "DM"}, {"type": "NONE", "value": "DM"}]},
            400,
            "channels[1].value: DM is named twice",
        ),
        ("pbm/" + "N" * 13, channels(DM="SHIELD"), 400, "enterpriseCode"),
        ("pbm/NEWS/" + "N" * 13, channels(DM="SHIELD"), 400, "orderType"),
        ("pbm/" + "N" * 12, channels(DM="SHIELD"), 404, "enterpriseCode"),
        ("pbm/MAG/SUB", channels(DM="SHIELD"), 404, "orderType"),
    ],
)
async def test_what_is_wrong_is_named_and_leaves_all_as_it_was(
    kari: Customer, connection: Connection, path: str, body: object, status: int, field: str
) -> None:
    await kari("pbm/NEWS", channels(TM="SHIELD"))
    refusal = await kari.refusal(path, body)
    assert refusal[0] == status, refusal
    assert field in refusal[1], refusal
    assert await kari("pbm/NEWS") == channels(DM="NONE", TM="SHIELD")
    assert len(await audit_rows(connection)) == 1


async def test_a_change_is_written_down_with_who_what_from_and_to(
    kari: Customer, connection: Connection, reader: Reader
) -> None:
    await kari("pbm/NEWS", channels(DM="PERMISSION"))
    await kari("pbm/NEWS", channels(DM="NONE", TM="SHIELD"))
    await kari("pbm/NEWS/SUB", channels(DM="SHIELD"))
    who = {"partner_id": 1, "actor": f"user:{reader.unique_id.hex}", "client_id": WEB, "subject": "customer:1001"}

    def level(order_type: str, **states: str) -> dict[str, Any]:
        return {"enterprise": "NEWS", "orderType": order_type, "channels": states}

    enterprise, order_type = "changeEnterprisePermissions", "changeOrdertypePermissions"
    assert await audit_rows(connection) == [
        who | {"action": enterprise, "before": level(""), "after": level("", DM="PERMISSION")},
        who | {"action": enterprise, "before": level("", DM="PERMISSION"), "after": level("", TM="SHIELD")},
        who | {"action": order_type, "before": level("SUB"), "after": level("SUB", DM="SHIELD")},
    ]


@pytest.mark.parametrize("level", LEVELS)
async def test_nothing_is_written_when_nothing_changed(
    kari: Customer, connection: Connection, clock: Clock, level: str
) -> None:
    await kari(level, channels(DM="PERMISSION"))
    stored = await connection.fetch("select xmin::text, * from marketing_permission")
    clock.move(timedelta(minutes=1))
    assert await kari(level, channels(DM="PERMISSION", TM="NONE")) == channels(DM="PERMISSION", TM="NONE")
    assert await connection.fetch("select xmin::text, * from marketing_permission") == stored
    assert len(await audit_rows(connection)) == 1


async def test_changes_of_two_channels_at_the_same_moment_are_both_kept(kari: Customer, connection: Connection) -> None:
    for state in ("SHIELD", "PERMISSION", "NONE") * 2:
        await kari.at_once("pbm/NEWS", [channels(DM=state), channels(TM=state)])
        assert await kari("pbm/NEWS") == channels(DM=state, TM=state)
    rows = await audit_rows(connection)
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]


async def test_changes_of_one_channel_at_the_same_moment_come_one_after_another(
    kari: Customer, connection: Connection
) -> None:
    states = ("SHIELD", "PERMISSION", "NONE") * 3
    answers = await kari.at_once("pbm/NEWS", [channels(DM=state) for state in states])
    assert answers == [channels(DM=state, TM="NONE") for state in states]
    rows = await audit_rows(connection)
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]
    assert await kari("pbm/NEWS") == channels(DM=rows[-1]["after"]["channels"].get("DM", "NONE"), TM="NONE")


async def test_a_change_that_fails_half_way_leaves_nothing_half_done(kari: Customer, connection: Connection) -> None:
    await kari("pbm/NEWS", channels(DM="PERMISSION"))
    # The last thing a change does is to write the audit row.
    await connection.execute("alter table audit_log add constraint full_up check (audit_id < 2)")
    assert (await kari.send("pbm/NEWS", channels(DM="NONE", TM="SHIELD"))).status_code == 500
    assert await kari("pbm/NEWS") == channels(DM="PERMISSION", TM="NONE")
    assert len(await audit_rows(connection)) == 1


async def test_who_is_no_customer_has_no_permissions(server: Server, playground: Playground) -> None:
    await playground.add_reader("loner@example.no")
    loner = await customer(server, "loner@example.no")
    for path, body in (("pbm", None), ("pbm/NEWS", None), ("pbm/NEWS", channels(DM="SHIELD"))):
        assert await loner.refusal(path, body) == (404, "the user is not a customer here")


async def test_a_shield_on_any_level_counts_down_to_the_narrower_ones(
    server: Server, kari: Customer, connection: Connection
) -> None:
    paths = ("1001/NEWS", "1001/NEWS/SUB", "1001/NEWS/NL", "1001/MAG")
    assert [await shielded(server, path) for path in paths] == [[], [], [], []]
    await kari("pbm/NEWS/SUB", channels(DM="SHIELD"))
    assert [await shielded(server, path) for path in paths] == [[], ["DM"], [], []]
    await kari("pbm/NEWS", channels(DM="SHIELD"))
    assert [await shielded(server, path) for path in paths] == [["DM"], ["DM"], ["DM"], []]
    await shield_globally(connection, 1001, "TM")
    assert [await shielded(server, path) for path in paths] == [["DM", "TM"], ["DM", "TM"], ["DM", "TM"], ["TM"]]


async def test_a_narrower_permission_lifts_a_wider_shield(
    server: Server, kari: Customer, connection: Connection
) -> None:
    paths = ("1001/NEWS", "1001/NEWS/SUB", "1001/NEWS/NL", "1001/MAG")
    await shield_globally(connection, 1001, "TM")
    await kari("pbm/NEWS", channels(TM="PERMISSION"))
    assert [await shielded(server, path) for path in paths] == [[], [], [], ["TM"]]
    await kari("pbm/NEWS/NL", channels(TM="SHIELD"))
    assert [await shielded(server, path) for path in paths] == [[], [], ["TM"], ["TM"]]
    await kari("pbm/NEWS", channels(TM="NONE"))
    await kari("pbm/NEWS/SUB", channels(TM="PERMISSION"))
    assert [await shielded(server, path) for path in paths] == [["TM"], [], ["TM"], ["TM"]]


async def test_a_client_sees_only_the_shields_of_its_own_partner(
    server: Server, playground: Playground, reader: Reader, kari: Customer
) -> None:
    await kari("pbm/NEWS", channels(DM="SHIELD"))
    answer = await server.http.get(
        "/capi/v1/client/customer/pbm/1001/NEWS", headers=bearer(await server.client_token(OTHER, OTHER_SECRET))
    )
    assert answer.status_code == 404
    await playground.link(reader.unique_id, 1001, partner_id=2)
    await shield_globally(playground.connection, 1001, "TM", partner_id=2)
    assert await shielded(server, "1001/NEWS", OTHER, OTHER_SECRET) == ["TM"]
    assert await shielded(server, "1001/NEWS") == ["DM"]


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("1002/NEWS", 404, "customerNumber"),
        ("1002/NEWS/SUB", 404, "customerNumber"),
        ("1001/XX", 404, "enterpriseCode"),
        ("1001/MAG/SUB", 404, "orderType"),
        ("0/NEWS", 400, "customerNumber"),
        (f"{2**53}/NEWS", 400, "customerNumber"),
        ("1001/" + "N" * 13, 400, "enterpriseCode"),
        ("1001/NEWS/" + "N" * 13, 400, "orderType"),
    ],
)
async def test_a_shield_check_says_what_is_wrong_with_its_path(
    server: Server, reader: Reader, path: str, status: int, field: str
) -> None:
    token = await server.client_token()
    answer = await server.http.get(f"/capi/v1/client/customer/pbm/{path}", headers=bearer(token))
    assert answer.status_code == status, answer.text
    assert answer.json()["errorMessage"].startswith(field)


settings = st.builds(
    lambda level, channel, permission: Setting(level[0], level[1], channel, permission if level[0] else "SHIELD"),
    st.sampled_from([("", ""), ("NEWS", ""), ("NEWS", "SUB")]),
    st.sampled_from(["DM", "TM", "EM"]),
    st.sampled_from(["PERMISSION", "SHIELD"]),
)
# As the table's primary key has it: one state per level and channel.
setting_lists = st.lists(settings, unique_by=lambda s: (s.enterprise_code, s.order_type, s.channel))


def naive_shields(found: list[Setting]) -> list[str]:
    """As the reference words it: some level has a SHIELD, and no narrower level has a PERMISSION."""
    widths = [("", ""), ("NEWS", ""), ("NEWS", "SUB")]

    def lifted(shield: Setting) -> bool:
        narrower = widths[widths.index((shield.enterprise_code, shield.order_type)) + 1 :]
        return any(
            s.permission == "PERMISSION"
            and s.channel == shield.channel
            and (s.enterprise_code, s.order_type) in narrower
            for s in found
        )

    return sorted({s.channel for s in found if s.permission == "SHIELD" and not lifted(s)})


@given(setting_lists)
def test_a_channel_is_shielded_when_a_shield_is_lifted_by_no_narrower_permission(found: list[Setting]) -> None:
    assert shielded_channels(found) == naive_shields(found)


@given(setting_lists, st.randoms(use_true_random=False))
def test_the_order_of_settings_does_not_matter(found: list[Setting], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert shielded_channels(shuffled) == shielded_channels(found)
