import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from stream_processor import enrichment
from stream_processor.article import Article, Enrichment
from stream_processor.enrichment import FAILURES, REST, Breaker, Enricher

GOOD = {"summary": "s", "category": "c", "verdict": "v"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ARTICLE = Article(id=uuid.UUID(int=1), source="a", url="u", title="t", text="x", published_at=NOW, received_at=NOW)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrichment, "PAUSES", (0.001, 0.001))


class Service:
    """Answers as it is told, one after another."""

    def __init__(self, answers: Iterable[httpx.Response | Exception]) -> None:
        self.answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ask(service: Callable[[httpx.Request], httpx.Response], seconds: float = 5, times: int = 1) -> Enrichment | None:
    enricher = Enricher("http://langgraph", httpx.MockTransport(service))
    for _ in range(times):
        answer = enricher.enrich(ARTICLE, "00-1-2-01", time.monotonic() + seconds)
    return answer


def test_the_service_is_asked_for_an_analysis() -> None:
    service = Service([httpx.Response(200, json=GOOD)])
    assert ask(service) == Enrichment(**GOOD)
    (request,) = service.asked
    assert (request.method, request.url.path, request.headers["traceparent"]) == ("POST", "/analyze", "00-1-2-01")
    assert set(json.loads(request.content)) == {"id", "source", "title", "text"}


@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.ConnectError("refused"), httpx.ReadError("reset")])
def test_a_restart_of_the_service_is_waited_for(failure: httpx.Response | Exception) -> None:
    service = Service([failure, httpx.Response(200, json=GOOD)])
    assert ask(service) == Enrichment(**GOOD)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(422),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"summary": "s"}),
        httpx.Response(200, json=GOOD | {"summary": "a\0"}),
        httpx.ReadTimeout("slow"),
    ],
)
def test_a_useless_answer_is_not_asked_for_again(answer: httpx.Response | Exception) -> None:
    service = Service([answer])
    assert ask(service) is None
    assert len(service.asked) == 1


def test_nobody_is_asked_when_no_time_is_left() -> None:
    service = Service([])
    assert ask(service, seconds=0) is None
    assert not service.asked


def test_a_service_that_fails_on_and_on_is_left_alone() -> None:
    service = Service(httpx.ReadTimeout("slow") for _ in range(100))
    assert ask(service, times=20) is None
    assert len(service.asked) == FAILURES


def test_refusals_of_articles_are_no_failure_of_the_service() -> None:
    service = Service(httpx.Response(422) for _ in range(100))
    ask(service, times=20)
    assert len(service.asked) == 20


def test_after_its_rest_one_article_tries_and_success_ends_it() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES):
        assert breaker.closed()
        breaker.note(well=False)
    assert not breaker.closed()
    now += REST
    assert [breaker.closed(), breaker.closed()] == [True, False]
    breaker.note(well=True)
    assert [breaker.closed(), breaker.closed()] == [True, True]
