"""Parts that remember, instead of servers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.articles import Article, Stored
from api.errors import Unavailable


def stored(seq: int, source: str = "agency") -> Stored:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Stored(
        seq=seq,
        id=uuid.UUID(int=seq),
        source=source,
        url="https://example.org/",
        title=f"Title {seq}",
        text="Text",
        published_at=now,
        received_at=now,
        summary=None,
        category=None,
        verdict=None,
    )


@dataclass
class Memory:
    """Queue, table and counts in one; `lost` makes all of them unavailable."""

    accepted: list[Article] = field(default_factory=list)
    articles: list[Stored] = field(default_factory=list)
    leases: set[str] = field(default_factory=set)
    lost: bool = False
    reads: int = 0

    def _serve(self) -> None:
        if self.lost:
            raise Unavailable("kafka")

    def add(self, *seqs: int) -> None:
        self.articles.extend(stored(seq) for seq in seqs)

    async def send(self, article: Article, headers: list[tuple[str, bytes]]) -> None:
        self._serve()
        self.accepted.append(article)

    async def after(self, seq: int, most: int) -> Sequence[Stored]:
        self._serve()
        self.reads += 1
        return [article for article in self.articles if article.seq > seq][:most]

    async def newest(self) -> int:
        self._serve()
        return max((article.seq for article in self.articles), default=0)

    async def page(self, source: str | None, before: int | None, most: int) -> Sequence[Stored]:
        self._serve()
        wanted = [a for a in self.articles if source in (None, a.source) and (before is None or a.seq < before)]
        return wanted[::-1][:most]

    async def one(self, article: uuid.UUID) -> Stored | None:
        self._serve()
        return next((a for a in self.articles if a.id == article), None)

    async def take(self, limit: int) -> str | None:
        self._serve()
        if len(self.leases) >= limit:
            return None
        lease = uuid.uuid4().hex
        self.leases.add(lease)
        return lease

    def give_back(self, lease: str) -> None:
        self.leases.discard(lease)

    def count(self) -> None:
        pass

    async def rates(self) -> list[tuple[int, int]] | None:
        return None

    async def check(self) -> None:
        self._serve()
