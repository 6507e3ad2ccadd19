"""The last known state of what the service depends on, found out in the background, and told over HTTP."""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from stream_processor import __version__, metrics

EVERY = 0.5  # seconds; with a check's own second below the 2 s in which a loss must show

log = logging.getLogger(__name__)

Check = Callable[[], object]  # raises when the dependency is lost; takes a second or two at most


class Monitor:
    """`needed` make it ready; `stuck_after` seconds without a beat, it is no more alive."""

    def __init__(self, checks: Mapping[str, Check], needed: Collection[str], stuck_after: float) -> None:
        self._checks, self._needed, self._stuck_after = checks, needed, stuck_after
        self._beaten = time.monotonic()
        self.well = dict.fromkeys(checks, False)

    def start(self) -> None:
        """A thread for each, so that one that hangs hides no other."""
        for name in self._checks:
            threading.Thread(target=self._watch, args=(name,), name=f"check-{name}", daemon=True).start()

    def beat(self) -> None:
        self._beaten = time.monotonic()

    @property
    def alive(self) -> bool:
        return time.monotonic() - self._beaten < self._stuck_after

    @property
    def ready(self) -> bool:
        return all(self.well[name] for name in self._needed)

    def _watch(self, name: str) -> None:
        while True:
            self.ask(name)
            time.sleep(EVERY)

    def ask(self, name: str) -> None:
        try:
            self._checks[name]()
        except Exception as error:  # whatever it is, the dependency does not serve
            if self.well[name]:
                log.error("lost %s", name, extra={"reason": repr(error)})
            self.well[name] = False
        else:
            if not self.well[name]:
                log.info("reached %s", name)
            self.well[name] = True
        metrics.WELL.labels(name).set(self.well[name])

    def says(self) -> dict[str, object]:
        services = {name: "healthy" if well else "unhealthy" for name, well in self.well.items()}
        status = "stuck" if not self.alive else "healthy" if all(self.well.values()) else "degraded"
        now = datetime.now(UTC).isoformat()
        return {"status": status, "timestamp": now, "version": __version__, "services": services}


def serve(monitor: Monitor, port: int) -> ThreadingHTTPServer:
    """/health, /ready and /metrics, in a thread of their own. Raises OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30  # seconds a connection may be silent

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/health":
                    self._answer(200 if monitor.alive else 503, json.dumps(monitor.says()).encode())
                case "/ready":
                    self._answer(200 if monitor.ready else 503, json.dumps(monitor.says()).encode())
                case "/metrics":
                    self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
                case _:
                    self._answer(404, b'{"detail": "there is /health, /ready and /metrics"}')

        def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Probes and scrapes are not worth a line."""

    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
