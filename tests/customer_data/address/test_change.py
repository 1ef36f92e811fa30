"""Change addresses: update, delete, create, createPermanent, and what each refuses."""

from typing import Any

import pytest

from tests.customer_data.address.mover import Mover, id_of

PAPER = {"product": "PAPER"}
BOTH = {"product": "PAPER,MAG"}
KIRKEVEIEN = Mover.storgata | {"streetAddress": "Kirkeveien"}
NYGATA = Mover.storgata | {"streetAddress": "Nygata"}


async def test_the_first_address_counts_from_today(kari: Mover) -> None:
    assert [a["streetAddress"] for a in await kari("update", Mover.storgata)] == ["Storgata"]


@pytest.mark.parametrize("product", [{}, PAPER, {"product": "PAPER, MAG"}])
async def test_an_update_without_id_changes_the_home_address_whatever_the_product(
    at_home: Mover, product: dict[str, Any]
) -> None:
    await at_home.days_go_by(1)
    await at_home("update", KIRKEVEIEN, product)
    assert await at_home.short() == [("current", "Kirkeveien", None), ("historical", "Storgata", None)]


async def test_an_update_may_name_the_home_address(at_home: Mover) -> None:
    await at_home("update", KIRKEVEIEN, id_of(await at_home.listed(), "Storgata"))
    assert await at_home.short() == [("current", "Kirkeveien", None)]


async def test_a_correction_lasts_until_the_move_that_is_planned(at_home: Mover) -> None:
    await at_home("createPermanent", NYGATA, at_home.period(10))
    await at_home("update", KIRKEVEIEN)
    assert await at_home.short() == [("current", "Kirkeveien", None), ("future", "Nygata", None)]
    await at_home.days_go_by(10)
    assert await at_home.short() == [("current", "Nygata", None), ("historical", "Kirkeveien", None)]


async def test_the_sample_of_the_reference_sends_a_postal_code_as_a_number(kari: Mover) -> None:
    [home] = await kari("update", Mover.storgata | {"postalCode": 150, "streetNumber": "12"})
    assert (home["postalCode"], home["streetNumber"]) == ("0150", 12)


async def test_an_address_for_post_only_is_enough(kari: Mover) -> None:
    box = {"postalAddress": "Postboks 7", "postalAddressPostalCode": 101, "postalAddressPostalPlace": "OSLO"}
    [home] = await kari("update", box | {"countryCode": "no"})
    assert (home["postalAddress"], home["postalAddressPostalCode"]) == ("Postboks 7", "0101")
    assert (home["postalCode"], home["postalPlace"], home["countryCode"]) == ("0101", "OSLO", "NO")


async def test_the_dates_of_a_change_move(at_home: Mover) -> None:
    planned = id_of(await at_home("create", PAPER, Mover.cabin, at_home.period(5, 9)), "Hytteveien", "PAPER")
    for period in (at_home.period(7, 12), at_home.period(first=6), at_home.period(last=8)):
        await at_home("update", planned, period)
    _, change = await at_home.listed()
    assert change["period"] == _wire(at_home, 6, 8)


async def test_a_change_that_has_begun_can_be_ended_today_at_the_earliest(at_home: Mover) -> None:
    running = id_of(await at_home("create", PAPER, Mover.cabin, at_home.period(0)), "Hytteveien", "PAPER")
    await at_home.days_go_by(3)
    refusal = await at_home.refusal("update", running, at_home.period(last=-1))
    assert refusal.startswith("period.endTime: ")
    assert (await at_home.refusal("update", running, at_home.period(first=1))).startswith("period.startTime: ")
    await at_home("update", running, at_home.period(first=-3, last=0))
    assert (await at_home.short())[1] == ("current", "Hytteveien", "PAPER")
    await at_home.days_go_by(1)
    assert (await at_home.short())[1] == ("historical", "Hytteveien", "PAPER")


async def test_a_planned_move_gets_another_first_day_and_home_lasts_until_then(at_home: Mover) -> None:
    planned = id_of(await at_home("createPermanent", NYGATA, at_home.period(10)), "Nygata")
    for first in (20, 5):
        _, move = await at_home("update", planned, at_home.period(first))
        assert move["period"] == _wire(at_home, first)
    assert [a["streetAddress"] for a in await at_home("update", planned, at_home.period(0))] == ["Nygata"]


