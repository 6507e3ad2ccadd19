"""Against real servers, which the service's own environment variables name. They lose what they hold."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from api.articles import Article
from api.broker import Broker
from api.cache import NEWS, STREAMS, Cache
from api.settings import Settings
from api.store import Store

pytestmark = pytest.mark.integration

HERE = Path(__file__).parents[1]
SCHEMA = HERE.parent / "stream_processor/src/stream_processor/schema.sql"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def given() -> Settings:
    """Fails when the environment names no servers."""
    return Settings()


@pytest.fixture
def table(given: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(given.database_url, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("TRUNCATE articles")
        yield connection


@pytest.fixture
def redis(given: Settings) -> Redis:
    made: Redis = Redis.from_url(given.redis_url)
    made.delete(STREAMS)
    return made


def insert(table: psycopg.Connection, number: int, source: str = "agency") -> None:
    table.execute(
        "INSERT INTO articles (id, source, url, title, text, published_at, received_at)"
        " VALUES (%s, %s, 'u', 't', 'x', now(), now())",
        (uuid.UUID(int=number), source),
    )


def article(number: int) -> Article:
    return Article(
        id=uuid.UUID(int=number), source="agency", url="u", title="t", text="x", published_at=NOW, received_at=NOW
    )


async def test_what_is_stored_is_read(given: Settings, table: psycopg.Connection) -> None:
    for number, source in ((1, "a"), (2, "b"), (3, "a")):
        insert(table, number, source)
    store = Store(given.database_url)
    await store.start()
    everything = await store.after(0, 10)
    assert [a.id.int for a in everything] == [1, 2, 3]
    assert [a.id.int for a in await store.after(everything[0].seq, 1)] == [2]
    assert [a.id.int for a in await store.page("a", None, 10)] == [3, 1]
    assert [a.id.int for a in await store.page(None, everything[2].seq, 1)] == [2]
    assert await store.newest() == everything[2].seq
    assert await store.one(uuid.UUID(int=2)) == everything[1]
    assert await store.one(uuid.UUID(int=4)) is None
    await store.stop()


async def test_what_is_acknowledged_is_in_kafka(given: Settings) -> None:
    broker = Broker(given.kafka_bootstrap_servers, given.kafka_topic)
    await broker.check()
    source = Consumer({"bootstrap.servers": given.kafka_bootstrap_servers, "group.id": uuid.uuid4().hex})
    partitions = source.list_topics(given.kafka_topic, timeout=10).topics[given.kafka_topic].partitions
    places = [TopicPartition(given.kafka_topic, number) for number in partitions]
    for place in places:
        place.offset = source.get_watermark_offsets(place, timeout=10)[1]
    source.assign(places)
    await broker.send(article(5), [("traceparent", b"00-1-2-01")])
    message = await asyncio.to_thread(source.poll, 10)
    assert message is not None
    assert message.error() is None
    assert Article.model_validate_json(message.value() or b"") == article(5)
    assert (message.key(), message.headers()) == (b"agency", [("traceparent", b"00-1-2-01")])
    source.close()
    await broker.stop()


async def test_a_missing_topic_is_a_loss(given: Settings) -> None:
    broker = Broker(given.kafka_bootstrap_servers, f"missing-{uuid.uuid4().hex}")
    with pytest.raises(Exception, match="topic"):
        await broker.check()
    await broker.stop()


async def test_streams_of_all_workers_count_together(given: Settings, redis: Redis) -> None:
    one, another = Cache(given.redis_url), Cache(given.redis_url)
    leases = [await one.take(2), await another.take(2)]
    assert await another.take(2) is None
    one.give_back(str(leases[0]))
    await one.flush()
    assert await another.take(2)
    await another.stop()
    assert redis.zcard(STREAMS) == 0
    await one.stop()


async def test_streams_of_a_worker_that_was_killed_count_no_more(given: Settings, redis: Redis) -> None:
    redis.zadd(STREAMS, {"of the dead": time.time() - 1, "of the living": time.time() + 60})
    cache = Cache(given.redis_url)
    assert await cache.take(2)
    assert await cache.take(2) is None
    await cache.stop()


async def test_news_wakes(given: Settings, redis: Redis) -> None:
    cache, wake = Cache(given.redis_url), asyncio.Event()
    listening = asyncio.create_task(cache.listen(wake))
    async with asyncio.timeout(5):
        while not redis.publish(NEWS, ""):
            await asyncio.sleep(0.01)
        await wake.wait()
    listening.cancel()
    await cache.stop()


@dataclass(frozen=True)
class Service:
    address: str
    process: subprocess.Popen[bytes]


@pytest.fixture
async def service(given: Settings, table: psycopg.Connection, redis: Redis, tmp_path: Path) -> AsyncIterator[Service]:
    """With its workers, ended by SIGTERM to the first process alone, as an engine does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = os.environ | {
        "PORT": port,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "PYTHONPATH": str(HERE / "src"),
        "SSE_MAX_CONNECTIONS": "3",
    }
    process = subprocess.Popen([sys.executable, "-m", "api"], env=environment, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient() as http, asyncio.timeout(30):
        ready = 0
        while ready < 20:  # in a row, so that most likely each worker has answered
            try:
                ready = ready + 1 if (await http.get(f"{address}/ready")).status_code == 200 else 0
            except httpx.TransportError:
                ready = 0
            await asyncio.sleep(0.05)
    yield Service(address, process)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 20) == 0


async def first(answer: httpx.Response, start: str) -> str:
    return await anext(line async for line in answer.aiter_lines() if line.startswith(start))


async def test_the_service_streams_within_its_limit_over_all_workers(
    service: Service, table: psycopg.Connection
) -> None:
    clients = [httpx.AsyncClient(base_url=service.address, timeout=10) for _ in range(4)]  # connections of their own
    streams = [client.stream("GET", "/articles/stream") for client in clients]
    answers = [await stream.__aenter__() for stream in streams]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 503]
    text = (await clients[0].get("/metrics")).text
    values = {s.name: s.value for family in text_string_to_metric_families(text) for s in family.samples}
    assert values["newstalk_sse_connections"] == 3
    insert(table, 1)
    for answer in answers:
        if answer.status_code == 200:
            assert await first(answer, "event:") == "event: article"
    for stream, client in zip(streams, clients, strict=True):
        await stream.__aexit__(None, None, None)
        await client.aclose()


async def test_the_service_stops_with_streams_open(service: Service) -> None:
    async with (
        asyncio.timeout(10),
        httpx.AsyncClient(base_url=service.address, timeout=10) as client,
        client.stream("GET", "/articles/stream") as answer,
    ):
        lines = answer.aiter_lines()
        assert (await anext(lines)).startswith("retry: ")
        service.process.send_signal(signal.SIGTERM)
        assert "event: reconnect" in [line async for line in lines]
        assert await asyncio.to_thread(service.process.wait, 5) == 0
