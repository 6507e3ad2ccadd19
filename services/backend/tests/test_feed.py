import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given, settings
from hypothesis import strategies as st
from memory import Memory

from api.feed import Feed, stream


@asynccontextmanager
async def following(feed: Feed, memory: Memory) -> AsyncIterator[asyncio.Event]:
    wake = asyncio.Event()
    task = asyncio.create_task(feed.follow(memory.newest, wake, every=0.01))
    async with asyncio.timeout(5):
        while feed.newest is None:
            await asyncio.sleep(0)
        yield wake
    task.cancel()


async def collected(feed: Feed, seq: int, until: int, pause: float = 0) -> list[int]:
    """The seqs that a client gets, up to one."""
    found: list[int] = []
    async for piece in stream(feed, seq, ping=0.05):
        found += [int(number) for number in re.findall(rb"^id: (\d+)$", piece, re.MULTILINE)]
        if found and found[-1] >= until:
            break
        await asyncio.sleep(pause)
    return found


@settings(max_examples=60, deadline=None)
@given(
    before=st.integers(0, 30),
    batches=st.lists(st.integers(1, 12), max_size=6),
    keep=st.integers(1, 10),
    start=st.integers(0, 40),
    holes=st.integers(1, 3),
)
async def test_a_client_gets_everything_after_its_last_event_once_and_in_order(
    before: int, batches: list[int], keep: int, start: int, holes: int
) -> None:
    memory = Memory()
    memory.add(*range(holes, holes * (before + 1), holes))
    feed = Feed(memory.after, keep)
    async with following(feed, memory) as wake:
        last = holes * (before + sum(batches) + 50)
        client = asyncio.create_task(collected(feed, start, last))
        at = before
        for batch in (*batches, 50):
            memory.add(*range(holes * (at + 1), holes * (at + batch + 1), holes))
            at += batch
            wake.set()
            await asyncio.sleep(0)
        assert await client == [article.seq for article in memory.articles if article.seq > start]


async def test_clients_that_keep_up_share_one_reading_of_the_table(memory: Memory) -> None:
    memory.add(1)
    feed = Feed(memory.after)
    async with following(feed, memory) as wake:
        clients = [asyncio.create_task(collected(feed, 1, 3)) for _ in range(50)]
        await asyncio.sleep(0.01)
        memory.reads = 0
        memory.add(2, 3)
        wake.set()
        assert await asyncio.gather(*clients) == [[2, 3]] * 50
    assert memory.reads < 10


async def test_a_slow_client_misses_nothing(memory: Memory) -> None:
    feed = Feed(memory.after, keep=2)
    async with following(feed, memory) as wake:
        client = asyncio.create_task(collected(feed, 0, 30, pause=0.01))
        for seq in range(1, 31):
            memory.add(seq)
            wake.set()
            await asyncio.sleep(0.002)
        assert await client == list(range(1, 31))


async def test_streams_outlive_the_loss_of_the_database(memory: Memory) -> None:
    memory.add(1, 2)
    feed = Feed(memory.after)
    async with following(feed, memory):
        memory.lost = True
        client = asyncio.create_task(collected(feed, 0, 3))
        await asyncio.sleep(0.05)
        memory.lost = False
        memory.add(3)
        assert await client == [1, 2, 3]


async def test_articles_are_found_without_anybody_telling(memory: Memory) -> None:
    feed = Feed(memory.after)
    async with following(feed, memory):
        memory.add(1)
        assert await collected(feed, 0, 1) == [1]


async def test_a_stopping_worker_tells_its_clients_to_come_back(memory: Memory) -> None:
    feed = Feed(memory.after)
    async with following(feed, memory):
        pieces = stream(feed, 0, ping=5)
        assert (await anext(pieces)).startswith(b"retry: ")
        last = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0.01)
        feed.close()
        assert b"event: reconnect" in await last
        assert [piece async for piece in pieces] == []


async def test_a_silent_stream_is_kept_open_by_comments(memory: Memory) -> None:
    feed = Feed(memory.after)
    async with following(feed, memory):
        pieces = stream(feed, 0, ping=0.01)
        assert [await anext(pieces) for _ in range(3)][1:] == [b": ping\n\n"] * 2
