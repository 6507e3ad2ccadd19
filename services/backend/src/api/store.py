"""PostgreSQL: articles out. The table is stream-processor's, which makes it when it starts."""

import uuid
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from api.articles import Stored
from api.errors import Unavailable

COLUMNS: LiteralString = "seq, id, source, url, title, text, published_at, received_at, summary, category, verdict"
CONNECTION: dict[str, Any] = {"autocommit": True, "connect_timeout": 2, "options": "-c statement_timeout=5000"}


class Store:
    def __init__(self, url: str) -> None:
        # At most three a worker: 10 replicas of 4 workers stay below the server's 200. Attempts are given up soon and
        # begun anew: one that waits longer and longer would stay away as long again as the server was.
        self._pool = AsyncConnectionPool(
            url,
            kwargs=CONNECTION,
            min_size=1,
            max_size=3,
            open=False,
            check=AsyncConnectionPool.check_connection,
            timeout=2.0,
            reconnect_timeout=2.0,
        )

    async def start(self) -> None:
        await self._pool.open(wait=False)

    async def stop(self) -> None:
        await self._pool.close()

    async def check(self) -> None:
        """Also fails before stream-processor has made the table."""
        await self._rows("SELECT {columns} FROM articles LIMIT 0", {})

    async def newest(self) -> int:
        """The highest seq, 0 when there is none."""
        rows = await self._rows("SELECT {columns} FROM articles ORDER BY seq DESC LIMIT 1", {})
        return rows[0].seq if rows else 0

    async def after(self, seq: int, most: int) -> list[Stored]:
        """In order. Nothing appears behind what was read: writers get their seq one after another."""
        query: LiteralString = "SELECT {columns} FROM articles WHERE seq > %(seq)s ORDER BY seq LIMIT %(most)s"
        return await self._rows(query, {"seq": seq, "most": most})

    async def page(self, source: str | None, before: int | None, most: int) -> list[Stored]:
        """Newest first."""
        wanted: list[LiteralString] = ["true"]
        if source is not None:
            wanted.append("source = %(source)s")
        if before is not None:
            wanted.append("seq < %(before)s")
        query = "SELECT {columns} FROM articles WHERE " + " AND ".join(wanted) + " ORDER BY seq DESC LIMIT %(most)s"
        return await self._rows(query, {"source": source, "before": before, "most": most})

    async def one(self, article: uuid.UUID) -> Stored | None:
        rows = await self._rows("SELECT {columns} FROM articles WHERE id = %(id)s", {"id": article})
        return rows[0] if rows else None

    async def _rows(self, query: LiteralString, values: Mapping[str, Any]) -> list[Stored]:
        try:
            async with (
                self._pool.connection() as connection,
                connection.cursor(row_factory=class_row(Stored)) as cursor,
            ):
                await cursor.execute(query.replace("{columns}", COLUMNS), values)
                return await cursor.fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.UndefinedTable) as error:
            raise Unavailable("database") from error
