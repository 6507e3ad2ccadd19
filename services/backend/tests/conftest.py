"""The application over parts that remember instead of servers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from memory import Memory

from api.feed import Feed
from api.health import Monitor
from api.main import Parts, application


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def feed(memory: Memory) -> Feed:
    return Feed(memory.after)


@pytest.fixture
def monitor(memory: Memory) -> Monitor:
    return Monitor({"database": memory.check, "redis": memory.check, "kafka": memory.check}, every=0.01, within=0.05)


@pytest.fixture
def app(memory: Memory, feed: Feed, monitor: Monitor) -> FastAPI:
    @asynccontextmanager
    async def nothing(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = application(nothing)
    app.state.parts = Parts(queue=memory, table=memory, counts=memory, feed=feed, monitor=monitor, streams=2)
    return app


@pytest.fixture
def client(app: FastAPI) -> Callable[[], httpx.AsyncClient]:
    """A failure inside the application becomes a 500, as a server would answer."""

    def made() -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api")

    return made
