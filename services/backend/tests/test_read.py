import uuid
from collections.abc import Callable

import httpx
import pytest
from memory import Memory

Client = Callable[[], httpx.AsyncClient]


async def test_pages_hold_every_article_once(client: Client, memory: Memory) -> None:
    memory.add(*range(1, 8))
    found: list[int] = []
    before = ""
    async with client() as http:
        while before is not None:
            page = (await http.get(f"/articles?limit=3{before and f'&before={before}'}")).json()
            found += [article["seq"] for article in page["articles"]]
            before = page["next"]
    assert found == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "before=-1", f"before={2**63}", "source=%00", "source=%ff%fe"]
)
async def test_wrong_parameters_are_named(client: Client, query: str) -> None:
    async with client() as http:
        answer = await http.get(f"/articles?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["field"] == query.partition("=")[0]


async def test_one_article_is_found_by_its_identifier(client: Client, memory: Memory) -> None:
    memory.add(5)
    async with client() as http:
        assert (await http.get(f"/articles/{uuid.UUID(int=5)}")).json()["seq"] == 5
        assert (await http.get(f"/articles/{uuid.UUID(int=6)}")).status_code == 404
        assert (await http.get("/articles/six")).status_code == 422


async def test_readers_are_told_to_come_again_while_the_database_is_away(client: Client, memory: Memory) -> None:
    memory.lost = True
    async with client() as http:
        answer = await http.get("/articles")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/articles", "/health", "/nowhere", "/articles/six"])
async def test_every_answer_bears_the_security_headers(client: Client, path: str) -> None:
    async with client() as http:
        answer = await http.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
