from kolofon.commands.administration import check
from kolofon.settings import Settings
from tests.browser_session import Server
from tests.events.post import FROM
from tests.processes import free_port
from tests.providers.smtp_server import smtp_server


async def mail_finding(server: Server, database_url: str, smtp_url: str) -> str | None:
    # The server's key, so that the signing keys fit.
    settings = Settings(secret_key="a test installation's secret key!", smtp_url=smtp_url, mail_from=FROM)
    return dict(await check(settings, database_url))["mail"]


async def test_checking_looks_at_the_mail_server(server: Server, database_url: str) -> None:
    async with smtp_server() as smtp:
        assert await mail_finding(server, database_url, smtp.url) is None
        assert smtp.commands == ["EHLO", "NOOP", "QUIT"]
    nobody = await mail_finding(server, database_url, f"smtp://127.0.0.1:{free_port()}")
    assert nobody is not None
    assert nobody.startswith("SMTPConnectError: ")


async def test_without_one_there_is_nothing_to_look_at(server: Server, database_url: str) -> None:
    settings = Settings(secret_key="a test installation's secret key!")
    assert "mail" not in dict(await check(settings, database_url))