async def test_two_moves_split_the_time_and_cannot_pass_each_other(at_home: Mover) -> None:
    await at_home("createPermanent", NYGATA, at_home.period(20))
    listed = await at_home("createPermanent", KIRKEVEIEN, at_home.period(10))
    assert [a["streetAddress"] for a in listed] == ["Storgata", "Kirkeveien", "Nygata"]
    first, second = id_of(listed, "Kirkeveien"), id_of(listed, "Nygata")
    for which, day in ((first, 20), (first, 30), (second, 10), (second, 3)):
        assert (await at_home.refusal("update", which, at_home.period(day))).startswith("period.startTime: ")
    assert (await at_home.refusal("createPermanent", Mover.brygga, at_home.period(10))).startswith("period.startTime")
    await at_home("delete", first)
    await at_home.days_go_by(15)
    assert (await at_home.short())[0] == ("current", "Storgata", None)


async def test_a_move_for_good_needs_no_country_no_product_and_no_end(at_home: Mover) -> None:
    country_left_out = {name: value for name, value in NYGATA.items() if name != "countryCode"}
    ignored = {"product": "NOTHING AT ALL, OF THIS KIND"} | at_home.period(10, 3)
    _, move = await at_home("createPermanent", country_left_out, ignored)
    assert (move["countryCode"], move["permanent"], move["period"]) == ("NO", True, _wire(at_home, 10))
    assert "product" not in move


@pytest.mark.parametrize("when", ["no period", "an empty one", "today"])
async def test_a_move_without_a_day_or_today_is_made_now(at_home: Mover, when: str) -> None:
    period = {"no period": {}, "an empty one": {"period": {}}, "today": at_home.period(0, hour=9)}[when]
    await at_home.days_go_by(1)
    if when == "today":
        period = at_home.period(0, hour=9)
    await at_home("createPermanent", NYGATA, period)
    assert await at_home.short() == [("current", "Nygata", None), ("historical", "Storgata", None)]


async def test_a_planned_change_is_deleted_and_its_days_are_free_again(at_home: Mover) -> None:
    planned = id_of(await at_home("create", PAPER, Mover.cabin, at_home.period(5, 9)), "Hytteveien", "PAPER")
    assert [a["streetAddress"] for a in await at_home("delete", planned)] == ["Storgata"]
    assert (await at_home.refusal("delete", planned, status=404)).startswith("id: there is no address")
    await at_home("create", PAPER, Mover.brygga, at_home.period(5, 9))


async def test_what_has_begun_is_not_deleted(at_home: Mover) -> None:
    listed = await at_home("create", PAPER, Mover.cabin, at_home.period(0, 1))
    for which in (id_of(listed, "Storgata"), id_of(listed, "Hytteveien", "PAPER")):
        assert (await at_home.refusal("delete", which)).startswith("id: ")
    await at_home.days_go_by(2)
    assert (await at_home.refusal("delete", id_of(listed, "Hytteveien", "PAPER"))).startswith("id: ")
    assert len(await at_home.listed()) == 2


async def test_a_change_for_several_products_is_made_for_all_or_none(at_home: Mover) -> None:
    await at_home("create", {"product": "MAG"}, Mover.brygga, at_home.period(4, 4))
    assert "MAG" in await at_home.refusal("create", BOTH, Mover.cabin, at_home.period(3, 5))
    assert [product for _, _, product in await at_home.short()] == [None, "MAG"]
    await at_home("create", BOTH, Mover.cabin, at_home.period(5, 6))
    assert [product for _, _, product in await at_home.short()] == [None, "MAG", "PAPER", "MAG"]


async def test_a_change_without_end_lasts_until_further_notice(at_home: Mover) -> None:
    _, change = await at_home("create", PAPER, Mover.cabin)
    assert (change["addressType"], change["period"]) == ("current", _wire(at_home, 0))
    assert (await at_home.refusal("create", PAPER, Mover.cabin, at_home.period(400, 401))).startswith("period: ")


@pytest.mark.parametrize("hour", [0, 12, 23])
async def test_the_day_of_the_end_is_the_last_day_whatever_the_hour(at_home: Mover, hour: int) -> None:
    _, change = await at_home("create", PAPER, Mover.cabin, at_home.period(2, 4, hour))
    assert change["period"] == _wire(at_home, 2, 4)
    await at_home("create", PAPER, Mover.brygga, at_home.period(5, 5, hour))
    assert (await at_home.refusal("create", PAPER, Mover.brygga, at_home.period(4, 4, hour))).startswith("period: ")


