"""A bound on guessing: wrong guesses count, by key, and those that are being looked up when only few are allowed."""

import pytest

from kolofon.engine.guessing import Guesses
from kolofon.platform.callers import Limits
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.limits import MemoryRateLimiter

FEW = Limits(per_second=2, per_minute=2)


@pytest.fixture
def limiter() -> MemoryRateLimiter:
    return MemoryRateLimiter(lambda: 1000.0)


@pytest.fixture
def guesses(limiter: MemoryRateLimiter) -> Guesses:
    return Guesses(limiter, "numbers", FEW)


async def test_only_wrong_guesses_count_and_only_for_their_key_and_subject(
    limiter: MemoryRateLimiter, guesses: Guesses
) -> None:
    for _ in range(3):
        await guesses.check("a")
    for _ in range(2):
        await guesses.was_wrong("a")
    with pytest.raises(TooManyRequests, match="too many wrong numbers, please wait a minute") as refused:
        await guesses.check("a")
    assert refused.value.retry_after == 60
    await guesses.check("b")
    await Guesses(limiter, "codes", FEW).check("a")


async def test_what_is_being_looked_up_counts_until_it_is_known(guesses: Guesses) -> None:
    async with guesses.one_of_few("a"), guesses.one_of_few("a"):
        with pytest.raises(TooManyRequests) as refused:
            async with guesses.one_of_few("a"):
                pass
        assert refused.value.retry_after >= 1
        async with guesses.one_of_few("b"):
            pass
    async with guesses.one_of_few("a"), guesses.one_of_few("a"):
        pass


async def test_a_guess_whose_look_up_fails_is_given_back(guesses: Guesses) -> None:
    for _ in range(5):
        with pytest.raises(OSError, match="no database"):
            async with guesses.one_of_few("a"):
                raise OSError("no database")
    async with guesses.one_of_few("a"):
        await guesses.was_wrong("a")
    async with guesses.one_of_few("a"):
        with pytest.raises(TooManyRequests):
            async with guesses.one_of_few("a"):
                pass
