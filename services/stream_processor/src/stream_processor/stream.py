"""Kafka: takes messages, has them processed, commits them. A member of its group until it has left it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from stream_processor import metrics
from stream_processor.article import Record
from stream_processor.errors import Unavailable
from stream_processor.pipeline import AT_ONCE, Outgoing, Pipeline, Prepared
from stream_processor.settings import Settings

TAKE_WITHIN = 0.2  # seconds for a batch to fill
PAUSE = 1.0  # seconds between attempts while a server is away

log = logging.getLogger(__name__)


def consumer(settings: Settings) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "group.id": settings.kafka_consumer_group,
            # Whoever joins or leaves takes only the partitions that move; the others are read on.
            "partition.assignment.strategy": "cooperative-sticky",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "session.timeout.ms": 15_000,  # judged: a killed replica's partitions wait no longer
            # A batch in hand is no reason to leave the group.
            "max.poll.interval.ms": int((settings.pipeline_max_processing_time + 60) * 1000),
            "reconnect.backoff.max.ms": 1000,
            "log_level": 4,
        },
        logger=logging.getLogger("librdkafka"),
    )


def producer(settings: Settings) -> Producer:
    return Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "acks": "all",
            "enable.idempotence": True,
            "delivery.timeout.ms": 0,  # no end: nothing is committed before it is delivered
            "linger.ms": 5,
            "message.max.bytes": 2 * 1024 * 1024,  # the article that came in, and what was said of it
            "partitioner": "murmur2_random",  # as the backend's and Java's: one source, one partition
            "reconnect.backoff.max.ms": 1000,
            "log_level": 4,
        },
        logger=logging.getLogger("librdkafka"),
    )


class Stream:
    """`beat` is called whenever it makes progress, waiting for a server included."""

    def __init__(
        self,
        settings: Settings,
        pipeline: Pipeline,
        announce: Callable[[], None],
        beat: Callable[[], None],
        source: Consumer,
        sink: Producer,
    ) -> None:
        self._topic = settings.kafka_topic
        self._pipeline, self._announce, self._beat = pipeline, announce, beat
        self._source, self._sink = source, sink
        self._waiting = False

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop; then it ends the batch in hand, if the servers are there, and leaves the group."""
        self._source.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)
        try:
            while not stopping.is_set():
                self._beat()
                if messages := self._take():
                    begun = time.monotonic()
                    if not self._finish(self._pipeline.prepare([record(m) for m in messages]), stopping):
                        break
                    self._commit(messages)
                    metrics.SECONDS.observe(time.monotonic() - begun)
                    self._announce()
                self._tell_lag()
        finally:
            self._source.close()

    def _take(self) -> list[Message]:
        taken = []
        for message in self._source.consume(num_messages=AT_ONCE, timeout=TAKE_WITHIN):
            if (error := message.error()) is None:
                taken.append(message)
            elif error.fatal():
                raise KafkaException(error)
            else:
                log.warning("Kafka: %s", error.str())
        return taken

    def _finish(self, prepared: Prepared, stopping: threading.Event) -> bool:
        """Stores and tells; False if told to stop before that was possible: another replica will do it again."""
        while True:
            try:
                outgoing = self._pipeline.store(prepared)
                break
            except Unavailable:
                if stopping.is_set():
                    return False
                self._stay()
        failures: list[KafkaError] = []
        for message in outgoing:
            self._produce(message, failures)
        while self._sink.flush(PAUSE):
            if stopping.is_set():
                return False
            self._stay(0)
        if failures:
            raise KafkaException(failures[0])
        return True

    def _produce(self, message: Outgoing, failures: list[KafkaError]) -> None:
        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failures.append(error)

        self._sink.produce(
            message.topic, value=message.value, key=message.key, headers=list(message.headers), on_delivery=delivered
        )

    def _stay(self, seconds: float = PAUSE) -> None:
        """Waits as a living member of the group, without taking more."""
        self._beat()
        self._waiting = True
        self._source.pause(self._source.assignment())
        self._source.poll(seconds)
        self._waiting = False
        self._source.resume(self._source.assignment())

    def _commit(self, messages: Sequence[Message]) -> None:
        """Of partitions that are still its own: another replica may be further in the others."""
        own = {p.partition for p in self._source.assignment()}
        ends = {r.partition: r.offset + 1 for r in map(record, messages) if r.partition in own}
        if not ends:
            return
        try:
            offsets = [TopicPartition(self._topic, partition, end) for partition, end in ends.items()]
            self._source.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].fatal():
                raise
            log.warning("not committed, may be done again: %s", error.args[0].str())

    def _tell_lag(self) -> None:
        for partition in self._source.position(self._source.assignment()):
            _, end = self._source.get_watermark_offsets(partition, cached=True)
            if partition.offset >= 0 and end >= 0:
                metrics.LAG.labels(self._topic, str(partition.partition)).set(max(0, end - partition.offset))

    def _assigned(self, source: Consumer, partitions: list[TopicPartition]) -> None:
        metrics.REBALANCES.inc()
        log.info("reads partitions", extra={"more": [p.partition for p in partitions]})
        source.incremental_assign(partitions)
        if self._waiting:
            source.pause(partitions)

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        log.info("gives up partitions", extra={"fewer": [p.partition for p in partitions]})
        for p in partitions:
            metrics.LAG.remove(self._topic, str(p.partition))


def record(message: Message) -> Record:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise TypeError("a message without a place")
    headers = tuple(cast("list[tuple[str, bytes | None]]", message.headers() or []))
    return Record(topic, partition, offset, message.key(), message.value(), headers)
