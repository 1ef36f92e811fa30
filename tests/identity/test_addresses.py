"""Where a request comes from, by which guessing is counted: the connection says it, or a proxy that is trusted."""

from pathlib import Path

import pytest

from tests.playground import WEB, Playground
from tests.processes import web_process


@pytest.mark.parametrize(("trusted", "is_believed"), [("127.0.0.1", True), ("192.0.2.1", False)])
async def test_only_a_trusted_proxy_says_where_a_request_comes_from(
    playground: Playground, database_url: str, tmp_path: Path, trusted: str, is_believed: bool
) -> None:
    guess = {"grant_type": "client_credentials", "client_id": WEB, "client_secret": "guess"}
    async with web_process(database_url, tmp_path, trusted_proxies=trusted) as web:
        statuses = set()
        # More than two minutes' worth of one address, so that no turn of a minute lets all of them through.
        for number in range(150):
            header = {"X-Forwarded-For": f"198.51.100.{number}"}
            answer = await web.server.http.post("/user/oauth/token", data=guess, headers=header)
            statuses.add(answer.status_code)
    assert statuses == ({401} if is_believed else {401, 429})
