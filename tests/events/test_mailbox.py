from datetime import timedelta
from html.parser import HTMLParser

import msgspec
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.settings import Settings
from kolofon.welcome import announce
from tests.browser_session import Server
from tests.conftest import running_server
from tests.events.post import FROM, KARI, TEXT, delivery, mail, sms, written

PATH = "/dev/mailbox"
EVIL = '</pre></iframe><script>alert(1)</script><img src=x onerror=alert(2)> " onload=alert(3) x="'


class Seen(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


async def test_it_lists_mail_and_sms_newest_first_before_and_after_their_delivery(
    server: Server, connection: Connection, clock: Clock, pool: Pool
) -> None:
    empty = await server.http.get(PATH)
    assert "nothing here yet" in empty.text
    await written(connection, clock, mail(clock, html="<p>Hei <b>Kari</b></p>"))
    clock.move(timedelta(seconds=1))
    await written(connection, clock, sms(clock))
    sending = delivery(pool, clock, server.parts.settings)
    pages = [(await server.http.get(PATH)).text]
    while await sending.do_next():
        pages.append((await server.http.get(PATH)).text)
    assert len(pages) == 3
    for page in pages:
        seen = Seen(page)
        assert seen.text.index("+4791234567") < seen.text.index(KARI)
        assert "Koden din" in seen.text
        assert seen.text.count(TEXT) == 2
        [frame] = seen.all("iframe")
        assert frame["srcdoc"] == "<p>Hei <b>Kari</b></p>"
        assert frame["sandbox"] == ""


async def test_what_a_message_says_stays_text(server: Server, connection: Connection, clock: Clock) -> None:
    message = mail(clock, html=EVIL)
    await written(connection, clock, msgspec.structs.replace(message, subject=EVIL, text=EVIL, recipient=EVIL))
    seen = Seen((await server.http.get(PATH)).text)
    assert seen.all("script") == seen.all("img") == []
    assert [frame["srcdoc"] for frame in seen.all("iframe")] == [EVIL]
    assert not any(name.startswith("on") for _, attributes in seen.elements for name in attributes)
    assert seen.text.count(EVIL) == 3


async def test_it_is_not_kept_runs_nothing_and_refreshes_unless_asked_not_to(server: Server) -> None:
    answer = await server.http.get(PATH)
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert [meta["content"] for meta in Seen(answer.text).all("meta") if "http-equiv" in meta] == ["5"]
    still = await server.http.get(PATH, params={"refresh": "false"})
    assert [meta for meta in Seen(still.text).all("meta") if "http-equiv" in meta] == []


@pytest.mark.parametrize(
    "settings",
    [
        Settings(mode="production", public_url="https://a.no", secret_key="s" * 32, log_level="error"),
        Settings(log_level="error", smtp_url="smtp://localhost", mail_from=FROM),
    ],
    ids=["in production", "with a mail server"],
)
async def test_there_is_none_in_production_nor_where_mail_is_sent(
    database_url: str, clock: Clock, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_server(database_url, clock, settings) as server:
        assert (await server.http.get(PATH)).status_code == 404
        assert (await server.http.get(f"{PATH}/")).status_code == 404
    announce(settings)
    assert "mailbox" not in capsys.readouterr().out


async def test_it_answers_to_no_name_but_this_installations(server: Server) -> None:
    for host, status in (("evil.example", 404), ("127.0.0.1.evil.example:8000", 404), ("localhost:8000", 200)):
        answer = await server.http.get(PATH, headers={"Host": host})
        assert answer.status_code == status, host


def test_it_is_announced_at_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    announce(Settings())
    assert "http://127.0.0.1:8000/dev/mailbox\n" in capsys.readouterr().out
