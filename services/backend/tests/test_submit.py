import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import Memory

from api.articles import BODY_LIMIT

Client = Callable[[], httpx.AsyncClient]
JSON = {"Content-Type": "application/json"}

ARTICLE = {
    "source": "agency",
    "url": "https://example.org/1",
    "title": "A title",
    "text": "A text",
    "published_at": "2026-01-01T12:00:00Z",
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
# Articles with some fields of any shape, and some that do not exist.
NEARLY = st.dictionaries(st.sampled_from([*ARTICLE, "id", "extra"]), VALUES, max_size=4).map(
    lambda changes: json.dumps(ARTICLE | changes).encode()
)
CUT = st.integers(0, 150).map(lambda length: json.dumps(ARTICLE).encode()[:length])
endless = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def post(client: Client, content: bytes | dict[str, Any], **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    async with client() as http:
        return await http.post("/articles", content=body, headers=JSON | headers)


def reasons(response: httpx.Response) -> dict[str, str]:
    return {one["field"]: one["reason"] for one in response.json()["detail"]}


async def test_an_article_is_accepted_when_the_queue_has_it(client: Client, memory: Memory) -> None:
    answer = await post(client, ARTICLE)
    assert answer.status_code == 202
    assert [str(article.id) for article in memory.accepted] == [answer.json()["id"]]


async def test_the_same_article_sent_twice_has_one_identifier(client: Client, memory: Memory) -> None:
    for change in ({}, {"published_at": "2026-01-01T14:00:00+02:00"}, {"title": "Another"}):
        await post(client, ARTICLE | change)
    first, again, another = (article.id for article in memory.accepted)
    assert first == again != another


async def test_nothing_is_accepted_while_the_queue_is_away(client: Client, memory: Memory) -> None:
    memory.lost = True
    answer = await post(client, ARTICLE)
    assert (answer.status_code, answer.json()["detail"]) == (503, "kafka is unavailable")
    assert answer.headers["Retry-After"]


@endless
@given(body=st.binary(max_size=200) | NEARLY | CUT)
async def test_no_body_is_an_error_of_ours(client: Client, memory: Memory, body: bytes) -> None:
    memory.accepted.clear()
    answer = await post(client, body)
    if answer.status_code == 202:
        assert len(memory.accepted) == 1
        assert b"\\u0000" not in memory.accepted[0].model_dump_json().encode()
    else:
        assert 400 <= answer.status_code < 500
        assert all(reasons(answer).values())
        assert not memory.accepted


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"extra": 1}, "extra"),
        ({"title": 5}, "title"),
        ({"title": ""}, "title"),
        ({"text": "a\0b"}, "text"),
        ({"source": "Has Spaces"}, "source"),
        ({"url": "ftp://example.org"}, "url"),
        ({"id": "7"}, "id"),
        ({"published_at": "2026-01-01T12:00:00"}, "published_at"),
        ({"published_at": "9999-12-31T23:00:00-05:00"}, "published_at"),
        ({"published_at": 5}, "published_at"),
    ],
)
async def test_a_wrong_field_is_named(client: Client, change: dict[str, Any], field: str) -> None:
    answer = await post(client, ARTICLE | change)
    assert answer.status_code == 422
    assert list(reasons(answer)) == [field]


async def test_what_is_no_text_is_refused(client: Client) -> None:
    answer = await post(client, json.dumps(ARTICLE).replace("A title", r"\ud800").encode())
    assert answer.status_code == 422


async def test_nesting_without_end_is_refused(client: Client) -> None:
    answer = await post(client, b"[" * 100_000)
    assert answer.status_code == 422


async def test_a_body_that_says_its_size_is_refused_unread(client: Client) -> None:
    read = []

    async def chunks() -> AsyncIterator[bytes]:
        read.append(1)
        yield b" "

    async with client() as http:
        headers = JSON | {"Content-Length": str(BODY_LIMIT + 1)}
        answer = await http.post("/articles", content=chunks(), headers=headers)
    assert answer.status_code == 413
    assert not read


async def test_a_body_that_hides_its_size_is_refused_by_it(client: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 1000 + 1):
            yield b" " * 1000

    async with client() as http:
        answer = await http.post("/articles", content=chunks(), headers=JSON)
    assert answer.status_code == 413


async def test_other_content_types_are_refused(client: Client) -> None:
    answer = await post(client, ARTICLE, **{"Content-Type": "text/plain"})
    assert answer.status_code == 415


async def test_every_article_that_is_accepted_fits_into_a_message(client: Client, memory: Memory) -> None:
    answer = await post(client, json.dumps(ARTICLE | {"text": "😀" * 60_000}, ensure_ascii=False).encode())
    assert answer.status_code == 202
    assert len(memory.accepted[0].model_dump_json().encode()) < 1024 * 1024
