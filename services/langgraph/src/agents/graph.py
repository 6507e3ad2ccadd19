"""The agents: summarize and classify at the same time, then fact_check, which knows what both said."""

import time
from typing import Any, Protocol, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from agents import metrics
from agents.articles import Analysis, Article
from agents.model import CLASSIFY, FACT_CHECK, SUMMARIZE, Material, Model, Task, tidy


class State(TypedDict, total=False):
    """What a checkpoint holds: plain text, so that reading one runs no code."""

    title: str
    text: str
    summary: str
    category: str
    verdict: str


class Step(Protocol):
    async def __call__(self, state: State) -> dict[str, str]: ...


class Agents:
    """`analyze` may be called for the same article again, by any replica: what is in its checkpoints is not asked."""

    def __init__(self, model: Model, checkpoints: BaseCheckpointSaver[Any], tracer: Tracer) -> None:
        self._model, self._tracer = model, tracer
        graph = StateGraph(State)
        for task, field in ((SUMMARIZE, "summary"), (CLASSIFY, "category"), (FACT_CHECK, "verdict")):
            graph.add_node(task.name, self._step(task, field))
        graph.add_edge(START, SUMMARIZE.name)
        graph.add_edge(START, CLASSIFY.name)
        graph.add_edge([SUMMARIZE.name, CLASSIFY.name], FACT_CHECK.name)
        graph.add_edge(FACT_CHECK.name, END)
        self._graph = graph.compile(checkpointer=checkpoints)

    async def analyze(self, article: Article, parent: Context | None = None) -> Analysis:
        """Raises what the model raises, and what the driver of the checkpoints does."""
        with self._tracer.start_as_current_span("analyze", parent) as span:
            span.set_attributes({"article.id": str(article.id), "article.source": article.source})
            config: RunnableConfig = {"configurable": {"thread_id": article.thread}}
            known = await self._graph.aget_state(config)
            if known.values:
                metrics.RESUMED.inc()
            state = known.values
            if known.next or not state:
                begin = None if state else State(title=article.title, text=article.text)
                state = await self._graph.ainvoke(begin, config, durability="sync")
        found = Analysis(summary=state["summary"], category=state["category"], verdict=state["verdict"])
        metrics.ANALYSES.labels(found.category, found.verdict).inc()
        return found

    def _step(self, task: Task, field: str) -> Step:
        async def step(state: State) -> dict[str, str]:
            material = Material(state["title"], state["text"], state.get("summary", ""), state.get("category", ""))
            begun = time.perf_counter()
            with self._tracer.start_as_current_span(task.name) as span:
                answer = tidy(task, await self._model.answer(task, material), instead=state["title"])
                span.set_attributes(
                    {
                        "langfuse.observation.type": "generation",
                        "gen_ai.operation.name": "chat",
                        "gen_ai.request.model": self._model.name,
                        "langfuse.observation.input": material.written(),
                        "langfuse.observation.output": answer,
                    }
                )
            metrics.AGENT.labels(task.name).observe(time.perf_counter() - begun)
            return {field: answer}

        return step