async def test_what_was_told_can_be_sent_back(at_home: Mover) -> None:
    listed = await at_home("create", PAPER, Mover.cabin, at_home.period(2, 4))
    assert await at_home("update", listed[1]) == listed


async def test_a_former_address_is_used_again(at_home: Mover) -> None:
    await at_home("create", PAPER, Mover.cabin, at_home.period(0, 0))
    await at_home.days_go_by(1)
    former = id_of(await at_home.listed(), "Hytteveien", "PAPER")
    await at_home("create", {"product": "MAG"}, former, at_home.period(3, 4))
    await at_home("createPermanent", former, at_home.period(9))
    listed = await at_home.listed()
    parts = [{name: a.get(name) for name in Mover.cabin} for a in listed if a["streetAddress"] == "Hytteveien"]
    assert parts == [Mover.cabin] * 3
    assert [(a["addressType"], a.get("product")) for a in listed] == [
        ("current", None),
        ("future", "MAG"),
        ("future", None),
        ("historical", "PAPER"),
    ]


async def test_a_change_that_is_there_can_be_made_for_another_product_too(at_home: Mover) -> None:
    listed = await at_home("create", PAPER, Mover.cabin, at_home.period(1, 2))
    await at_home("create", {"product": "MAG"}, id_of(listed, "Hytteveien", "PAPER"), at_home.period(1, 2))
    assert [street for _, street, _ in await at_home.short()] == ["Storgata", "Hytteveien", "Hytteveien"]


REFUSED: list[tuple[str, list[dict[str, Any]], str]] = [
    ("update", [{"streetAddress": "Storgata", "postalCode": "0150"}], "countryCode"),
    ("create", [PAPER, {"streetAddress": "Storgata", "postalCode": "0150"}], "countryCode"),
    ("create", [Mover.cabin], "product"),
    ("create", [Mover.cabin, {"product": "PAPER,PAPER"}], "product"),
    ("create", [Mover.cabin, {"product": "PAPER,"}], "product"),
    ("create", [Mover.cabin, {"product": "PAPER,NOTHING"}], "product"),
    ("create", [Mover.cabin, {"product": ",".join(["PAPER"] * 21)}], "product"),
    ("create", [Mover.cabin, {"product": "P" * 300}], "product"),
    ("update", [Mover.cabin, {"product": "NOTHING"}], "product"),
    ("update", [{"period": {"startTime": 0}}], "id"),
    ("update", [{"period": {}, "id": 1}], "period.startTime"),
    ("delete", [], "id"),
    ("update", [Mover.storgata | {"postalCode": "15"}], "postalCode"),
    ("update", [Mover.storgata | {"postalCode": "12345"}], "postalCode"),
    ("update", [Mover.storgata | {"postalCode": 99999}], "postalCode"),
    ("update", [Mover.storgata | {"postalCode": None}], "postalCode"),
    ("update", [Mover.storgata | {"postalCode": "0" * 11}], "postalCode"),
    ("update", [Mover.storgata | {"postalCode": 1.5}], "postalCode"),
    ("update", [Mover.storgata | {"postalAddressPostalCode": "x"}], "postalAddressPostalCode"),
    ("update", [Mover.storgata | {"countryCode": "ZZ"}], "countryCode"),
    ("update", [Mover.storgata | {"countryCode": "NORW"}], "countryCode"),
    ("update", [Mover.storgata | {"streetAddress": " "}], "streetAddress"),
    ("update", [Mover.storgata | {"streetAddress": "x" * 41}], "streetAddress"),
    ("update", [Mover.storgata | {"careOfAddress": "x" * 41}], "careOfAddress"),
    ("update", [Mover.storgata | {"entrance": "x" * 13}], "entrance"),
    ("update", [Mover.storgata | {"postalPlace": "x" * 31}], "postalPlace"),
    ("update", [Mover.storgata | {"postalAddress": "x" * 41}], "postalAddress"),
    ("update", [Mover.storgata | {"postalAddressPostalPlace": "x" * 31}], "postalAddressPostalPlace"),
    ("update", [Mover.storgata | {"streetNumber": -1}], "streetNumber"),
    ("update", [Mover.storgata | {"streetNumber": "12b"}], "streetNumber"),
    ("update", [Mover.storgata | {"id": 0}], "id"),
    ("update", [Mover.storgata | {"id": "x"}], "id"),
    ("create", [PAPER, Mover.cabin, {"period": {"startTime": -1}}], "period.startTime"),
    ("create", [PAPER, Mover.cabin, {"period": {"startTime": 2**62}}], "period.startTime"),
    ("create", [PAPER, Mover.cabin, {"period": {"startTime": 2**80}}], "period.startTime"),
    ("create", [PAPER, Mover.cabin, {"period": {"endTime": 2**62}}], "period.endTime"),
    ("create", [PAPER, Mover.cabin, {"period": {"startTime": "tomorrow"}}], "period.startTime"),
    ("create", [PAPER, Mover.cabin, {"period": 7}], "period"),
    ("move", [Mover.storgata], "changeType"),
]


