"""Delivery plans of a product."""

from tests.browser_session import Server, bearer
from tests.calling import other_shop, sell_anew, shop
from tests.playground import Playground

PATH = "/productdeliveryplan"
FULL, DIGITAL = "fullAccessAndDelivery", "onlyDigitalAccess"
PLAN = {
    "productDeliveryPlanId": 3,
    "planName": "HVERDAG",
    "monday": FULL,
    "tuesday": FULL,
    "wednesday": FULL,
    "thursday": FULL,
    "friday": FULL,
    "saturday": DIGITAL,
    "sunday": DIGITAL,
}
NEW = """
    insert into delivery_plan
    values (1, 2, 'PAPER', 'HELG', array_fill('noAccessOrDelivery'::text, array[5])
        || array_fill('onlyPhysicalDelivery'::text, array[2]))
    """


async def test_a_plan_tells_what_comes_on_which_day(server: Server) -> None:
    assert await (await shop(server)).get(f"{PATH}/PAPER") == [PLAN]


async def test_plans_stand_by_their_ids_and_those_given_up_are_left_out(server: Server, playground: Playground) -> None:
    client = await shop(server)
    await sell_anew(server, playground, NEW)
    found = await client.get(f"{PATH}/PAPER")
    assert [plan["productDeliveryPlanId"] for plan in found] == [2, 3]
    assert (found[0]["friday"], found[0]["saturday"]) == ("noAccessOrDelivery", "onlyPhysicalDelivery")
    await sell_anew(server, playground, "update delivery_plan set retired = true where delivery_plan_id = 3")
    assert [plan["productDeliveryPlanId"] for plan in await client.get(f"{PATH}/PAPER")] == [2]


async def test_a_product_without_plans_has_an_empty_list(server: Server) -> None:
    client = await shop(server)
    assert await client.get(f"{PATH}/DIGI") == []
    assert await client.get(f"{PATH}/NOTHING") == []
    await client.get(f"{PATH}/{'X' * 13}", 400)


async def test_each_partner_lists_its_own(server: Server, playground: Playground) -> None:
    await sell_anew(server, playground, NEW)
    found = await (await other_shop(server)).get(f"{PATH}/PAPER")
    assert [plan["productDeliveryPlanId"] for plan in found] == [3]


async def test_the_list_has_a_name_in_xml(server: Server) -> None:
    headers = bearer(await server.client_token()) | {"Accept": "application/xml"}
    answer = await server.http.get(f"/capi/v1/client{PATH}/PAPER", headers=headers)
    assert "<productDeliveryPlans><productDeliveryPlan><productDeliveryPlanId>3<" in answer.text
