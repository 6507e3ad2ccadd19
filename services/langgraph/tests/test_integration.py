"""Against a real PostgreSQL, which CHECKPOINT_DATABASE_URL names. It loses its checkpoints."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from memory import ARTICLE, Noting
from opentelemetry.trace import NoOpTracer

from agents.checkpoints import Checkpoints
from agents.errors import Unavailable
from agents.graph import Agents
from agents.settings import Settings

pytestmark = pytest.mark.integration

TABLES = "checkpoints, checkpoint_blobs, checkpoint_writes, checkpoint_migrations"


@pytest.fixture
async def checkpoints() -> AsyncIterator[Checkpoints]:
    """Fails when the environment names no server."""
    url = Settings().checkpoint_database_url
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(f"DROP TABLE IF EXISTS {TABLES}")
    made = Checkpoints(url)
    await made.start()
    yield made
    await made.stop()


async def ready(one: Checkpoints) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                return await one.check()
            except Unavailable:
                await one.make_schema()
                await asyncio.sleep(0.05)


async def test_replicas_that_start_together_make_the_tables_once(checkpoints: Checkpoints) -> None:
    with pytest.raises(Unavailable):
        await checkpoints.check()
    others = [Checkpoints(Settings().checkpoint_database_url) for _ in range(3)]
    for other in others:
        await other.start()
    await asyncio.gather(*(ready(one) for one in (checkpoints, *others)))
    for other in others:
        await other.stop()


async def test_another_replica_goes_on_where_one_failed(checkpoints: Checkpoints) -> None:
    await ready(checkpoints)
    with pytest.raises(OSError, match="lost"):
        await Agents(Noting(fails=["fact_check"]), checkpoints.saver, NoOpTracer()).analyze(ARTICLE)
    other = Checkpoints(Settings().checkpoint_database_url)
    await other.start()
    model = Noting()
    found = await Agents(model, other.saver, NoOpTracer()).analyze(ARTICLE)
    await other.stop()
    assert model.asked == ["fact_check"]
    assert found.category == "science"


async def test_only_what_is_old_is_forgotten(checkpoints: Checkpoints) -> None:
    await ready(checkpoints)
    agents = Agents(Noting(), checkpoints.saver, NoOpTracer())
    await agents.analyze(ARTICLE)
    assert await checkpoints.forget_old() == 0
    async with await psycopg.AsyncConnection.connect(Settings().checkpoint_database_url) as connection:
        older = "jsonb_set(checkpoint, '{ts}', '\"2020-01-01T00:00:00+00:00\"')"
        await connection.execute(f"UPDATE checkpoints SET checkpoint = {older}")
    assert await checkpoints.forget_old() == 1
    again = Noting()
    await Agents(again, checkpoints.saver, NoOpTracer()).analyze(ARTICLE)
    assert len(again.asked) == 3
