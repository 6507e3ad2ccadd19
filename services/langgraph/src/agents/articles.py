"""What comes in, and what is said of it."""

import hashlib
import uuid
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

BODY_LIMIT = 1024 * 1024  # bytes; Kafka's limit of a message, out of which articles come
SUMMARY_LIMIT = 1000  # characters
CATEGORIES = ("politics", "economy", "science", "technology", "health", "culture", "sport", "other")
VERDICTS = ("supported", "disputed", "unverified")


def storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL character, which PostgreSQL does not store")
    return text


Text = Annotated[str, StringConstraints(min_length=1), AfterValidator(storable)]


class Article(BaseModel):
    """Fields that it does not know are left out, so that stream-processor may be newer."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: uuid.UUID
    source: Text
    title: Text
    text: Text

    @property
    def thread(self) -> str:
        """Names its checkpoints: the same article goes on, one with another content begins anew."""
        content = "\0".join((self.source, self.title, self.text)).encode()
        return f"{self.id}-{hashlib.sha256(content).hexdigest()[:16]}"


class Analysis(BaseModel):
    """None is empty, `category` is of CATEGORIES, `verdict` of VERDICTS."""

    summary: str
    category: str
    verdict: str


def complaints(error: ValidationError) -> list[dict[str, str]]:
    """Field and reason of each mistake, without the input: what is no text cannot be sent back as such."""
    return [
        {"field": ".".join(str(part) for part in e["loc"]) or "body", "reason": e["msg"]}
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
