import asyncio
import importlib.util
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from conftest import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import BODY, Noting
from psycopg import OperationalError

from agents import main
from agents.articles import BODY_LIMIT, CATEGORIES, VERDICTS
from agents.errors import Refused, Unavailable

NEIGHBOUR = Path(__file__).parents[2] / "stream_processor/src/stream_processor"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NEARLY = st.dictionaries(st.sampled_from([*BODY, "extra"]), VALUES, max_size=4).map(
    lambda changes: json.dumps(BODY | changes).encode()
)
TEXTS = st.dictionaries(st.sampled_from(["source", "title", "text"]), st.text(), max_size=3).map(
    lambda changes: json.dumps(BODY | changes).encode()
)
CUT = st.integers(0, 150).map(lambda length: json.dumps(BODY).encode()[:length])
endless = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def post(
    http: httpx.AsyncClient, content: bytes | Mapping[str, Any] = BODY, kind: str = "application/json"
) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await http.post("/analyze", content=body, headers={"Content-Type": kind})


@pytest.fixture
def whole(client: Client) -> httpx.AsyncClient:
    return client()


async def test_an_analysis_is_the_same_each_time(client: Client) -> None:
    first, second = await post(client()), await post(client())
    assert first.status_code == 200
    assert first.json() == second.json()
    assert first.json()["summary"] == "The study took a year. It found water."
    assert (first.json()["category"], first.json()["verdict"]) == ("science", "unverified")


@endless
@given(body=st.binary(max_size=200) | NEARLY | TEXTS | CUT)
async def test_no_body_is_an_error_of_ours(whole: httpx.AsyncClient, body: bytes) -> None:
    answer = await post(whole, body)
    if answer.status_code == 200:
        found = answer.json()
        assert set(found) == {"summary", "category", "verdict"}
        assert found["summary"]
        assert "\0" not in found["summary"]
        assert found["category"] in CATEGORIES
        assert found["verdict"] in VERDICTS
    else:
        assert 400 <= answer.status_code < 500
        assert all(one["field"] and one["reason"] for one in answer.json()["detail"])


@pytest.mark.parametrize(
    ("change", "field"),
    [({"id": "7"}, "id"), ({"title": ""}, "title"), ({"text": "a\0b"}, "text"), ({"source": 5}, "source")],
)
async def test_a_wrong_field_is_named(client: Client, change: dict[str, Any], field: str) -> None:
    answer = await post(client(), BODY | change)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["detail"]] == [field]


async def test_a_field_of_a_newer_client_is_no_mistake(client: Client) -> None:
    assert (await post(client(), BODY | {"language": "en"})).status_code == 200


async def test_oversized_and_other_types_are_refused(client: Client) -> None:
    large = await post(client(), BODY | {"text": "x" * BODY_LIMIT})
    typed = await post(client(), kind="text/plain")
    assert (large.status_code, typed.status_code) == (413, 415)


async def test_a_model_that_hangs_is_given_up_in_time_and_the_rest_is_kept(client: Client) -> None:
    model = Noting(hangs=["fact_check"])
    async with client(model, seconds=0.3) as http:
        begun = time.monotonic()
        late = await http.post("/analyze", json=BODY)
        assert time.monotonic() - begun < 2
        assert (late.status_code, "0.3 seconds" in late.json()["detail"]) == (504, True)
        model.hangs.clear()
        model.asked.clear()
        assert (await http.post("/analyze", json=BODY)).status_code == 200
        assert model.asked == ["fact_check"]


@pytest.mark.parametrize("most", [7.0, 300.0])
async def test_an_answer_takes_no_longer_than_the_pipeline_and_its_client_allow(
    most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKPOINT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("PIPELINE_MAX_PROCESSING_TIME", str(most))
    monkeypatch.setattr("agents.logs.configure", lambda _: None)
    async with main.app.router.lifespan_context(main.app):
        await asyncio.sleep(0)
        assert main.app.state.parts.seconds <= most
        assert main.app.state.parts.seconds < enrichment().ANSWERS_WITHIN


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (Unavailable("model"), 503, "model is unavailable"),
        (Refused("the model refuses the article with 400"), 422, "the model refuses the article with 400"),
        (OperationalError("gone"), 503, "database is unavailable"),
    ],
)
async def test_what_fails_behind_is_told(client: Client, error: Exception, status: int, detail: str) -> None:
    answer = await post(client(Noting(fails=["classify"], error=error)))
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert ("Retry-After" in answer.headers) == (status == 503)


def enrichment() -> ModuleType:
    """The client of this service, out of the folder beside it, without the rest of stream-processor."""
    if "stream_processor" not in sys.modules:
        package = ModuleType("stream_processor")
        package.__path__ = [str(NEIGHBOUR)]
        sys.modules["stream_processor"] = package
    return importlib.import_module("stream_processor.enrichment")


async def test_stream_processor_understands_the_answer(client: Client) -> None:
    theirs, answers, asked = enrichment(), [await post(client())], []

    def served(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(answers[0].status_code, content=answers[0].content)

    article = theirs.Article.model_validate(
        BODY | {"url": "u", "published_at": "2026-01-01T00:00:00Z", "received_at": "2026-01-01T00:00:00Z"}
    )
    enricher = theirs.Enricher("http://agents", httpx.MockTransport(served))
    found = enricher.enrich(article, None, time.monotonic() + 5)
    assert found is not None
    assert found.model_dump() == answers[0].json()
    async with client() as http:
        ours = await http.post(asked[0].url.path, content=asked[0].content, headers=dict(asked[0].headers))
    assert ours.json() == answers[0].json()
