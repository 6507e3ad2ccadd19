"""Secret values stay out of what is rendered and reviewed."""

from collections.abc import Iterator, Sequence

from rules.reading import Manifest, mapping, of_kind, title


def secrets_hold_no_values(objects: Sequence[Manifest]) -> Iterator[str]:
    for secret in of_kind(objects, "Secret"):
        for field in ("data", "stringData"):
            if held := mapping(secret, field):
                yield f"{title(secret)} {field}: holds {', '.join(map(str, held))}; keep values out, declare the keys"
