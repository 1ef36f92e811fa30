"""A whole sign-in, from the site's redirect to its tokens: the server's own time, apart from hashing the password.

python -m benchmarks.sign_in [--customers 1000000]
"""

import argparse
import asyncio
import http.client
import json
import re
import statistics
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from typing import IO

from benchmarks import harness
from kolofon.platform.password_hash import hash_password

SIGN_INS = 200
PASSWORD = "a password for benchmarks"
BASE = f"http://127.0.0.1:{harness.SERVER_PORT}"
CALLBACK = "http://localhost/callback"
_open = urllib.request.build_opener().open


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with harness.database(arguments.customers) as url, harness.kolofon_web(url):
        readers = asyncio.run(_readers_with_a_password(url))
        apart, hashing = [], []
        for number, reader in enumerate(readers):
            before = _spent()
            _sign_in(reader, f"10.9.{number // 250}.{number % 250}")
            after = _spent()
            hashing.append(1000 * (after["password"] - before["password"]))
            apart.append(1000 * (after["request"] - before["request"]) - hashing[-1])
    print(f"{len(apart)} sign-ins, apart from hashing: {_summary(apart)}")
    print(f"hashing the password: {_summary(hashing)}")


def _summary(milliseconds: list[float]) -> str:
    p50, p99 = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=100)[98]
    return f"median {p50:.1f} ms, p99 {p99:.1f} ms, longest {max(milliseconds):.1f} ms"


async def _readers_with_a_password(url: str) -> list[str]:
    """Readers with one password, which the demo's have not."""
    connection = await harness.connect(url)
    rows = await connection.fetch(
        """
        update user_account a set password_hash = $1
        from (select unique_id, credential from user_credential where credential_type = 'A' limit $2) c
        where a.unique_id = c.unique_id and a.disabled_at is null
        returning c.credential
        """,
        hash_password(PASSWORD),
        SIGN_INS,
    )
    await connection.close()
    return [row["credential"] for row in rows]


def _spent() -> dict[str, float]:
    """Seconds that the server has spent in all, by its own account."""
    with _open(f"{BASE}/metrics") as answer:
        text = answer.read().decode()
    names = ("request", "password")
    # The page of figures itself is no part of a sign-in.
    lines = [line for line in text.splitlines() if 'route="/metrics"' not in line]
    return {name: sum(_values(lines, f"kolofon_{name}_seconds_sum")) for name in names}


def _values(lines: list[str], name: str) -> list[float]:
    return [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)]


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Stops at the client's address, where nobody answers."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """None for the client's address, which makes the redirect an error that holds it."""
        return None if newurl.startswith(CALLBACK) else super().redirect_request(req, fp, code, msg, headers, newurl)


def _sign_in(reader: str, address: str) -> None:
    """Page, password, code, token. The address keeps the limits per address out of the way."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), _StayHere())
    browser.addheaders = [("X-Forwarded-For", address)]
    query = {"response_type": "code", "client_id": harness.CLIENT_ID, "redirect_uri": CALLBACK, "scope": "openid read"}
    page = browser.open(f"{BASE}/user/oauth/authorize?{urllib.parse.urlencode(query)}")
    token = re.findall(r'name="form_token" value="(\w+)"', page.read().decode())[0]
    form = {"j_username": reader, "j_password": PASSWORD, "form_token": token, "action": "password"}
    try:
        browser.open(page.url, urllib.parse.urlencode(form).encode())
    except urllib.error.HTTPError as redirect:
        back = urllib.parse.urlsplit(redirect.headers["location"])
    code = urllib.parse.parse_qs(back.query)["code"][0]
    basic = b64encode(f"{harness.CLIENT_ID}:{harness.CLIENT_SECRET}".encode()).decode()
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    browser.addheaders = [("Authorization", f"Basic {basic}")]
    with browser.open(f"{BASE}/user/oauth/token", urllib.parse.urlencode(grant).encode()) as answer:
        if "id_token" not in json.load(answer):
            raise SystemExit("the answer has no id_token")


if __name__ == "__main__":
    main()
