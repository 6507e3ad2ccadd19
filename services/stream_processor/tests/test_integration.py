"""Against real servers, which the service's own environment variables name. They lose what they hold."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from stream_processor import stream
from stream_processor.article import Article, Enrichment
from stream_processor.settings import Settings
from stream_processor.storage import Row, Storage

pytestmark = pytest.mark.integration

HERE = Path(__file__).parents[1]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Fails when the environment names no servers. Nobody answers as langgraph-service."""
    monkeypatch.setenv("LANGGRAPH_URL", "http://127.0.0.1:9")
    return Settings()


@pytest.fixture
def table(given: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(given.database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS articles")
        yield connection


@pytest.fixture
def storage(given: Settings, table: psycopg.Connection) -> Iterator[Storage]:
    made = Storage(given.database_url)
    yield made
    made.close()


def row(number: int, **changes: str) -> Row:
    fields: dict[str, Any] = {"source": "agency", "url": "u", "title": str(number), "text": "x"} | changes
    made = Article.model_construct(id=uuid.UUID(int=number), published_at=NOW, received_at=NOW, **fields)
    return Row(made, Enrichment(summary="s", category="c", verdict="v"))


def stored(table: psycopg.Connection) -> list[str]:
    return [title for (title,) in table.execute("SELECT title FROM articles ORDER BY seq")]


def test_replicas_that_start_together_make_one_schema(given: Settings, table: psycopg.Connection) -> None:
    storages = [Storage(given.database_url) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(Storage.make_schema, storages))
    assert stored(table) == []
    for one in storages:
        one.close()


def test_an_article_is_stored_once_and_in_order(storage: Storage, table: psycopg.Connection) -> None:
    assert storage.write([row(1), row(2), row(1)]) == {}
    assert storage.write([row(2), row(3)]) == {}
    assert stored(table) == ["1", "2", "3"]


def test_what_cannot_be_stored_keeps_nothing_else_out(storage: Storage, table: psycopg.Connection) -> None:
    refused = storage.write([row(1), row(2, text="a\0b"), row(3)])
    assert list(refused) == [1]
    assert "NUL" in refused[1]
    assert stored(table) == ["1", "3"]


def test_nothing_appears_behind_a_reader(given: Settings, table: psycopg.Connection, storage: Storage) -> None:
    """Four writers commit as it comes; who reads on from the highest seq sees every article."""
    storage.make_schema()
    written, done = 4 * 60 * 5, threading.Event()
    seen: list[int] = []

    def read() -> None:
        with psycopg.connect(given.database_url, autocommit=True) as connection:
            while True:
                last = done.is_set()
                found = connection.execute(
                    "SELECT seq FROM articles WHERE seq > %s ORDER BY seq", (max(seen, default=0),)
                )
                seen.extend(seq for (seq,) in found)
                if last:
                    return

    def write(writer: int) -> None:
        mine = Storage(given.database_url)
        for batch in range(60):
            mine.write([row(writer * 1_000_000 + batch * 10 + n) for n in range(5)])
        mine.close()

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(1, 5)))
    done.set()
    reader.join()
    assert len(seen) == written


@pytest.fixture
def start(given: Settings) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the whole service, as often as wanted."""
    running: list[subprocess.Popen[bytes]] = []

    def started() -> subprocess.Popen[bytes]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        environment = os.environ | {"PORT": port, "PYTHONPATH": str(HERE / "src"), "KAFKA_CONSUMER_GROUP": group}
        command = [sys.executable, "-m", "stream_processor"]
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        return running[-1]

    group = f"test-{uuid.uuid4().hex}"
    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def dead_letters(given: Settings, key: bytes) -> list[dict[str, bytes]]:
    """Headers of the dead letters of this key."""
    source = Consumer({"bootstrap.servers": given.kafka_bootstrap_servers, "group.id": uuid.uuid4().hex})
    place = TopicPartition(given.kafka_topic_dead_letter, 0)
    _, end = source.get_watermark_offsets(place, timeout=10)
    source.assign([TopicPartition(place.topic, 0, max(0, end - 50))])
    found = []
    while (message := source.poll(2)) is not None:
        if message.key() == key:
            found.append(dict(cast("list[tuple[str, bytes]]", message.headers())))
    source.close()
    return found


def test_every_article_is_stored_once_and_in_order_whoever_is_killed(
    given: Settings, table: psycopg.Connection, storage: Storage, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    sources, each, run = 5, 200, uuid.uuid4().hex[:8]
    sink = stream.producer(given)
    for number in range(each):
        for name in range(sources):
            source = f"{run}-{name}"
            moment = NOW.isoformat()
            fields = {"source": source, "url": "u", "title": str(number), "text": "x"}
            times = {"published_at": moment, "received_at": moment}
            value = json.dumps({"id": str(uuid.uuid4())} | fields | times).encode()
            sink.produce(given.kafka_topic, value=value, key=source.encode())
    sink.produce(given.kafka_topic, value=b"no article", key=run.encode())
    assert sink.flush(30) == 0

    def count() -> int:
        (found,) = table.execute("SELECT count(*) FROM articles WHERE source LIKE %s", (f"{run}-%",)).fetchone() or (0,)
        return int(found)

    def until(number: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while count() < number:
            assert time.monotonic() < deadline, f"{count()} of {number} stored"
            time.sleep(0.01)

    storage.make_schema()
    killed = start()
    until(50, 30)
    killed.kill()
    others = [start(), start()]
    until(sources * each, 60)
    for process in others:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(20) for process in others] == [0, 0]
    assert count() == sources * each
    for name in range(sources):
        titles = table.execute("SELECT title FROM articles WHERE source = %s ORDER BY seq", (f"{run}-{name}",))
        assert [int(title) for (title,) in titles] == list(range(each))
    letters = dead_letters(given, run.encode())
    assert letters
    assert letters[0]["reason"].startswith(b"message: ")
