"""Prometheus: what each worker counts, summed when it is asked for."""

import asyncio
import logging
import os
import resource
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Apart from the library's own registry, whose process_* speak of one process.
REGISTRY = CollectorRegistry()
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)  # has the bounds of the latency alerts
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
PROBES = {"/health", "/ready", "/metrics"}

LABELS = ("path", "status", "method")
REQUESTS = Counter("http_requests_total", "Requests answered", LABELS, registry=REGISTRY)
DURATION = Histogram(
    "http_request_duration_seconds",
    "From a request's head to the end of its answer",
    LABELS,
    buckets=BUCKETS,
    registry=REGISTRY,
)
ACCEPTED = Counter("newstalk_articles_accepted_total", "Articles that Kafka has acknowledged", registry=REGISTRY)
REJECTED = Counter("newstalk_articles_rejected_total", "Articles that are none", ("status",), registry=REGISTRY)
STREAMS = Gauge("newstalk_sse_connections", "Open streams", registry=REGISTRY, multiprocess_mode="livesum")
REFUSED = Counter("newstalk_sse_refused_total", "Streams beyond SSE_MAX_CONNECTIONS", registry=REGISTRY)
WELL = Gauge("newstalk_dependency_up", "1 if it answers", ("name",), registry=REGISTRY, multiprocess_mode="livemin")
MEMORY = Gauge("process_resident_memory_bytes", "Resident memory", registry=REGISTRY, multiprocess_mode="livesum")
CPU = Counter("process_cpu_seconds_total", "CPU time, of user and system", registry=REGISTRY)

log = logging.getLogger("api.access")


def shared() -> Path | None:
    """The folder in which workers sum their metrics, if they do."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def begin() -> None:
    """Forgets the gauges of processes that are no more; those of an earlier process of the same number begin at 0."""
    folder = shared()
    for file in folder.glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rpartition("_")[2])
        if not Path("/proc", str(pid)).exists():
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
    STREAMS.set(0)


def exposition() -> bytes:
    if not shared():
        return generate_latest(REGISTRY)
    summed = CollectorRegistry()
    MultiProcessCollector(summed)  # type: ignore[no-untyped-call]
    return generate_latest(summed)


async def measure_process(every: float = 5.0) -> None:
    """Never ends."""
    counted = 0.0
    while True:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        CPU.inc(max(0.0, usage.ru_utime + usage.ru_stime - counted))
        counted = usage.ru_utime + usage.ru_stime
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        MEMORY.set(pages * resource.getpagesize())
        await asyncio.sleep(every)


class Measured:
    """Counts, times and logs each request, by the route's path: the paths that clients invent are one, "none"."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status, begun = 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - begun
            path = getattr(scope.get("route"), "path", "none")
            labels = (path, str(status), scope["method"] if scope["method"] in METHODS else "other")
            REQUESTS.labels(*labels).inc()
            DURATION.labels(*labels).observe(seconds)
            if path not in PROBES:
                log.info("%s %s %s", labels[2], path, status, extra={"seconds": round(seconds, 4)})
        return None