@pytest.mark.parametrize(("change", "parts", "field"), REFUSED)
async def test_bad_input_is_refused_with_its_field(
    at_home: Mover, change: str, parts: list[dict[str, Any]], field: str
) -> None:
    before = await at_home.listed()
    assert f"{field}:" in await at_home.refusal(change, *parts)
    assert await at_home.listed() == before


async def test_several_things_that_are_wrong_are_told_at_once(at_home: Mover) -> None:
    refusal = await at_home.refusal("create", {"streetAddress": "Storgata", "postalCode": "x"})
    assert [part.split(":")[0] for part in refusal.split("; ")] == ["product", "countryCode", "postalCode"]


async def test_a_day_that_is_over_or_an_end_before_the_start_is_refused(at_home: Mover) -> None:
    for change, product in (("create", PAPER), ("createPermanent", {})):
        refusal = await at_home.refusal(change, product, Mover.cabin, at_home.period(-1))
        assert refusal.startswith("period.startTime: ")
    for first, last in ((3, 2), (None, -1)):
        refusal = await at_home.refusal("create", PAPER, Mover.cabin, at_home.period(first, last))
        assert refusal.startswith("period.endTime: ")


async def test_each_wrong_use_of_an_id_is_refused(at_home: Mover) -> None:
    await at_home("create", PAPER, Mover.cabin, at_home.period(0, 0))
    await at_home.days_go_by(1)
    await at_home("create", BOTH, Mover.brygga, at_home.period(1, 2))
    listed = await at_home("createPermanent", NYGATA, at_home.period(9))
    home, move = id_of(listed, "Storgata"), id_of(listed, "Nygata")
    planned, over = id_of(listed, "Brygga", "PAPER"), id_of(listed, "Hytteveien", "PAPER")
    refused: list[tuple[str, list[dict[str, Any]], str]] = [
        ("update", [home, at_home.period(1)], "period"),
        ("update", [over, at_home.period(1)], "id"),
        ("update", [over, KIRKEVEIEN], "id"),
        ("update", [planned, KIRKEVEIEN], "period"),
        ("update", [move, KIRKEVEIEN], "period"),
        ("update", [move, at_home.period(last=3)], "period.startTime"),
        ("update", [planned, {"product": "MAG"}, at_home.period(1)], "product"),
        ("delete", [planned, {"product": "MAG"}], "product"),
        ("create", [home, PAPER, at_home.period(5)], "id"),
        ("createPermanent", [home], "id"),
    ]
    before = await at_home.listed()
    for change, parts, field in refused:
        assert (await at_home.refusal(change, *parts)).startswith(f"{field}: "), (change, parts)
    assert await at_home.listed() == before
    await at_home("delete", planned, {"product": "MAG,PAPER"})


@pytest.mark.parametrize("change", ["update", "delete", "create", "createPermanent"])
async def test_an_address_of_somebody_else_is_not_there(at_home: Mover, neighbour: Mover, change: str) -> None:
    listed = await neighbour("create", PAPER, Mover.cabin, neighbour.period(3, 4))
    stranger = id_of(listed, "Hytteveien", "PAPER")
    refusal = await at_home.refusal(change, stranger, PAPER, at_home.period(5, 6), status=404)
    assert refusal == f"id: there is no address {stranger['id']}"
    assert await neighbour.listed() == listed


def _wire(mover: Mover, first: int, last: int | None = None) -> dict[str, int]:
    """A period as it is told: from midnight to the last second of the last day."""
    told = dict(mover.period(first)["period"])
    return told | ({"endTime": mover.period(last=last + 1)["period"]["endTime"] - 1000} if last is not None else {})
