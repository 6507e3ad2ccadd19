"""Streams as clients see them, through a real uvicorn."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from memory import Memory

from api import metrics
from api.feed import Feed
from api.health import Monitor


@pytest.fixture
async def http(app: FastAPI, feed: Feed, memory: Memory) -> AsyncIterator[httpx.AsyncClient]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    following = asyncio.create_task(feed.follow(memory.newest, asyncio.Event(), every=0.01))
    while not server.started or feed.newest is None:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
        yield client
    following.cancel()
    feed.close()
    server.should_exit = True
    await serving


async def first(lines: AsyncIterator[str], start: str) -> str:
    return await anext(line async for line in lines if line.startswith(start))


async def test_the_header_says_where_to_go_on(http: httpx.AsyncClient, memory: Memory, feed: Feed) -> None:
    memory.add(1, 2, 3)
    while feed.newest != 3:
        await asyncio.sleep(0.01)
    for given, expected in (({"Last-Event-ID": "1"}, "id: 2"), ({}, "id: 4")):
        async with http.stream("GET", "/articles/stream", headers=given) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            if expected == "id: 4":
                memory.add(4)
            assert await first(answer.aiter_lines(), "id:") == expected


@pytest.mark.parametrize("given", ["x", "-1", str(2**63)])
async def test_a_last_event_that_is_no_number_is_refused(http: httpx.AsyncClient, given: str) -> None:
    answer = await http.get("/articles/stream", headers={"Last-Event-ID": given})
    assert answer.status_code == 422


async def test_streams_beyond_the_limit_are_refused_until_one_ends(http: httpx.AsyncClient, memory: Memory) -> None:
    async with http.stream("GET", "/articles/stream"), http.stream("GET", "/articles/stream"):
        refused = await http.get("/articles/stream")
        assert refused.status_code == 503
        assert "2 streams" in refused.json()["detail"]
        assert metrics.STREAMS._value.get() == 2
    async with asyncio.timeout(5):
        while memory.leases:
            await asyncio.sleep(0.01)
    async with http.stream("GET", "/articles/stream") as answer:
        assert answer.status_code == 200


async def test_streams_end_when_the_worker_stops(
    http: httpx.AsyncClient, memory: Memory, feed: Feed, monitor: Monitor
) -> None:
    monitor.well.update(dict.fromkeys(monitor.well, True))
    assert (await http.get("/ready")).status_code == 200
    async with http.stream("GET", "/articles/stream") as answer:
        lines = answer.aiter_lines()
        assert await first(lines, "retry:")
        feed.close()
        assert await first(lines, "event:") == "event: reconnect"
    assert not memory.leases
    assert (await http.get("/articles/stream")).status_code == 503
    assert (await http.get("/ready")).status_code == 503


async def test_no_stream_begins_while_nobody_can_count_them(http: httpx.AsyncClient, memory: Memory) -> None:
    memory.lost = True
    assert (await http.get("/articles/stream")).status_code == 503
