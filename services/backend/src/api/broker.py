"""Kafka: articles in. A send has succeeded when every in-sync broker has the article."""

import asyncio
import logging
import threading

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from api.articles import Article
from api.errors import Unavailable

ACKNOWLEDGED_WITHIN = 10.0  # seconds; judged: a broker's restart on the way to a new leader is shorter
WAITING = 2000  # articles a worker holds unacknowledged at most; judged: beyond, clients had better wait themselves

log = logging.getLogger(__name__)


class Broker:
    """An idempotent producer, replaced when it is beyond repair, and a thread that hears what becomes of articles."""

    def __init__(self, servers: str, topic: str) -> None:
        self._topic = topic
        self._settings = {
            "bootstrap.servers": servers,
            "acks": "all",
            "enable.idempotence": True,
            "delivery.timeout.ms": int(ACKNOWLEDGED_WITHIN * 1000),
            "linger.ms": 5,
            "queue.buffering.max.messages": WAITING,
            "reconnect.backoff.max.ms": 1000,
            "partitioner": "murmur2_random",  # Java's: by the key, so that a source has one partition and its order
            "log_level": 4,
        }
        self._producer = self._made()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._hear, name="kafka", daemon=True)
        self._thread.start()

    async def send(self, article: Article, headers: list[tuple[str, bytes]]) -> None:
        """Returns once it is acknowledged. After Unavailable it may still arrive: sending it again does no harm."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[KafkaError | None] = loop.create_future()

        def settle(error: KafkaError | None) -> None:
            if not outcome.done():  # the client may have gone
                outcome.set_result(error)

        def delivered(error: KafkaError | None, _: Message) -> None:
            loop.call_soon_threadsafe(settle, error)

        producer = self._producer
        value, key = article.model_dump_json().encode(), article.source.encode()
        try:
            producer.produce(self._topic, value=value, key=key, headers=list(headers), on_delivery=delivered)
        except (BufferError, KafkaException) as error:
            self._failed(producer, error.args[0])
            raise Unavailable("kafka") from error
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN + 1):  # a producer that was replaced says nothing any more
                failure = await outcome
        except TimeoutError as error:
            raise Unavailable("kafka") from error
        if failure is not None:
            self._failed(producer, failure)
            raise Unavailable("kafka")

    async def check(self) -> None:
        """Also fails while the topic is missing."""
        answer = await asyncio.to_thread(self._producer.list_topics, self._topic, timeout=0.9)
        if error := answer.topics[self._topic].error:
            raise KafkaException(error)

    async def stop(self) -> None:
        """Sends what is waiting."""
        await asyncio.to_thread(self._producer.flush, ACKNOWLEDGED_WITHIN)
        self._stopped.set()
        self._thread.join()

    def _made(self) -> Producer:
        return Producer(self._settings, logger=logging.getLogger("librdkafka"))

    def _hear(self) -> None:
        while not self._stopped.is_set():
            self._producer.poll(0.1)

    def _failed(self, producer: Producer, error: object) -> None:
        log.warning("article not acknowledged", extra={"reason": str(error)})
        if isinstance(error, KafkaError) and error.fatal() and self._producer is producer:
            self._producer = self._made()  # its identity is lost; a new one has its own
