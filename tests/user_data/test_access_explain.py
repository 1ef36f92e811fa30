"""With `?explain=true` the answer also says why."""

from typing import Any

from kolofon.platform.clock import epoch_milliseconds
from tests.browser_session import Server
from tests.playground import Playground, Reader
from tests.user_data.access_checks import as_client, as_user


async def test_nothing_is_explained_unless_asked_for(server: Server, reader: Reader) -> None:
    ask = await as_user(server, reader.credential)
    plain = await ask(product="DIGI")
    assert set(plain) == {"access", "accesses"}
    explained = await ask.explained(product="DIGI")
    assert {name: explained[name] for name in plain} == plain


async def test_the_subscription_that_grants_is_named_with_its_period(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    start, end = await playground.subscribe(1002, "DIGI")
    assert end is not None
    answer = await (await as_user(server, "ola@example.no")).explained(product="DIGI")
    assert answer["explanation"] == [
        {
            "criterion": "product",
            "access": True,
            "reason": "the subscription to DIGI grants it",
            "since": epoch_milliseconds(start),
            "until": epoch_milliseconds(end),
        }
    ]


async def test_the_rule_that_granted_is_named(server: Server, playground: Playground) -> None:
    await playground.add_reader("pupil@school.example", 1002)
    await playground.subscribe(1002, "PAPER")
    await playground.subscribe(1002, "MAG")
    ask = await as_user(server, "pupil@school.example")
    answer = await ask.explained(
        product="DIGI", articleId="plus-1", domain="school.example", ip="192.0.2.7", accessDomain=True
    )
    assert answer["access"] is True
    assert [(e["criterion"], e.get("rule")) for e in answer["explanation"]] == [
        ("product", "paper-reads-digi"),
        ("product", "school"),
        # The article rule leads to DIGI, and PAPER comes in by that rule.
        ("articleId", "plus-articles"),
        ("domain", "school"),
        ("ip", "campus"),
    ]
    sport = await ask.explained(categoryType="SPORT")
    assert [(e["criterion"], e["rule"]) for e in sport["explanation"]] == [("categoryType", "sport-by-mag")]


async def test_what_nearly_granted_is_named_with_its_reason(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    ended = await playground.subscribe(1002, "DIGI", state="stopping", days=(-30, -2))
    later = await playground.subscribe(1002, "MAG", state="waiting", days=(3, 30))
    await playground.subscribe(1002, "WEEKEND", state="paused", days=(-3, 30))
    ask = await as_user(server, "ola@example.no")
    reasons = {}
    for product in ("DIGI", "MAG", "WEEKEND", "PAPER"):
        (entry,) = (await ask.explained(product=product))["explanation"]
        assert entry["access"] is False
        reasons[product] = entry["reason"]
        if product == "DIGI":
            assert ended[1] is not None
            assert (entry["since"], entry["until"]) == (epoch_milliseconds(ended[0]), epoch_milliseconds(ended[1]))
        if product == "MAG":
            assert entry["since"] == epoch_milliseconds(later[0])
    assert reasons == {
        "DIGI": "the subscription to DIGI has ended",
        "MAG": "the subscription to MAG has not started yet",
        "WEEKEND": "the subscription to WEEKEND is paused",
        "PAPER": "nothing the customer has gives access to product PAPER",
    }


async def test_the_rule_that_would_have_granted_an_ended_subscription_is_named(
    server: Server, playground: Playground
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "PAPER", state="stopped", days=(-30, -2))
    answer = await (await as_user(server, "ola@example.no")).explained(product="DIGI")
    (entry,) = answer["explanation"]
    assert (entry["access"], entry["rule"]) == (False, "paper-reads-digi")
    assert entry["reason"] == "the subscription to PAPER is stopped"


async def test_the_ground_that_lasts_longest_is_the_one_named(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "PAPER", state="stopping", days=(-30, 50))
    _, longer = await playground.subscribe(1002, "DIGI", state="stopping", days=(-30, 60))
    await playground.subscribe(1002, "DIGI", state="stopped", days=(-90, 90))
    assert longer is not None
    answer = await (await as_user(server, "ola@example.no")).explained(product="DIGI")
    (entry,) = answer["explanation"]
    assert (entry["access"], entry["until"]) == (True, epoch_milliseconds(longer))


async def test_why_nobody_can_be_meant_is_said(server: Server, playground: Playground, reader: Reader) -> None:
    await playground.add_reader("loner@example.no")
    ask = await as_client(server)
    asked: list[dict[str, Any]] = [
        {"credential": "nobody@example.no"},
        {"credential": "loner@example.no"},
        {"credential": "loner@example.no", "uniqueId": reader.unique_id.hex},
        {"credential": reader.credential, "customerNumber": 9},
    ]
    reasons = [(await ask.explained(product="DIGI", **named))["explanation"][0]["reason"] for named in asked]
    assert reasons == [
        "there is no such user",
        "the user is not a customer here",
        "the credential is not the user's",
        "9 is not the user's customer number",
    ]


async def test_what_an_explanation_says_of_domains_and_addresses(server: Server, playground: Playground) -> None:
    await playground.add_reader("typed@school.example", level="notVerified")
    await playground.add_reader("kari@elsewhere.example")
    ask = await as_client(server)
    unverified = await ask.explained(domain="school.example", credential="typed@school.example")
    assert unverified["explanation"][0]["reason"] == "the user has no verified e-mail address at school.example"
    no_rule = await ask.explained(domain="elsewhere.example", credential="kari@elsewhere.example")
    assert no_rule["explanation"][0]["reason"] == "no rule gives access at the domain elsewhere.example"
    outside = await ask.explained(ip="203.0.113.1")
    assert outside["explanation"] == [
        {"criterion": "ip", "access": False, "reason": "no rule gives access from this address"}
    ]
