"""A reader at the account pages."""

import re
from html import unescape
from typing import Any

import httpx

from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization
from tests.identity.pages.reading import Reading
from tests.playground import CALLBACK


async def press(browser: Reading, page: httpx.Response, button: str, /, **fields: str) -> httpx.Response:
    """Press a button in the form of the page whose hidden fields are these; other fields are filled in."""
    for form in re.findall(r"<form method=\"post\".*?</form>", page.text, re.DOTALL):
        held = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        names = set(re.findall(r'<input[^>]* name="(\w+)"', form))
        hidden = set(re.findall(r'<input type="hidden" name="(\w+)"', form))
        is_meant = all(unescape(held[name]) == fields[name] for name in hidden & fields.keys())
        if f'name="action" value="{button}"' in form and fields.keys() <= names and is_meant:
            data: dict[str, Any] = {name: unescape(held.get(name, "")) for name in names} | fields | {"action": button}
            action = re.search(r'action="([^"]*)"', form)
            assert action is not None
            return await browser.http.post(unescape(action.group(1)), data=data, follow_redirects=False)
    raise AssertionError(f"no form with {button} and {fields}\n{page.text}")


async def follow(browser: Reading, answer: httpx.Response) -> httpx.Response:
    """The page that an answer leads to."""
    assert answer.status_code in {302, 303}, answer.text
    return await browser.http.get(answer.headers["location"], follow_redirects=False)


async def tokens_of(server: Server, browser: Reading) -> dict[str, Any]:
    """What the web client gets for a signed-in browser."""
    answer = await browser.http.get("/user/oauth/authorize", params=authorization(), follow_redirects=False)
    found = re.search(r"[?&]code=([^&]+)", answer.headers["location"])
    assert found is not None, answer.headers["location"]
    form = {"grant_type": "authorization_code", "code": found.group(1), "redirect_uri": CALLBACK}
    return dict((await server.token(form)).json())


async def audited(connection: Connection, action: str) -> list[tuple[Any, Any]]:
    """Before and after of each change of a kind."""
    rows = await connection.fetch("select before, after from audit_log where action = $1 order by occurred_at", action)
    return [(row["before"], row["after"]) for row in rows]


async def credentials_of(connection: Connection, unique_id: Any) -> dict[str, str]:
    """The credentials of a user, each with its level."""
    rows = await connection.fetch(
        "select credential, verification_level from user_credential where unique_id = $1", unique_id
    )
    return {row["credential"]: row["verification_level"] for row in rows}


async def how_many_wait(connection: Connection) -> int:
    """How many others wait for a lock that somebody holds in this database."""
    return int(
        await connection.fetchval(
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0
            """
        )
    )
