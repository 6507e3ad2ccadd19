import pytest
from conftest import Client
from langgraph.checkpoint.memory import InMemorySaver
from memory import ARTICLE, BODY, Noting
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracer

from agents.graph import Agents


def agents(model: Noting, saver: InMemorySaver) -> Agents:
    return Agents(model, saver, NoOpTracer())


async def test_the_fact_checker_knows_what_the_others_said() -> None:
    model = Noting()
    found = await agents(model, InMemorySaver()).analyze(ARTICLE)
    assert sorted(model.asked[:2]) == ["classify", "summarize"]
    assert model.asked[2:] == ["fact_check"]
    material = model.materials["fact_check"]
    assert (material.summary, material.category) == (found.summary, found.category)


async def test_another_replica_goes_on_where_one_failed() -> None:
    saver, first, second = InMemorySaver(), Noting(fails=["fact_check"]), Noting()
    with pytest.raises(OSError, match="lost"):
        await agents(first, saver).analyze(ARTICLE)
    resumed = await agents(second, saver).analyze(ARTICLE)
    assert second.asked == ["fact_check"]
    assert resumed == await agents(Noting(), InMemorySaver()).analyze(ARTICLE)


async def test_an_article_that_is_asked_for_again_costs_no_model() -> None:
    saver, again = InMemorySaver(), Noting()
    first = await agents(Noting(), saver).analyze(ARTICLE)
    assert await agents(again, saver).analyze(ARTICLE) == first
    assert again.asked == []


async def test_the_same_identifier_with_another_text_begins_anew() -> None:
    saver, model = InMemorySaver(), Noting()
    await agents(Noting(), saver).analyze(ARTICLE)
    await agents(model, saver).analyze(ARTICLE.model_copy(update={"text": "Another."}))
    assert len(model.asked) == 3


async def test_one_trace_goes_from_the_client_through_every_agent(client: Client) -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await client(tracer=provider.get_tracer("agents")).post("/analyze", json=BODY, headers={"traceparent": parent})
    found = {span.name: span for span in spans.get_finished_spans()}
    assert set(found) == {"analyze", "summarize", "classify", "fact_check"}
    contexts = {name: span.get_span_context() for name, span in found.items()}
    assert {f"{c.trace_id:032x}" for c in contexts.values() if c} == {parent.split("-")[1]}
    whole = found.pop("analyze")
    assert whole.parent is not None
    assert f"{whole.parent.span_id:016x}" == parent.split("-")[2]
    assert {s.parent.span_id for s in found.values() if s.parent} == {c.span_id for c in [contexts["analyze"]] if c}
