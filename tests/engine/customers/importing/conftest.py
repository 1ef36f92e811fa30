from pathlib import Path

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.engine.customers.importing.runs import Importer
from tests.playground import Playground


@pytest.fixture
def importer(
    playground: Playground, database_url: str, connection: Connection, clock: Clock, tmp_path: Path
) -> Importer:
    """Imports for the partners of the playground."""
    return Importer(database_url, connection, clock, tmp_path)
