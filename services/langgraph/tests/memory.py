"""An article, and a model that notes what it is asked."""

import asyncio
import uuid
from collections.abc import Iterable

from agents.articles import Article
from agents.model import Local, Material, Task

BODY = {
    "id": "00000000-0000-0000-0000-000000000001",
    "source": "agency",
    "title": "Scientists point a telescope at Mars",
    "text": "The study took a year. It found water. Others wait.",
}
ARTICLE = Article(id=uuid.UUID(BODY["id"]), source=BODY["source"], title=BODY["title"], text=BODY["text"])


class Noting(Local):
    """The local model; fails once at each task that `fails` names, and hangs for good at those that `hangs` names."""

    def __init__(self, fails: Iterable[str] = (), hangs: Iterable[str] = (), error: Exception | None = None) -> None:
        self.fails, self.hangs, self.error = set(fails), set(hangs), error or OSError("lost")
        self.asked: list[str] = []
        self.materials: dict[str, Material] = {}

    async def answer(self, task: Task, material: Material) -> str:
        self.asked.append(task.name)
        self.materials[task.name] = material
        if task.name in self.hangs:
            await asyncio.sleep(3600)
        if task.name in self.fails:
            self.fails.remove(task.name)
            raise self.error
        return await super().answer(task, material)
