from datetime import date, timedelta

import pytest

from kolofon.platform.dates import start_of_day
from tests.engine.subscriptions.desk import ZONE, Desk, open_desk
from tests.playground import Playground


@pytest.fixture
async def desk(playground: Playground) -> Desk:
    """On a quarter past nine of 15 January 2027."""
    playground.clock.move(
        start_of_day(date(2027, 1, 15), ZONE) + timedelta(hours=9, minutes=15) - playground.clock.now()
    )
    desk = await open_desk(playground)
    await desk.customer(1001)
    return desk
