"""May this reader read that? Every criterion, alone and together."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kolofon.platform.clock import Clock, epoch_milliseconds
from tests.browser_session import Server
from tests.playground import OTHER, OTHER_SECRET, Playground, Reader
from tests.user_data.access_checks import as_client, as_user

FULL = {"access": True, "accessLevel": "A", "accessType": "A"}
NONE = {"access": False, "accessLevel": "A", "accessType": "D"}


@pytest.mark.parametrize(
    "question", [{}, {"product": ""}, {"accessDomain": True}, {"accessAzureAd": True, "accessAidFamily": True}]
)
async def test_a_question_without_a_criterion_is_refused_in_both_modes(
    server: Server, reader: Reader, question: dict[str, Any]
) -> None:
    user = await as_user(server, reader.credential)
    assert "expected at least one of product" in await user.refusal(**question)
    client = await as_client(server)
    assert "expected at least one of product" in await client.refusal(credential=reader.credential, **question)


async def test_a_stopping_subscription_gives_access_from_start_to_end(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    start, end = await playground.subscribe(1002, "MAG", state="stopping", days=(-10, 20))
    assert end is not None
    period = {"startTime": epoch_milliseconds(start), "endTime": epoch_milliseconds(end)}
    answer = await (await as_user(server, "ola@example.no"))(product="MAG")
    assert answer == {
        "access": True,
        "accesses": [{"access": True, "accessLevel": "A", "accessType": "B"} | period],
    }


@pytest.mark.parametrize(
    ("state", "days"),
    [("waiting", (5, 30)), ("paused", (-5, 30)), ("stopped", (-30, 30)), ("stopping", (-30, -1)), ("active", (1, 30))],
)
async def test_a_subscription_that_does_not_run_gives_none_and_no_times(
    server: Server, playground: Playground, state: str, days: tuple[int, int]
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "MAG", state=state, days=days)
    answer = await (await as_user(server, "ola@example.no"))(product="MAG")
    assert answer == {"access": False, "accesses": [NONE]}


async def test_access_begins_at_its_start_and_ends_at_its_end(
    server: Server, playground: Playground, clock: Clock
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.give_access(1002, "product", "MAG", days=(1, 2))
    found = []
    for hours in (23.9, 0.2, 23.7, 0.2):
        clock.move(timedelta(hours=hours))
        ask = await as_client(server)
        found.append((await ask(product="MAG", credential="ola@example.no"))["access"])
    assert found == [False, True, True, False]


async def test_a_rule_lets_a_subscriber_of_another_product_read(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "PAPER")
    ask = await as_user(server, "ola@example.no")
    assert (await ask(product="DIGI"))["access"] is True
    assert (await ask(product="PAPER"))["access"] is True
    assert (await ask(product="WEEKEND"))["access"] is False


async def test_an_article_is_read_by_its_rule_or_when_bought_and_not_otherwise(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.give_access(1002, "article", "plus-1")
    subscriber, buyer = await as_user(server, reader.credential), await as_user(server, "ola@example.no")
    assert await subscriber(articleId="plus-2") == {"access": True, "accesses": [FULL]}
    assert (await subscriber(articleId="archive-2"))["access"] is False
    bought = await buyer(articleId="plus-1")
    assert (bought["access"], bought["accesses"][0]["accessType"]) == (True, "B")
    assert (await buyer(articleId="plus-2"))["access"] is False


async def test_access_article_lists_the_articles_a_reader_may_read_now(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    for code, days in (("a-1", (-1, 1)), ("a-2", (-1, 1)), ("a-old", (-9, -8)), ("a-later", (8, 9))):
        await playground.give_access(1002, "article", code, days=days)
    ask = await as_user(server, "ola@example.no")
    answer = await ask(accessArticle=True)
    assert answer["access"] is True
    assert sorted(answer["accesses"][0]["articleIds"]) == ["a-1", "a-2"]


async def test_access_article_beside_article_id_has_no_effect(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.give_access(1002, "article", "a-1")
    ask = await as_user(server, "ola@example.no")
    assert await ask(articleId="a-1", accessArticle=True) == await ask(articleId="a-1")


async def test_asking_for_the_article_list_takes_no_access_away(server: Server, reader: Reader) -> None:
    answer = await (await as_user(server, reader.credential))(product="DIGI", accessArticle=True)
    assert answer == {"access": True, "accesses": [FULL, NONE | {"articleIds": []}]}


async def test_a_category_type_is_met_by_category_by_rule_or_by_what_was_bought(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.add_reader("by-category@example.no", 1002)
    await playground.subscribe(1002, "WEEKEND", category="SKI")
    await playground.add_reader("by-rule@example.no", 1003)
    await playground.subscribe(1003, "MAG")
    await playground.add_reader("bought@example.no", 1004)
    await playground.give_access(1004, "categoryType", "SPORT")
    ask = await as_client(server)
    found = {}
    for name in ("by-category@example.no", "by-rule@example.no", "bought@example.no", reader.credential):
        found[name.partition("@")[0]] = (await ask(categoryType="SPORT", credential=name))["accesses"][0]["accessType"]
    assert found == {"by-category": "A", "by-rule": "A", "bought": "B", "kari": "D"}


async def test_a_domain_needs_a_verified_address_there_and_a_rule(server: Server, playground: Playground) -> None:
    await playground.add_reader("pupil@school.example")
    await playground.add_reader("pupil@class.school.example")
    await playground.add_reader("typed@school.example", level="repeatedCredential")
    await playground.add_reader("pupil@notschool.example")
    ask = await as_client(server)
    granted = {"access": True, "accessLevel": "B", "accessType": "A"}
    refused = {"access": False, "accessLevel": "B", "accessType": "D"}
    for credential, domain, entry in (
        ("pupil@school.example", "school.example", granted),
        ("pupil@school.example", "School.Example.", granted),
        ("pupil@class.school.example", "school.example", granted),
        ("pupil@class.school.example", "class.school.example", granted),
        ("pupil@school.example", "class.school.example", refused),
        ("pupil@notschool.example", "school.example", refused),
        ("pupil@notschool.example", "notschool.example", refused),
        ("typed@school.example", "school.example", refused),
    ):
        answer = await ask(domain=domain, credential=credential)
        assert answer == {"access": entry["access"], "accesses": [entry]}, (credential, domain)


async def test_access_domain_adds_the_users_own_domains_as_a_ground(server: Server, playground: Playground) -> None:
    await playground.add_reader("pupil@school.example")
    await playground.add_reader("typed@school.example", level="notVerified")
    ask = await as_client(server)
    domain = {"access": True, "accessLevel": "B", "accessType": "A"}
    answer = await ask(product="DIGI", accessDomain=True, credential="pupil@school.example")
    assert answer == {"access": True, "accesses": [NONE, domain]}
    assert (await ask(product="MAG", accessDomain=True, credential="pupil@school.example"))["access"] is False
    assert (await ask(product="DIGI", credential="pupil@school.example"))["access"] is False
    assert (await ask(product="DIGI", accessDomain=True, credential="typed@school.example"))["access"] is False


@pytest.fixture
async def club(playground: Playground) -> None:
    await playground.connection.execute(
        """
        insert into access_rule (partner_id, access_rule_code, kind, domain, category_type)
        values (1, 'club', 'domain', 'club.example', 'SPORT')
        """
    )


async def test_access_domain_looks_by_category_type_when_one_is_asked(
    club: None, playground: Playground, server: Server
) -> None:
    await playground.add_reader("member@club.example")
    ask = await as_client(server)
    answer = await ask(categoryType="SPORT", accessDomain=True, credential="member@club.example")
    assert answer == {"access": True, "accesses": [NONE, {"access": True, "accessLevel": "B", "accessType": "A"}]}
    assert (await ask(categoryType="SPORT", credential="member@club.example"))["access"] is False
    assert (await ask(product="DIGI", accessDomain=True, credential="member@club.example"))["access"] is False


async def test_a_rule_that_comes_while_the_server_runs_counts_without_a_restart(
    server: Server, playground: Playground
) -> None:
    ask = await as_client(server)
    assert (await ask(ip="198.51.100.7"))["access"] is False
    await playground.connection.execute(
        """
        insert into access_rule (partner_id, access_rule_code, kind, ip_from, ip_to)
        values (1, 'library', 'ip', '198.51.100.0', '198.51.100.255')
        """
    )
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")
    async with asyncio.timeout(10):
        while not (await ask(ip="198.51.100.7"))["access"]:
            await asyncio.sleep(0.01)


async def test_an_address_is_answered_for_an_anonymous_visitor(server: Server) -> None:
    ask = await as_client(server)
    inside = ["192.0.2.0", "192.0.2.255", " 192.0.2.7 ", "2001:db8::ffff", "2001:DB8:0:0::1"]
    outside = ["192.0.3.0", "192.0.1.255", "2001:db8::1:0", "::1"]
    for ip in inside + outside:
        access = ip in inside
        entry = {"access": access, "accessLevel": "C", "accessType": "A" if access else "D"}
        assert await ask(ip=ip) == {"access": access, "accesses": [entry]}, ip


async def test_an_ipv4_address_inside_an_ipv6_one_is_the_same_address(server: Server) -> None:
    ask = await as_client(server)
    found = {ip: (await ask(ip=ip))["access"] for ip in ("::ffff:192.0.2.7", "::FFFF:c000:207", "::ffff:192.0.3.7")}
    assert found == {"::ffff:192.0.2.7": True, "::FFFF:c000:207": True, "::ffff:192.0.3.7": False}
    # The deprecated "compatible" form is another address, not a mapped one.
    assert (await ask(ip="::192.0.2.7"))["access"] is False


async def test_what_is_no_address_is_refused_by_name(server: Server) -> None:
    ask = await as_client(server)
    for ip in ("192.0.2", "192.0.2.256", "example.no", "192.0.2.0/24", "192.0.02.1", "1", "2001:db8"):
        assert (await ask.refusal(ip=ip)).startswith("ip: expected an IP address"), ip


async def test_all_criteria_must_match(server: Server, playground: Playground, reader: Reader) -> None:
    ask = await as_user(server, reader.credential)
    inside, outside = "192.0.2.7", "203.0.113.7"
    both = await ask(product="DIGI", ip=inside)
    assert [(entry["access"], entry["accessLevel"]) for entry in both["accesses"]] == [(True, "A"), (True, "C")]
    assert both["access"] is True
    one = await ask(product="DIGI", ip=outside)
    assert [entry["access"] for entry in one["accesses"]] == [True, False]
    assert one["access"] is False
    three = await ask(product="DIGI", articleId="plus-1", categoryType="SPORT")
    assert [entry["access"] for entry in three["accesses"]] == [True, True, False]
    assert three["access"] is False
    await playground.subscribe(1001, "MAG")
    assert (await ask(product="DIGI", articleId="plus-1", categoryType="SPORT"))["access"] is True


async def test_an_ip_or_domain_rule_counts_for_the_products_it_names(server: Server, playground: Playground) -> None:
    await playground.add_reader("pupil@school.example", 1002)
    await playground.subscribe(1002, "MAG")
    ask = await as_user(server, "pupil@school.example")
    inside = await ask(product="MAG", ip="192.0.2.7")
    assert [entry["access"] for entry in inside["accesses"]] == [True, False]
    anything = await ask(product="MAG", ip="2001:db8::7")
    assert [entry["access"] for entry in anything["accesses"]] == [True, True]
    at_school = await ask(product="MAG", domain="school.example")
    assert [entry["access"] for entry in at_school["accesses"]] == [True, False]


@pytest.mark.parametrize("wider", ["accessAzureAd", "accessAidFamily"])
async def test_a_ground_that_is_not_connected_is_named_and_takes_nothing_away(
    server: Server, reader: Reader, wider: str
) -> None:
    ask = await as_user(server, reader.credential)
    assert await ask(product="DIGI", **{wider: True}) == {"access": True, "accesses": [FULL, NONE]}
    assert await ask(product="MAG", **{wider: True}) == {"access": False, "accesses": [NONE, NONE]}


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"uniqueId": "1001"}, "uniqueId"),
        ({"credential": "not a credential"}, "credential"),
        ({"customerNumber": 0}, "customerNumber"),
        ({"customerNumber": "first"}, "customerNumber"),
        ({"accessDomain": "yes"}, "accessDomain"),
        ({"product": "x" * 256}, "product"),
    ],
)
async def test_a_malformed_member_is_refused_by_name(
    server: Server, reader: Reader, question: dict[str, Any], field: str
) -> None:
    ask = await as_client(server)
    assert (await ask.refusal(**{"product": "DIGI", "credential": reader.credential} | question)).startswith(field)


async def test_members_that_nobody_knows_are_ignored(server: Server, reader: Reader) -> None:
    ask = await as_user(server, reader.credential)
    assert (await ask(product="DIGI", somethingNew={"a": [1]}))["access"] is True


async def test_a_rule_of_one_partner_is_none_of_another(server: Server, playground: Playground) -> None:
    await playground.connection.execute("delete from access_rule where partner_id = 2 and kind = 'ip'")
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")
    here, there = await as_client(server), await as_client(server, OTHER, OTHER_SECRET)
    async with asyncio.timeout(10):
        while (await there(ip="192.0.2.7"))["access"]:
            await asyncio.sleep(0.01)
    assert (await here(ip="192.0.2.7"))["access"] is True
