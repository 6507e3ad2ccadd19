"""langgraph-service: what a model says of an article. Without it, articles are stored as they came."""

import logging
import threading
import time
from collections.abc import Callable

import httpx
from pydantic import ValidationError

from stream_processor.article import Article, Enrichment

ANSWERS_WITHIN = 90.0  # seconds; the bound of langgraph-service's own latency, catalog/application.py
PAUSES = (0.5, 1.0)  # seconds before each further try: a rolling restart is shorter than their sum and a connection's
FAILURES, REST = 5, 30.0  # after so many articles in a row, it is left alone for so many seconds

log = logging.getLogger(__name__)


class Breaker:
    """Says whether to ask at all. After the rest one article at a time tries."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failed, self._until = 0, 0.0

    def closed(self) -> bool:
        with self._lock:
            if self._failed < FAILURES:
                return True
            if self._clock() < self._until:
                return False
            self._until = self._clock() + REST
            return True

    def note(self, *, well: bool) -> None:
        with self._lock:
            self._failed = 0 if well else self._failed + 1
            if self._failed == FAILURES:
                self._until = self._clock() + REST
                log.error("langgraph-service is left alone for %.0f s: articles are stored without its answer", REST)


class Enricher:
    """Thread-safe. POST /analyze with source, title and text; summary, category and verdict come back."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=url, transport=transport)
        self._breaker = Breaker()

    def enrich(self, article: Article, trace: str | None, until: float) -> Enrichment | None:
        """None if there is no usable answer by `until`, of time.monotonic()."""
        if not self._breaker.closed():
            return None
        for pause in (*PAUSES, None):
            left = min(ANSWERS_WITHIN, until - time.monotonic())
            if left <= 0:
                break
            try:
                answer = self._ask(article, trace, left)
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                refused = isinstance(error, httpx.HTTPStatusError) and error.response.status_code < 500
                if refused or isinstance(error, httpx.ReadTimeout) or pause is None:
                    log.warning("not enriched", extra={"article": str(article.id), "reason": repr(error)})
                    # A refusal is about this article and says that the service is well.
                    self._breaker.note(well=refused)
                    return None
                time.sleep(min(pause, left))
            except ValidationError as error:
                log.warning(
                    "not enriched", extra={"article": str(article.id), "reason": f"{error.error_count()} wrong"}
                )
                break
            else:
                self._breaker.note(well=True)
                return answer
        self._breaker.note(well=False)
        return None

    def _ask(self, article: Article, trace: str | None, seconds: float) -> Enrichment:
        body = {"id": str(article.id), "source": article.source, "title": article.title, "text": article.text}
        headers = {"traceparent": trace} if trace else {}
        timeout = httpx.Timeout(seconds, connect=min(2.0, seconds))
        response = self._client.post("/analyze", json=body, headers=headers, timeout=timeout)
        response.raise_for_status()
        return Enrichment.model_validate_json(response.content)

    def check(self) -> None:
        """Raises httpx.HTTPError."""
        self._client.get("/health", timeout=1.0).raise_for_status()

    def close(self) -> None:
        self._client.close()
