"""Articles: what clients may send, what Kafka carries, what is stored."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, HttpUrl, StringConstraints, ValidationError

BODY_LIMIT = 256 * 1024  # bytes; judged: the longest text in four-byte characters is a third of Kafka's 1 MiB a message
NAMESPACE = uuid.UUID("6f0d0a5e-0a9c-5d0e-8f5c-1f1f8d3f7c11")  # ours, of identifiers that follow from content
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL character, which PostgreSQL does not store")
    return text


def plausible(moment: datetime) -> datetime:
    """Also keeps away years that are one in PostgreSQL and none in Python, once moved to UTC."""
    if not EARLIEST <= moment <= datetime.now(UTC) + timedelta(days=1):
        raise ValueError("is before 1900 or in the future")
    return moment.astimezone(UTC)


Source = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(storable)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=60_000), AfterValidator(storable)]
Moment = Annotated[AwareDatetime, AfterValidator(plausible)]


class Submission(BaseModel):
    """The body of POST /articles. Without `id`, it follows from the content: sent twice, it is stored once."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: uuid.UUID | None = None
    source: Source
    url: HttpUrl
    title: Title
    text: Text
    published_at: Moment

    def accepted(self, now: datetime) -> "Article":
        content = "\n".join((self.source, str(self.url), self.published_at.isoformat(), self.title, self.text))
        return Article(
            id=self.id or uuid.uuid5(NAMESPACE, content),
            source=self.source,
            url=str(self.url),
            title=self.title,
            text=self.text,
            published_at=self.published_at,
            received_at=now,
        )


class Article(BaseModel):
    """What Kafka carries, as JSON, with the source as key."""

    id: uuid.UUID
    source: str
    url: str
    title: str
    text: str
    published_at: datetime
    received_at: datetime


class Stored(Article):
    """What clients get. `seq` grows in the order of storing; the rest is None where langgraph-service was away."""

    seq: int
    summary: str | None
    category: str | None
    verdict: str | None


def complaints(error: ValidationError) -> list[dict[str, str]]:
    """Field and reason of each mistake, without the input: what is no text cannot be sent back as such."""
    return [
        {"field": ".".join(str(part) for part in e["loc"]) or "body", "reason": e["msg"]}
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
