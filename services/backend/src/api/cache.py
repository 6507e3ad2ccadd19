"""Redis: who may stream, when there is news, how many articles came."""

import asyncio
import logging
import time
import uuid
from contextlib import suppress
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from api.errors import Unavailable

STREAMS, NEWS, ACCEPTED = "newstalk:sse:leases", "newstalk:articles:stored", "newstalk:articles:accepted"
LEASE = 60  # seconds after which the streams of a worker that was killed count no more
RENEWED = 20.0  # seconds between renewals: two may fail
RETENTION = 24 * 3600 * 1000  # milliseconds of article rates

# Redis' own clock: workers' clocks differ. KEYS: leases; ARGV: limit, seconds, lease.
TAKE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], 2 * ARGV[2])
return 1
"""
# Adds what is missing too: a Redis that came back empty counts right again. ARGV: seconds, leases...
RENEW = """
local now = tonumber(redis.call('TIME')[1])
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], 2 * ARGV[1])
"""

log = logging.getLogger(__name__)


class Cache:
    def __init__(self, url: str) -> None:
        # Bounded: when a thousand clients come back at once, they wait for a connection instead of opening as many.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=10,
            timeout=5,
            socket_timeout=1,
            socket_connect_timeout=1,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._redis = Redis.from_pool(pool)
        self._held: set[str] = set()
        self._given_back: set[str] = set()
        self._accepted = 0
        self._time_series = True  # until Redis says that it has none

    async def check(self) -> None:
        await self._ask("PING")

    async def take(self, limit: int) -> str | None:
        """A lease for one stream, or None when `limit` are taken."""
        lease = uuid.uuid4().hex
        if not await self._ask("EVAL", TAKE, 1, STREAMS, limit, LEASE, lease):
            return None
        self._held.add(lease)
        return lease

    def give_back(self, lease: str) -> None:
        """Within a second, by `keep`: nothing to wait for when a client has gone."""
        self._held.discard(lease)
        self._given_back.add(lease)

    def count(self) -> None:
        """One more article was accepted."""
        self._accepted += 1

    async def keep(self) -> None:
        """Tells Redis every second what the methods above noted; never ends."""
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(1)
            try:
                await self.flush()
                if self._held and time.monotonic() - renewed >= RENEWED:
                    await self._ask("EVAL", RENEW, 1, STREAMS, LEASE, *self._held)
                    renewed = time.monotonic()
            except Unavailable:
                pass  # health tells; the next round says it all

    async def flush(self) -> None:
        if given_back := tuple(self._given_back):
            await self._ask("ZREM", STREAMS, *given_back)
            self._given_back.difference_update(given_back)
        if (accepted := self._accepted) and self._time_series:
            await self._add(accepted)
            self._accepted -= accepted

    async def _add(self, accepted: int) -> None:
        """Workers that name the same second are summed."""
        second = int(time.time()) * 1000
        try:
            await self._ask("TS.ADD", ACCEPTED, second, accepted, "RETENTION", RETENTION, "ON_DUPLICATE", "SUM")
        except ResponseError as error:
            log.warning("no article rates: Redis lacks the module TimeSeries", extra={"reason": str(error)})
            self._time_series = False

    async def rates(self) -> list[tuple[int, int]] | None:
        """Minute (seconds since 1970) and articles accepted in it, of the last hour; None without TimeSeries."""
        since = int(time.time()) // 60 * 60_000 - 3_600_000
        try:
            rows = await self._ask("TS.RANGE", ACCEPTED, since, "+", "AGGREGATION", "sum", 60_000)
        except ResponseError as error:
            return [] if "does not exist" in str(error) else None
        return [(int(moment) // 1000, int(float(value))) for moment, value in rows]

    async def listen(self, wake: asyncio.Event) -> None:
        """Sets `wake` whenever stream-processor has stored articles; never ends."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(NEWS)
                    while True:
                        if await channel.get_message(ignore_subscribe_messages=True, timeout=30):
                            wake.set()
            except (RedisError, OSError):
                await asyncio.sleep(1)

    async def stop(self) -> None:
        """Gives back what is held, so that the next worker's clients find room."""
        self._given_back |= self._held
        self._held.clear()
        with suppress(Unavailable):
            await self.flush()
        await self._redis.aclose()

    async def _ask(self, *command: str | int) -> Any:
        try:
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        except ResponseError:
            raise
        except (RedisError, OSError) as error:
            raise Unavailable("redis") from error
