"""The stream: every article with a seq above the client's last one, once, in order, whoever is slow."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.articles import Stored
from api.errors import Unavailable

PAGE = 200  # articles per read
PING = 15.0  # seconds of silence before a comment is sent, so that proxies keep the connection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    seq: int
    wire: bytes

    @classmethod
    def of(cls, article: Stored) -> "Event":
        return cls(article.seq, f"id: {article.seq}\nevent: article\ndata: {article.model_dump_json()}\n\n".encode())


Read = Callable[[int, int], Awaitable[Sequence[Stored]]]  # after this seq, at most so many, in order


class Feed:
    """The tail of the table, read once for all of this worker's clients. Who is further behind reads the table."""

    def __init__(self, read: Read, keep: int = 500) -> None:
        self._read, self._keep = read, keep
        self._recent: deque[Event] = deque()
        self._floor = 0  # _recent holds every event above it
        self._changed = asyncio.Event()
        self.newest: int | None = None  # None until the table was seen
        self.closed = False

    async def follow(self, newest: Callable[[], Awaitable[int]], wake: asyncio.Event, every: float = 1.0) -> None:
        """Reads on whenever `wake` is set, and `every` so many seconds, since Redis may be away. Ends when closed."""
        while not self.closed:
            try:
                if self.newest is None:
                    self.newest = self._floor = await newest()
                while articles := await self._read(self.newest, PAGE):
                    self._add(Event.of(article) for article in articles)
            except Unavailable:
                pass  # health tells
            try:
                async with asyncio.timeout(every):
                    await wake.wait()
            except TimeoutError:
                continue
            wake.clear()

    async def after(self, seq: int) -> Sequence[Event]:
        """Some of the events above `seq`, without a gap; none when there are none yet."""
        if self.newest is None or seq >= self.newest:
            return ()
        if seq >= self._floor:
            return tuple(takewhile(lambda event: event.seq > seq, reversed(self._recent)))[::-1]
        return [Event.of(article) for article in await self._read(seq, PAGE)]

    async def changed(self, seq: int) -> None:
        """Returns when there may be events above `seq`, or none will come."""
        if not self.closed and (self.newest is None or self.newest <= seq):
            await self._changed.wait()

    def close(self) -> None:
        self.closed = True
        self._changed.set()

    def _add(self, events: Iterable[Event]) -> None:
        for event in events:
            if len(self._recent) == self._keep:
                self._floor = self._recent.popleft().seq
            self._recent.append(event)
            self.newest = event.seq
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


async def stream(feed: Feed, seq: int, ping: float = PING) -> AsyncIterator[bytes]:
    """What one client gets, from after `seq` until the feed is closed."""
    # Spread, so that a stopping worker's clients do not all come back in the same moment.
    yield f"retry: {random.randint(500, 3000)}\n\n".encode()
    while not feed.closed:
        try:
            if events := await feed.after(seq):
                seq = events[-1].seq
                yield b"".join(event.wire for event in events)
                continue
            async with asyncio.timeout(ping):
                await feed.changed(seq)
        except TimeoutError:
            yield b": ping\n\n"
        except Unavailable:
            # Ending here would make the client come back to a 503, at which browsers give up for good.
            await asyncio.sleep(1)
            yield b": waiting\n\n"
    yield b"event: reconnect\ndata: {}\n\n"


class EventStream(StreamingResponse):
    """Calls `ended` whichever way the client goes."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], ended: Callable[[], None]) -> None:
        # nginx would collect what it should pass on.
        super().__init__(content, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()
