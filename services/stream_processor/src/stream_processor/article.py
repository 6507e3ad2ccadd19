"""Articles, as the backend writes them to Kafka, and what comes of them."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from stream_processor.errors import Unprocessable


def storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL character, which PostgreSQL does not store")
    return text


def utc(moment: datetime) -> datetime:
    """Raises ValueError for a year that is none in UTC, which no reader could read again."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the years 1 to 9999") from None


Text = Annotated[str, Field(min_length=1), AfterValidator(storable)]
Moment = Annotated[AwareDatetime, AfterValidator(utc)]


class Article(BaseModel):
    """Fields that it does not know are left out, so that the backend may be newer."""

    model_config = ConfigDict(frozen=True)

    id: uuid.UUID
    source: Text
    url: Text
    title: Text
    text: Text
    published_at: Moment
    received_at: Moment


class Enrichment(BaseModel):
    """langgraph-service's answer."""

    model_config = ConfigDict(frozen=True)

    summary: Text
    category: Text
    verdict: Text


@dataclass(frozen=True, slots=True)
class Record:
    """A message, free of Kafka's types."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def trace(self) -> str | None:
        """The W3C trace context in which the article was accepted."""
        found = dict(self.headers).get("traceparent")
        return found.decode("ascii", "replace") if found else None


def read(record: Record) -> Article:
    """Raises Unprocessable."""
    try:
        return Article.model_validate_json(record.value or b"")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise Unprocessable(f"{where}: {first['msg']}") from None
