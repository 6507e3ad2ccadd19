"""The strict schemas of one minor and of the repository's custom resources, for tests that look at objects alone."""

from collections.abc import Iterator
from functools import cache

from ops.check.command import CRDS
from ops.check.schemas import Schemas, definitions, minors
from rules.reading import Manifest, kind, title

__all__ = ["complaints", "minors"]


def complaints(manifest: Manifest, minor: str) -> Iterator[str]:
    """What the schemas of a minor, or the CRD of the kind, find wrong with an object."""
    for complaint in _schemas(minor, kind(manifest)).complaints(manifest):
        yield f"{title(manifest)} {complaint.field}: {complaint.problem}; {complaint.remedy}"


@cache
def _schemas(minor: str, of: str) -> Schemas:
    return Schemas([minor], definitions(CRDS, [of]))
