"""Containers say what they need."""

from collections.abc import Iterator, Sequence

from rules.reading import Manifest, at, containers, mapping, quantity, state


def requests_and_limits_are_set(objects: Sequence[Manifest]) -> Iterator[str]:
    for container in containers(objects):
        for field in ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory"):
            value = at(container.spec, f"resources.{field}")
            if not (quantity(value) or 0) > 0:
                yield f"{container.where}.resources.{field}: {state(value)}; set a quantity above 0"


def requests_stay_within_limits(objects: Sequence[Manifest]) -> Iterator[str]:
    for container in containers(objects):
        limits = mapping(container.spec, "resources.limits")
        for resource, value in mapping(container.spec, "resources.requests").items():
            request, limit = quantity(value), quantity(limits.get(resource))
            if request is not None and limit is not None and request > limit:
                where = f"{container.where}.resources.requests.{resource}"
                yield f"{where}: {state(value)}, above the limit {limits[resource]}; lower it or raise the limit"
