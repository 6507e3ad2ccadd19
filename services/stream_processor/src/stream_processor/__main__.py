"""Puts the parts together and runs them until SIGTERM or SIGINT."""

import logging
import signal
import sys
import threading

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from stream_processor import logs, settings, stream
from stream_processor.enrichment import Enricher
from stream_processor.errors import Unavailable
from stream_processor.health import Check, Monitor, serve
from stream_processor.pipeline import Pipeline
from stream_processor.storage import Storage

NEWS = "newstalk:articles:stored"  # the backend's workers listen

log = logging.getLogger("stream_processor")


def main() -> int:
    given = settings.read()
    logs.configure(given.log_level)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())

    storage, enricher = Storage(given.database_url), Enricher(given.langgraph_url)
    retry = Retry(NoBackoff(), 0)
    redis = Redis.from_url(given.redis_url, socket_timeout=1, socket_connect_timeout=1, retry=retry)
    source, sink = stream.consumer(given), stream.producer(given)
    checks: dict[str, Check] = {
        "database": storage.check,
        "redis": redis.ping,
        "kafka": lambda: sink.list_topics(given.kafka_topic, timeout=1),
        "langgraph": enricher.check,
    }
    # Without Redis readers are told a second later, without langgraph-service articles are stored as they came.
    monitor = Monitor(checks, ("database", "kafka"), stuck_after=given.pipeline_max_processing_time + 60)

    def announce() -> None:
        """Wakes the backend's streams; they look every second anyway."""
        if given.enable_streaming and monitor.well["redis"]:
            try:
                redis.publish(NEWS, "")
            except RedisError as error:
                log.warning("not announced", extra={"reason": repr(error)})

    serve(monitor, given.port)
    monitor.start()
    while not stopping.is_set():
        monitor.beat()
        try:
            storage.make_schema()
            break
        except Unavailable:
            stopping.wait(1)
    pipeline = Pipeline(
        enricher.enrich,
        storage.write,
        given.kafka_topic_processed,
        given.kafka_topic_dead_letter,
        given.pipeline_max_processing_time,
    )
    try:
        stream.Stream(given, pipeline, announce, monitor.beat, source, sink).run(stopping)
    except Exception:
        log.exception("ends, to be started again: what was not committed is done again")
        return 1
    finally:
        pipeline.close()
        enricher.close()
        storage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
