"""What customer service can do for a reader who has lost every second factor."""

import pytest

from kolofon.commands.administration import CommandError, forget_factors
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.settings import Settings
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.pages.reading import is_back, reading
from tests.identity.second_factors.steps import add_app, add_recovery_codes
from tests.playground import Reader


async def test_a_reader_whose_factors_are_forgotten_signs_in_without_and_is_told(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    await add_app(server, clock, reader)
    await add_recovery_codes(server, reader)
    async with reading(server, connection) as browser:
        assert not is_back(await browser.sign_in(reader.credential))
        unique_id = await forget_factors(connection, clock, Settings(), " KARI@example.no", "command-line:test")
        assert unique_id == reader.unique_id.hex
        assert is_back(await browser.sign_in(reader.credential))
    [*_, told] = await messages_to(connection, reader.credential)
    assert "127.0.0.1" in told.text
    for table in ("totp_secret", "passkey", "recovery_code"):
        assert await connection.fetchval(f"select count(*) from {table}") == 0
    actors = await connection.fetch("select actor from audit_log where action = 'userForgetFactors'")
    assert [row["actor"] for row in actors] == ["command-line:test"]


async def test_nobody_is_no_user(connection: Connection, clock: Clock) -> None:
    with pytest.raises(CommandError, match=r"there is no user with ola@example\.no"):
        await forget_factors(connection, clock, Settings(), "ola@example.no", "command-line:test")
