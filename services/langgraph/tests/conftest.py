"""The application over a checkpointer and a model in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from langgraph.checkpoint.memory import InMemorySaver
from opentelemetry.trace import NoOpTracer, Tracer

from agents.graph import Agents
from agents.health import Monitor
from agents.main import Parts, application
from agents.model import Local, Model

Client = Callable[..., httpx.AsyncClient]


async def fine() -> None:
    pass


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture
def client() -> Client:
    """A failure inside the application becomes a 500, as a server would answer."""

    def made(
        model: Model | None = None, seconds: float = 5, monitor: Monitor | None = None, tracer: Tracer | None = None
    ) -> httpx.AsyncClient:
        app = application(nothing)
        agents = Agents(model or Local(), InMemorySaver(), tracer or NoOpTracer())
        app.state.parts = Parts(agents=agents, monitor=monitor or Monitor({"database": fine}), seconds=seconds)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://agents")

    return made
