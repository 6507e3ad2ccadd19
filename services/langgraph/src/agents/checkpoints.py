"""PostgreSQL: what each article's agents have said so far."""

import asyncio
import time
from typing import Any

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from agents.errors import Unavailable

SCHEMA_LOCK = 6_021_003  # of the whole database; stream-processor's are the numbers before
KEPT = "1 day"  # judged: longer than any restart after which an article is asked for again
FORGET_EVERY = 600.0  # seconds
LOST = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.UndefinedTable)
# autocommit and rows as dictionaries are what the library asks for.
CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "connect_timeout": 2,
    "options": "-c statement_timeout=10000",
}

OLD = f"""
SELECT thread_id FROM checkpoints GROUP BY thread_id
HAVING max((checkpoint ->> 'ts')::timestamptz) < now() - interval '{KEPT}' LIMIT 1000
"""


class Checkpoints:
    """`saver` is for the graph. Make it inside of a running loop."""

    def __init__(self, url: str) -> None:
        # Attempts are given up soon and begun anew, as in the backend.
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            url,
            kwargs=CONNECTION,
            min_size=1,
            max_size=3,
            open=False,
            check=AsyncConnectionPool.check_connection,
            timeout=2.0,
            reconnect_timeout=2.0,
        )
        self.saver = AsyncPostgresSaver(self._pool, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._has_schema = False

    async def start(self) -> None:
        await self._pool.open(wait=False)

    async def stop(self) -> None:
        await self._pool.close()

    async def check(self) -> None:
        """Also fails before the tables are made. Raises Unavailable."""
        try:
            async with self._pool.connection(timeout=1.0) as connection:
                await connection.execute("SELECT thread_id FROM checkpoints LIMIT 0")
        except LOST as error:
            self._has_schema = False  # it may come back another, from a backup
            raise Unavailable("database") from error

    async def keep(self) -> None:
        """Makes the tables when they are not there, and deletes what is old; never ends."""
        forgotten = time.monotonic()
        while True:
            try:
                if not self._has_schema:
                    await self.make_schema()
                elif time.monotonic() - forgotten >= FORGET_EVERY:
                    await self.forget_old()
                    forgotten = time.monotonic()
            except LOST:
                pass  # health tells; the next round tries again
            await asyncio.sleep(1)

    async def make_schema(self) -> None:
        """By one replica at a time; the others come back later."""
        async with self._pool.connection() as connection:
            # Not waited for: the library builds indexes concurrently, and that waits for every statement in progress.
            locked = await connection.execute("SELECT pg_try_advisory_lock(%s) AS got", (SCHEMA_LOCK,))
            row = await locked.fetchone()
            if row and row["got"]:
                await AsyncPostgresSaver(connection).setup()
                await connection.execute("SELECT pg_advisory_unlock(%s)", (SCHEMA_LOCK,))
                self._has_schema = True

    async def forget_old(self) -> int:
        """Of how many articles it deleted the checkpoints."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(OLD)).fetchall()
        for row in rows:
            await self.saver.adelete_thread(row["thread_id"])
        return len(rows)
