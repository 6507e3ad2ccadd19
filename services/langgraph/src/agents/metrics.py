"""Prometheus, in the library's own registry, which has the process' resources too."""

import logging
import time

from prometheus_client import Counter, Gauge, Histogram, Info
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Up to the longest answer, with the bounds of the latency watch.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 90.0, 120.0)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
PROBES = {"/health", "/ready", "/metrics"}

LABELS = ("path", "status", "method")
REQUESTS = Counter("http_requests_total", "Requests answered", LABELS)
DURATION = Histogram(
    "http_request_duration_seconds", "From a request's head to the end of its answer", LABELS, buckets=BUCKETS
)
ANALYSES = Counter("newstalk_analyses_total", "Articles analyzed", ("category", "verdict"))
RESUMED = Counter("newstalk_analyses_resumed_total", "Articles of which a checkpoint already knew something")
AGENT = Histogram("newstalk_agent_duration_seconds", "Of one agent's step", ("agent",), buckets=BUCKETS)
FAILURES = Counter("newstalk_model_failures_total", "Attempts that the model did not answer", ("reason",))
MODEL = Info("newstalk_model", "What is asked, and the device that its server is said to have")
WELL = Gauge("newstalk_dependency_up", "1 if it answers", ("name",))

log = logging.getLogger("agents.access")


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
