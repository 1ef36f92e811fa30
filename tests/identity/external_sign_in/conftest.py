from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.settings import Settings
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.external_sign_in.provider import CLIENT_ID, SECRET, Provider, running_provider
from tests.identity.external_sign_in.travelling import Travelling, travelling
from tests.playground import Playground


@pytest.fixture
async def provider(clock: Clock) -> AsyncIterator[Provider]:
    """The one that is called Vipps, and whose word is taken."""
    async with running_provider(clock) as provider:
        yield provider


@pytest.fixture
async def other(clock: Clock) -> AsyncIterator[Provider]:
    """Another one, whose word is not taken, for the partner `example` only."""
    async with running_provider(clock) as provider:
        yield provider


@pytest.fixture
def provider_file(provider: Provider, other: Provider, tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    path = tmp_path / "providers.yaml"
    path.write_text(
        f"""
providers:
  - code: vipps
    name: Vipps
    issuer: {provider.issuer}
    clientId: {CLIENT_ID}
    clientSecretFile: secret
    scopes: [openid, name, email, phoneNumber]
    source: Vipps
    trustsEmail: true
    trustsPhone: true
  - code: other
    name: The Other
    issuer: {other.issuer}
    clientId: {CLIENT_ID}
    clientSecretFile: secret
    source: Google
    partners: [example]
"""
    )
    return path


@pytest.fixture
async def server(playground: Playground, database_url: str, clock: Clock, provider_file: Path) -> AsyncIterator[Server]:
    async with running_server(database_url, clock, Settings(log_level="error", sign_in_providers=provider_file)) as it:
        yield it


@pytest.fixture
async def reader_there(server: Server, connection: Connection) -> AsyncIterator[Travelling]:
    async with travelling(server, connection) as it:
        yield it
