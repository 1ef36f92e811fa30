"""Sign-in and OAuth are tested on the edges of their time limits, so here the clock stands still until moved."""

from datetime import UTC, datetime

import pytest

from kolofon.platform.clock import Clock
from tests.identity.steps import StoppedClock


@pytest.fixture
def clock() -> Clock:
    return StoppedClock(datetime.now(UTC).replace(microsecond=0))
