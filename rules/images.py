"""Images say which one they are."""

import re
from collections.abc import Iterator, Sequence

from rules.reading import Manifest, containers

DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
TAG = re.compile(r"[^@]+:([\w][\w.-]{0,127})", re.ASCII)
FLOATING = re.compile(r"latest(-.*)?|main|master|edge|nightly|dev", re.IGNORECASE)


def images_are_pinned(objects: Sequence[Manifest]) -> Iterator[str]:
    for container in containers(objects):
        image = str(container.spec.get("image") or "")
        tag = TAG.fullmatch(image)
        if not DIGEST.fullmatch(image) and (not tag or FLOATING.fullmatch(tag[1])):
            yield f'{container.where}.image: "{image}" is not pinned; name a version tag or a digest'
