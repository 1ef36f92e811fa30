"""Tokens: client credentials and refreshes a second, and access checks while many readers sign in.

python -m benchmarks.tokens [--customers 1000000]
"""

import argparse
import asyncio
import http.cookiejar
import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from datetime import timedelta
from uuid import UUID

from benchmarks import access_check, harness
from kolofon.platform.clock import Clock
from kolofon.platform.ids import hash_secret, new_uuid

TOKENS = 60_000  # more than are used up
ROUNDS = 3
SECONDS = 5
READERS_SIGNING_IN = 20


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sign-in", action="store_true", help="be the storm, until ended")
    arguments = parser.parse_args()
    if arguments.sign_in:
        for number in range(READERS_SIGNING_IN):
            threading.Thread(target=_sign_in_for_ever, args=(number,)).start()
        return
    basic = b64encode(f"{harness.CLIENT_ID}:{harness.CLIENT_SECRET}".encode()).decode()
    with harness.database(arguments.customers) as url, harness.kolofon_web(url) as process:
        token_url = f"http://127.0.0.1:{harness.SERVER_PORT}/user/oauth/token"
        runs = [harness.load(token_url, "client_credentials.lua", SECONDS, {"BASIC": basic}) for _ in range(ROUNDS)]
        _print("client credentials", runs)
        asyncio.run(_add_refresh_tokens(url))
        firsts = [round_number * TOKENS // ROUNDS for round_number in range(ROUNDS)]
        _print(
            "refresh",
            [harness.load(token_url, "refresh.lua", SECONDS, {"BASIC": basic, "FIRST": str(f)}) for f in firsts],
        )
        _measure_storm(url)
        print(f"web process {harness.resident_megabytes(process):.0f} MB")


def _measure_storm(url: str) -> None:
    with tempfile.NamedTemporaryFile("w") as readers:
        asyncio.run(access_check.write_readers(url, readers.name))
        values = {"TOKEN": access_check.client_token(url), "READERS": readers.name, "PRODUCT": access_check.PRODUCT}
        target = f"http://127.0.0.1:{harness.SERVER_PORT}/capi/v1/client/access"
        # Few connections: the question is how long a check waits, not how many fit.
        quiet = [harness.load(target, "access_check.lua", SECONDS, values, 4) for _ in range(ROUNDS)]
        with subprocess.Popen([sys.executable, "-m", "benchmarks.tokens", "--sign-in"]) as storm:
            busy = [harness.load(target, "access_check.lua", SECONDS, values, 4) for _ in range(ROUNDS)]
            storm.kill()
    _print("access checks, quiet", quiet)
    _print("access checks, sign-in storm", busy)


async def _add_refresh_tokens(url: str) -> None:
    """Families of one reader, each with its first refresh token."""
    connection = await harness.connect(url)
    reader: UUID = await connection.fetchval("select unique_id from user_customer limit 1")
    now = Clock().now()
    later = now + timedelta(days=30)
    grants = [new_uuid() for _ in range(TOKENS)]
    await connection.execute("delete from oauth_grant where client_id = $1", harness.CLIENT_ID)
    await connection.copy_records_to_table(
        "oauth_grant",
        columns=["grant_id", "client_id", "unique_id", "scope", "created_at", "expires_at"],
        records=[(grant, harness.CLIENT_ID, reader, "read", now, later) for grant in grants],
    )
    await connection.copy_records_to_table(
        "refresh_token",
        columns=["token_hash", "grant_id", "expires_at"],
        records=[(hash_secret(f"benchmark-{n}"), grant, later) for n, grant in enumerate(grants, 1)],
    )
    await connection.close()


def _sign_in_for_ever(thread: int) -> None:
    """One reader after the other, from another address, gives a wrong password, which is hashed like a right one."""
    query = urllib.parse.urlencode(
        {"response_type": "code", "client_id": harness.CLIENT_ID, "redirect_uri": "http://localhost/callback"}
    )
    page = f"http://127.0.0.1:{harness.SERVER_PORT}/user/oauthLogin?{query}"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    token = re.findall(r'name="form_token" value="(\w+)"', browser.open(page).read().decode())[0]
    for number in itertools.count():
        name = f"storm-{thread}-{number}@example.no"
        form = urllib.parse.urlencode({"j_username": name, "j_password": "not the password", "form_token": token})
        address = f"10.{thread}.{number // 250 % 250}.{number % 250}"
        try:
            browser.open(urllib.request.Request(page, form.encode(), {"X-Forwarded-For": address}))
        except urllib.error.HTTPError as error:
            error.close()  # 400: the password was wrong, as intended


def _print(name: str, runs: list[harness.Figures]) -> None:
    rate, p50, p99 = (statistics.median(getattr(run, field) for run in runs) for field in ("rate", "p50", "p99"))
    print(f"{name:30} {rate:7.0f}/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms")


if __name__ == "__main__":
    main()
