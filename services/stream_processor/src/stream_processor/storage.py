"""PostgreSQL: each article once, with a seq that grows in the order of commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from stream_processor.article import Article, Enrichment
from stream_processor.errors import Unavailable

# Locks of the whole database, by number: ours, for the schema and for giving out seq.
SCHEMA_LOCK, ORDER_LOCK = 6_021_001, 6_021_002
# Seconds; milliseconds: longer than another replica holds the lock, shorter than a batch may take.
CONNECTION: dict[str, Any] = {"connect_timeout": 2, "options": "-c statement_timeout=30000 -c lock_timeout=20000"}

INSERT = """
INSERT INTO articles (id, source, url, title, text, published_at, received_at, summary, category, verdict)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Row:
    article: Article
    enrichment: Enrichment | None

    def values(self) -> tuple[object, ...]:
        a, e = self.article, self.enrichment
        enriched = (e.summary, e.category, e.verdict) if e else (None, None, None)
        return (a.id, a.source, a.url, a.title, a.text, a.published_at, a.received_at, *enriched)


class Storage:
    def __init__(self, url: str) -> None:
        # Attempts are given up soon and begun anew, as in the backend.
        self._pool = ConnectionPool(
            url,
            kwargs=CONNECTION,
            min_size=1,
            max_size=2,
            open=True,
            check=ConnectionPool.check_connection,
            timeout=2.0,
            reconnect_timeout=2.0,
        )
        self._has_schema = False

    def check(self) -> None:
        """Raises Unavailable."""
        try:
            with self._pool.connection(timeout=1.0) as connection:
                connection.execute("SELECT 1")
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable("database") from error

    def write(self, rows: Sequence[Row]) -> dict[int, str]:
        """In order, in one transaction. Returns which can never be stored, and why. Raises Unavailable."""
        try:
            self._make_schema()
            try:
                self._insert(rows)
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                if len(rows) == 1:
                    return {0: str(error).partition("\n")[0]}
                return {i: reason for i, row in enumerate(rows) for reason in self.write([row]).values()}
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.UndefinedTable) as error:
            self._has_schema = False  # it may come back another, from a backup
            raise Unavailable("database") from error
        return {}

    def _insert(self, rows: Sequence[Row]) -> None:
        # Without the lock, a transaction that took a lower seq could commit after a reader has read past it. It is
        # held until the commit is visible.
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (ORDER_LOCK,))
            cursor.executemany(INSERT, [row.values() for row in rows])

    def _make_schema(self) -> None:
        if self._has_schema:
            return
        schema = resources.files("stream_processor").joinpath("schema.sql").read_bytes()
        with self._pool.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
            connection.execute(schema)
        self._has_schema = True

    def make_schema(self) -> None:
        """Raises Unavailable."""
        self.write(())

    def close(self) -> None:
        self._pool.close()
