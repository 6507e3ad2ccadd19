from typing import Any

import pytest
from redis.exceptions import ResponseError

from api.cache import ACCEPTED, Cache
from api.errors import Unavailable


class Recorded(Cache):
    """Notes what Redis is asked, and answers with `failure` if there is one."""

    def __init__(self) -> None:
        super().__init__("redis://localhost")
        self.asked: list[tuple[str | int, ...]] = []
        self.failure: Exception | None = None

    async def _ask(self, *command: str | int) -> Any:
        if self.failure:
            raise self.failure
        self.asked.append(command)
        return []


@pytest.fixture
def cache() -> Recorded:
    return Recorded()


async def test_articles_are_added_to_their_second_once(cache: Recorded) -> None:
    for _ in range(3):
        cache.count()
    await cache.flush()
    await cache.flush()
    ((command, key, second, number, *options),) = cache.asked
    assert (command, key, number) == ("TS.ADD", ACCEPTED, 3)
    assert int(second) % 1000 == 0
    assert options[-2:] == ["ON_DUPLICATE", "SUM"]


async def test_articles_of_an_outage_are_counted_after_it(cache: Recorded) -> None:
    cache.failure = Unavailable("redis")
    cache.count()
    with pytest.raises(Unavailable):
        await cache.flush()
    cache.failure = None
    await cache.flush()
    assert cache.asked[0][3] == 1


async def test_a_redis_without_time_series_is_asked_once(cache: Recorded) -> None:
    cache.failure = ResponseError("unknown command 'TS.ADD'")
    cache.count()
    await cache.flush()
    assert await cache.rates() is None
    cache.failure = None
    cache.count()
    await cache.flush()
    assert not cache.asked


async def test_a_lease_is_given_back_when_redis_is_there_again(cache: Recorded) -> None:
    cache.failure = Unavailable("redis")
    cache.give_back("lease")
    with pytest.raises(Unavailable):
        await cache.flush()
    cache.failure = None
    await cache.flush()
    assert cache.asked == [("ZREM", "newstalk:sse:leases", "lease")]
