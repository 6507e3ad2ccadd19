"""The loop around Kafka, over a consumer and a producer that remember."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from stream_processor.article import Record
from stream_processor.errors import Unavailable
from stream_processor.pipeline import Outgoing, Prepared
from stream_processor.settings import Settings
from stream_processor.stream import Stream

TOPIC = "articles.raw"
SETTINGS = Settings(database_url="d", redis_url="r", kafka_bootstrap_servers="k", langgraph_url="l")


class Message:
    def __init__(self, partition: int, offset: int) -> None:
        self._place = (TOPIC, partition, offset)

    def topic(self) -> str:
        return self._place[0]

    def partition(self) -> int:
        return self._place[1]

    def offset(self) -> int:
        return self._place[2]

    def key(self) -> bytes:
        return b"key"

    def value(self) -> bytes:
        return b"value"

    def headers(self) -> None:
        return None

    def error(self) -> None:
        return None


class Consumer:
    """Gives its batches, then tells the loop to stop."""

    def __init__(self, stopping: threading.Event, *batches: Sequence[Message], own: Sequence[int] = (0, 1)) -> None:
        self.batches, self.stopping, self.own = list(batches), stopping, own
        self.log: list[object] = []

    def subscribe(self, topics: list[str], **callbacks: Callable[..., None]) -> None:
        self.log.append(("subscribe", *topics))

    def consume(self, num_messages: int, timeout: float) -> Sequence[Message]:
        if self.batches:
            return self.batches.pop(0)
        self.stopping.set()
        return []

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition(TOPIC, partition) for partition in self.own]

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        return partitions

    def get_watermark_offsets(self, partition: TopicPartition, cached: bool) -> tuple[int, int]:
        return (-1001, -1001)

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> None:
        self.log.append(("commit", {p.partition: p.offset for p in offsets}))

    def pause(self, partitions: list[TopicPartition]) -> None:
        self.log.append("pause")

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.log.append("resume")

    def poll(self, timeout: float) -> None:
        self.log.append("poll")

    def close(self) -> None:
        self.log.append("close")


class Producer:
    """Holds back what it is given for so many flushes."""

    def __init__(self, log: list[object], slow: int = 0, error: object = None) -> None:
        self.log, self.slow, self.error = log, slow, error
        self.waiting: list[Callable[[object, object], None]] = []

    def produce(self, topic: str, on_delivery: Callable[[object, object], None], **_: Any) -> None:
        self.log.append(("produce", topic))
        self.waiting.append(on_delivery)

    def flush(self, timeout: float) -> int:
        if self.slow:
            self.slow -= 1
            return len(self.waiting)
        for delivered in self.waiting:
            delivered(self.error, None)
        self.waiting.clear()
        return 0


class Pipeline:
    def __init__(self, log: list[object], lost: int = 0) -> None:
        self.log, self.lost = log, lost

    def prepare(self, records: Sequence[Record]) -> Prepared:
        return Prepared((), tuple((record, "reason") for record in records))

    def store(self, prepared: Prepared) -> list[Outgoing]:
        if self.lost:
            self.lost -= 1
            raise Unavailable
        self.log.append("store")
        return [Outgoing("out", None, None, ())]


def ran(source: Consumer, *, lost: int = 0, slow: int = 0, error: object = None) -> list[object]:
    """What happened, in order."""
    log = source.log

    def announce() -> None:
        log.append("announce")

    loop: Any = Stream
    line, sink = Pipeline(log, lost), Producer(log, slow, error)
    loop(SETTINGS, line, announce, lambda: None, source, sink).run(source.stopping)
    return log[1:]


def test_what_is_stored_and_passed_on_is_committed_then_announced() -> None:
    source = Consumer(threading.Event(), [Message(0, 5), Message(1, 9), Message(0, 6)])
    assert ran(source) == ["store", ("produce", "out"), ("commit", {0: 7, 1: 10}), "announce", "close"]


def test_while_the_database_is_away_it_stays_in_the_group_and_takes_nothing() -> None:
    source = Consumer(threading.Event(), [Message(0, 5)])
    waits = ["pause", "poll", "resume"]
    assert ran(source, lost=2)[:7] == [*waits, *waits, "store"]


def test_nothing_is_committed_before_it_is_delivered() -> None:
    source = Consumer(threading.Event(), [Message(0, 5)])
    log = ran(source, slow=3)
    assert log.count("poll") == 3
    assert log[-3:] == [("commit", {0: 6}), "announce", "close"]


def test_a_partition_that_another_reads_now_is_not_committed() -> None:
    source = Consumer(threading.Event(), [Message(0, 5), Message(1, 9)], own=(1,))
    assert ("commit", {1: 10}) in ran(source)


def test_told_to_stop_while_the_database_is_away_it_leaves_the_rest_to_others() -> None:
    stopping = threading.Event()
    source = Consumer(stopping, [Message(0, 5)])
    stop = source.poll

    def stopped(timeout: float) -> None:
        stop(timeout)
        stopping.set()

    source.poll = stopped  # type: ignore[method-assign]
    assert ran(source, lost=1000) == ["pause", "poll", "resume", "close"]


def test_what_cannot_be_delivered_ends_the_loop_uncommitted() -> None:
    source = Consumer(threading.Event(), [Message(0, 5)])
    with pytest.raises(Exception, match="fenced"):
        ran(source, error="fenced")
    assert source.log[-1] == "close"
    assert not [entry for entry in source.log if entry[0:1] == ("commit",)]  # type: ignore[index]
