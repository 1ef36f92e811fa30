"""What is logged and counted of requests, and what never is."""

import base64
import json
import logging
import re
from pathlib import Path

import pytest

from kolofon.platform.telemetry import _JsonFormatter, where_it_happened
from tests.browser_session import Server, bearer, submit_sign_in
from tests.playground import PASSWORD, WEB, WEB_SECRET, Playground, Reader
from tests.processes import web_process

EMAIL = "recognisable.person@example.no"
CUSTOMER = 71717171
EXTERNAL = "recognisable-external-id"
PASSPORT = "recognisable-password-that-is-wrong"


async def use_everything(server: Server, reader: Reader) -> set[str]:
    """Signs in and calls operations with personal data everywhere; returns what must not be logged."""
    async with server.browser() as browser:
        page = await browser.get(
            "/user/oauth/authorize",
            params={"response_type": "code", "client_id": WEB, "redirect_uri": "https://web.example.no/callback"},
        )
        await submit_sign_in(browser, str(page.url), page.text, EMAIL, PASSPORT)
    tokens = await server.user_tokens(EMAIL)
    user, client = bearer(tokens["access_token"]), bearer(await server.client_token())
    http = server.http
    await http.get("/capi/v1/user/profile", headers=user)
    await http.get(f"/capi/v1/user/profile?email={EMAIL}", headers=user)
    await http.get(f"/capi/v1/client/customer/pbm/{CUSTOMER}/NEWS", headers=client)
    await http.get(f"/capi/v1/nothing/{EMAIL}", headers=client)
    await http.get(f"/capi/v1/customer/privacy/{EMAIL}", headers=user)
    await http.post("/capi/v1/client/access", json={"product": "DIGI", "credential": EMAIL}, headers=client)
    await http.post("/capi/v1/client/access", json={"uniqueId": EMAIL, "customerNumber": "x"}, headers=client)
    await http.post("/capi/v1/client/extid", json={"externalId": EXTERNAL, "credentialType": "X"}, headers=client)
    body = {"permission": [{"purpose": "DM"}]}
    key = {"Idempotency-Key": EMAIL}
    await http.post("/capi/v1/customer/privacy/NEWS", json=body, headers=user | key)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = (await server.token(form)).json()
    await http.post(f"/user/oauth/revoke?token={refreshed['refresh_token']}", auth=(WEB, WEB_SECRET))
    await http.post("/user/oauth/introspect", data={"token": tokens["access_token"]}, auth=(WEB, WEB_SECRET))
    secrets = {tokens["access_token"], tokens["refresh_token"], refreshed["access_token"], refreshed["refresh_token"]}
    basic = base64.b64encode(f"{WEB}:{WEB_SECRET}".encode()).decode()
    people = {EMAIL, "recognisable", "Nordmann", str(CUSTOMER), EXTERNAL, reader.unique_id.hex, str(reader.unique_id)}
    return people | secrets | {basic, WEB_SECRET, PASSWORD, PASSPORT, "127.0.0.1"}


@pytest.fixture
async def person(playground: Playground) -> Reader:
    return await playground.add_reader(EMAIL, CUSTOMER)


async def test_the_log_names_routes_and_clients_and_never_people(
    database_url: str, playground: Playground, person: Reader, tmp_path: Path
) -> None:
    await playground.connection.execute(
        """
        create function fail() returns trigger language plpgsql as $$
        begin
            raise exception 'about %', new using detail = 'recognisable.person@example.no';
        end $$;
        create trigger fail before insert on privacy_permission for each row execute function fail();
        """
    )
    async with web_process(database_url, tmp_path, log_level="debug") as web:
        forbidden = await use_everything(web.server, person)
    lines = web.log()
    assert {"request", "unforeseen error"} <= {line["event"] for line in lines}
    # Besides the first lines, which say where it serves, nothing but JSON lines.
    said = [line for line in web.log_file.read_text().splitlines() if not line.startswith(("Kolofon ", "  "))]
    assert len(said) == len(lines)
    for line in said:
        assert not [word for word in forbidden if word in line], line


async def test_a_request_is_one_line_with_its_id_route_and_client(
    database_url: str, playground: Playground, person: Reader, tmp_path: Path
) -> None:
    async with web_process(database_url, tmp_path) as web:
        client = bearer(await web.server.client_token())
        answer = await web.server.http.get("/capi/v1/client/customer/pbm/99/NEWS", headers=client)
    [line] = [line for line in web.log() if line["request_id"] == answer.headers["x-request-id"]]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line.pop("timestamp"))
    assert line.pop("milliseconds") > 0
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/capi/v1/client/customer/pbm/{customer_number}/{enterprise_code}",
        "status": 404,
        "client": WEB,
        "request_id": answer.headers["x-request-id"],
    }


async def test_metrics_count_by_route_and_never_by_what_stands_in_a_path(server: Server, person: Reader) -> None:
    client = bearer(await server.client_token())
    route = "/capi/v1/client/customer/pbm/{customer_number}/{enterprise_code}"
    counted = f'kolofon_requests_total{{method="GET",route="{route}",status="200"}}'
    before = value_of((await server.http.get("/metrics")).text, counted)
    for path in (f"/capi/v1/client/customer/pbm/{CUSTOMER}/NEWS", f"/capi/v1/{EMAIL}", f"/{EMAIL}"):
        await server.http.get(path, headers=client)
    text = (await server.http.get("/metrics")).text
    assert value_of(text, counted) == before + 1
    assert value_of(text, 'kolofon_requests_total{method="any",route="unknown",status="404"}') >= 2
    assert f'kolofon_request_seconds_count{{route="{route}"}}' in text
    assert str(CUSTOMER) not in text
    assert EMAIL not in text


def value_of(metrics: str, name: str) -> float:
    return next((float(line.rsplit(" ", 1)[1]) for line in metrics.splitlines() if line.startswith(name)), 0.0)


async def test_an_unknown_method_makes_no_metric_of_its_own(server: Server) -> None:
    await server.http.request("BREW", "/nothing-here")
    assert "BREW" not in (await server.http.get("/metrics")).text


def test_an_exception_is_told_by_kinds_and_places_without_values() -> None:
    try:
        try:
            int(EMAIL)
        except ValueError as error:
            raise KeyError(EMAIL) from error
    except KeyError as error:
        told = where_it_happened(error)
    assert [line for line in told if not line.startswith("  ")] == ["KeyError", "ValueError"]
    assert any(__name__.rsplit(".", 1)[1] in line for line in told)
    assert EMAIL not in "".join(told)


def test_what_libraries_log_comes_in_the_same_form() -> None:
    try:
        int(EMAIL)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "x.py", 1, "it %s", ("failed",), info)
    line = json.loads(_JsonFormatter().format(record))
    assert (line["event"], line["logger"], line["level"]) == ("it failed", "uvicorn.error", "error")
    assert line["exception"][0] == "ValueError"
    assert EMAIL not in json.dumps(line)
