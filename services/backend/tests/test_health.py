import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from api.health import EVERY, WITHIN, Monitor

Client = Callable[[], httpx.AsyncClient]


@asynccontextmanager
async def watching(monitor: Monitor) -> AsyncIterator[None]:
    task = asyncio.create_task(monitor.run())
    async with asyncio.timeout(5):
        while not monitor.ready:
            await asyncio.sleep(0.01)
        yield
    task.cancel()


async def fine() -> None:
    pass


def test_a_loss_shows_within_two_seconds() -> None:
    assert EVERY + WITHIN < 2


async def test_a_dependency_that_hangs_is_named_and_hides_no_other(app: FastAPI, client: Client) -> None:
    hangs = asyncio.Event()

    async def hanging() -> None:
        if hangs.is_set():
            await asyncio.sleep(3600)

    monitor = Monitor({"database": hanging, "redis": fine, "kafka": fine}, every=0.01, within=0.05)
    object.__setattr__(app.state.parts, "monitor", monitor)
    async with watching(monitor), client() as http:
        assert (await http.get("/health")).json()["status"] == "healthy"
        assert (await http.get("/ready")).status_code == 200
        hangs.set()
        while monitor.ready:
            await asyncio.sleep(0.01)
        begun = time.perf_counter()
        answer = await http.get("/health")
        assert time.perf_counter() - begun < 0.1
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"
        assert answer.json()["services"] == {"database": "unhealthy", "redis": "healthy", "kafka": "healthy"}
        assert (await http.get("/ready")).status_code == 503


async def test_a_dependency_that_comes_back_is_well_again() -> None:
    answers = iter([True, False, True])
    seen = []

    async def changing() -> None:
        seen.append(monitor.ready)
        if not next(answers, True):
            raise OSError

    monitor = Monitor({"kafka": changing}, every=0, within=1)
    async with watching(monitor):
        while len(seen) < 4:
            await asyncio.sleep(0)
    assert seen[:4] == [False, True, False, True]


async def test_the_health_has_the_specified_form(client: Client) -> None:
    async with client() as http:
        answer = (await http.get("/health")).json()
    assert set(answer) == {"status", "timestamp", "version", "services"}
    assert set(answer["services"]) == {"database", "redis", "kafka"}
