import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processor.article import Article, Enrichment, Record
from stream_processor.errors import Unavailable
from stream_processor.pipeline import AT_ONCE, Enrich, Outgoing, Pipeline
from stream_processor.storage import Row

ENRICHED = Enrichment(summary="s", category="c", verdict="v")


def article(number: int = 1, **changes: Any) -> bytes:
    fields = {
        "id": str(uuid.UUID(int=number)),
        "source": "agency",
        "url": "https://example.org/",
        "title": "A title",
        "text": "A text",
        "published_at": "2026-01-01T12:00:00Z",
        "received_at": "2026-01-01T12:00:01Z",
    }
    return json.dumps(fields | changes).encode()


def message(value: bytes | None, offset: int = 0, **headers: bytes) -> Record:
    return Record("articles.raw", 3, offset, b"agency", value, tuple(headers.items()))


class Table:
    """Stores what it is given, but for the titles that it refuses; `lost` so many times."""

    def __init__(self, refuses: str = "", lost: int = 0) -> None:
        self.rows: list[Row] = []
        self.refuses, self.lost = refuses, lost

    def write(self, rows: Sequence[Row]) -> Mapping[int, str]:
        if self.lost:
            self.lost -= 1
            raise Unavailable
        self.rows += [row for row in rows if row.article.title != self.refuses]
        return {i: "refused" for i, row in enumerate(rows) if row.article.title == self.refuses}


def enriched(article: Article, trace: str | None, until: float) -> Enrichment | None:
    return ENRICHED


def pipeline(table: Table, enrich: Enrich = enriched, seconds: float = 5) -> Pipeline:
    return Pipeline(enrich, table.write, "processed", "dead", seconds)


def processed(table: Table, *records: Record, enrich: Enrich = enriched, seconds: float = 5) -> list[Outgoing]:
    line = pipeline(table, enrich, seconds)
    try:
        return line.store(line.prepare(records))
    finally:
        line.close()


def test_an_article_is_stored_and_passed_on_with_what_the_model_says() -> None:
    table = Table()
    (out,) = processed(table, message(article(7)))
    assert [(row.article.id.int, row.enrichment) for row in table.rows] == [(7, ENRICHED)]
    assert (out.topic, out.key) == ("processed", b"agency")
    assert json.loads(out.value or b"")["summary"] == "s"


def test_order_is_kept_however_long_the_model_takes() -> None:
    def slower_first(article: Article, trace: str | None, until: float) -> None:
        time.sleep(0.05 / article.id.int)

    table = Table()
    processed(table, *(message(article(n)) for n in range(1, AT_ONCE + 1)), enrich=slower_first)
    assert [row.article.id.int for row in table.rows] == list(range(1, AT_ONCE + 1))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, b"EOF"),
        (b"\xff", b"message: "),
        (article(source=""), b"source: "),
        (article(title="a\0b"), b"title: "),
        (article(published_at="0001-01-01T00:00:00+14:00"), b"published_at: "),
        (article(received_at="2026-01-01T12:00:00"), b"received_at: "),
    ],
)
def test_what_is_no_article_goes_to_the_dead_letters_with_its_reason(value: bytes | None, reason: bytes) -> None:
    table = Table()
    dead, passed = sorted(processed(table, message(value, 5, a=b"1"), message(article())), key=lambda out: out.topic)
    headers = dict(dead.headers)
    assert (dead.topic, dead.key, dead.value) == ("dead", b"agency", value)
    assert reason in (headers["reason"] or b"")
    assert (headers["origin"], headers["a"]) == (b"articles.raw/3/5", b"1")
    assert passed.topic == "processed"
    assert len(table.rows) == 1


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=100) | st.integers(1, 200).map(lambda cut: article()[:-cut]))
def test_no_message_stops_the_stream(value: bytes) -> None:
    table = Table()
    assert [out.topic for out in processed(table, message(value))] == ["dead"]
    assert not table.rows


def test_what_the_database_refuses_goes_to_the_dead_letters_alone() -> None:
    table = Table(refuses="odd")
    out = processed(table, message(article(1)), message(article(2, title="odd")), message(article(3)))
    assert [o.topic for o in out] == ["processed", "dead", "processed"]
    assert [row.article.id.int for row in table.rows] == [1, 3]


def test_an_article_without_an_answer_in_time_is_stored_as_it_came() -> None:
    release = threading.Event()

    def one_hangs(article: Article, trace: str | None, until: float) -> Enrichment | None:
        if article.id.int == 1:
            release.wait(10)
        return ENRICHED

    table = Table()
    begun = time.monotonic()
    processed(table, message(article(1)), message(article(2)), enrich=one_hangs, seconds=0.2)
    took = time.monotonic() - begun
    release.set()
    assert took < 2
    assert [row.enrichment for row in table.rows] == [None, ENRICHED]


def test_storing_is_repeated_without_asking_again() -> None:
    asked = []

    def counting(article: Article, trace: str | None, until: float) -> None:
        asked.append(article.id)

    table = Table(lost=1)
    line = pipeline(table, counting)
    prepared = line.prepare([message(article())])
    with pytest.raises(Unavailable):
        line.store(prepared)
    assert [out.topic for out in line.store(prepared)] == ["processed"]
    line.close()
    assert len(asked) == len(table.rows) == 1


def test_the_trace_goes_along() -> None:
    traces = []

    def noting(article: Article, trace: str | None, until: float) -> None:
        traces.append(trace)

    (out,) = processed(Table(), message(article(), traceparent=b"00-1-2-01"), enrich=noting)
    assert traces == ["00-1-2-01"]
    assert ("traceparent", b"00-1-2-01") in out.headers
