"""What becomes of a batch of messages, free of Kafka."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from stream_processor import metrics
from stream_processor.article import Article, Enrichment, Record, read
from stream_processor.errors import Unprocessable
from stream_processor.storage import Row

AT_ONCE = (
    16  # articles in hand, all of them at langgraph-service at the same time; judged: what one replica of it bears
)

Enrich = Callable[[Article, str | None, float], Enrichment | None]
Write = Callable[[Sequence[Row]], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be written."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    rows: tuple[tuple[Record, Row], ...]
    dead: tuple[tuple[Record, str], ...]


class Pipeline:
    """`seconds`: PIPELINE_MAX_PROCESSING_TIME; an article without an answer by then is stored as it came."""

    def __init__(self, enrich: Enrich, write: Write, processed: str, dead_letter: str, seconds: float) -> None:
        self._enrich, self._write = enrich, write
        self._processed, self._dead_letter, self._seconds = processed, dead_letter, seconds
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="enrich")

    def prepare(self, records: Sequence[Record]) -> Prepared:
        """Reads and enriches, in order; takes no longer than `seconds`."""
        until = time.monotonic() + self._seconds
        articles: list[tuple[Record, Article]] = []
        dead = []
        for record in records:
            try:
                articles.append((record, read(record)))
            except Unprocessable as error:
                dead.append((record, str(error)))
        asked = [self._threads.submit(self._enrich, article, record.trace, until) for record, article in articles]
        wait(asked, timeout=max(0.0, until - time.monotonic()))
        rows = []
        for (record, article), answer in zip(articles, asked, strict=True):
            answer.cancel()
            enrichment = answer.result() if answer.done() and not answer.cancelled() else None
            rows.append((record, Row(article, enrichment)))
        return Prepared(tuple(rows), tuple(dead))

    def store(self, prepared: Prepared) -> list[Outgoing]:
        """Writes, and returns what is to be told. May be repeated after Unavailable, which it raises."""
        refused = self._write([row for _, row in prepared.rows])
        out = [self._dead(record, reason) for record, reason in prepared.dead]
        for number, (record, row) in enumerate(prepared.rows):
            if number in refused:
                out.append(self._dead(record, refused[number]))
                continue
            metrics.PROCESSED.inc()
            if row.enrichment is None:
                metrics.UNENRICHED.inc()
            enriched = row.enrichment.model_dump() if row.enrichment else {}
            value = json.dumps(row.article.model_dump(mode="json") | enriched, ensure_ascii=False).encode()
            out.append(Outgoing(self._processed, record.key, value, record.headers))
        return out

    def _dead(self, record: Record, reason: str) -> Outgoing:
        metrics.DEAD.inc()
        origin = f"{record.topic}/{record.partition}/{record.offset}"
        why = (("reason", reason.encode("utf-8", "replace")), ("origin", origin.encode()))
        return Outgoing(self._dead_letter, record.key, record.value, (*record.headers, *why))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
