"""LimitRanges: what they give to containers that state nothing, and what is beyond them.

The rules are those of the API server: its defaults of a LimitRange item (pkg/apis/core/v1/defaults.go) and its
admission plugin LimitRanger.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ops.capacity.amounts import Amounts, show
from ops.capacity.findings import Finding, Reader
from rules.reading import Manifest, items, namespace, of_kind

FIELDS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """One item of a LimitRange, `of` a Container, a Pod or a PersistentVolumeClaim."""

    where: str
    of: str
    max: Amounts
    min: Amounts
    default: Amounts
    default_request: Amounts
    ratio: Amounts


def limit_ranges(objects: Sequence[Manifest], findings: list[Finding]) -> Mapping[str, list[Bounds]]:
    """{namespace: its bounds}."""
    found: dict[str, list[Bounds]] = defaultdict(list)
    for manifest in of_kind(objects, "LimitRange"):
        reader = Reader(manifest, findings)
        for index, item in enumerate(items(manifest, "spec.limits")):
            if not isinstance(item, Mapping):
                reader.refuse(f"spec.limits[{index}]", item, "no mapping", "write `type: Container` and its bounds")
                continue
            where = f"spec.limits[{index}]."
            high, low, limit, request, ratio = (reader.amounts(item, field, where) for field in FIELDS)
            if item.get("type") == "Container":
                limit = {**high, **limit}
                request = {**low, **limit, **request}
            found[namespace(manifest)].append(
                Bounds(
                    where=f"{reader.title} {where}",
                    of=str(item.get("type")),
                    max=high,
                    min=low,
                    default=limit,
                    default_request=request,
                    ratio=ratio,
                )
            )
    return found


def defaulted(requests: Amounts, limits: Amounts, bounds: Sequence[Bounds]) -> tuple[Amounts, Amounts]:
    """What a container gets: a request that is not stated is its limit, all else comes from the LimitRanges."""
    requests = {**limits, **requests}
    for each in bounds:
        if each.of == "Container":
            requests, limits = {**each.default_request, **requests}, {**each.default, **limits}
    return requests, limits


def beyond(  # one call per container, pod and claim
    of: str, title: str, field: str, requests: Amounts, limits: Amounts, bounds: Sequence[Bounds]
) -> Iterator[Finding]:
    """A line for each amount that the API server would refuse."""
    for name, request in requests.items():
        if of == "Container" and name in limits and request > limits[name]:
            problem = f"{show(name, request)} is above its limit of {show(name, limits[name])}"
            yield Finding(title, f"{field}requests.{name}", problem, "state a limit that holds it, or lower it")
    for each in bounds:
        if each.of != of:
            continue
        for name, most in each.max.items():
            kind, amount = ("limits", limits[name]) if name in limits else ("requests", requests.get(name))
            where = f"{each.where}max.{name}"
            if amount is None:
                problem = f"is not set, and {where} wants it at {show(name, most)} at most"
                yield Finding(title, f"{field}limits.{name}", problem, "set it")
            elif amount > most:
                problem = f"{show(name, amount)} is above {where} {show(name, most)}"
                yield Finding(title, f"{field}{kind}.{name}", problem, "lower it or raise the maximum")
        for name, least in each.min.items():
            amount = requests.get(name, limits.get(name))
            if amount is None or amount < least:
                problem = f"{'is not set' if amount is None else show(name, amount)}, below {each.where}min.{name}"
                remedy = f"raise it to {show(name, least)} or lower the minimum"
                yield Finding(title, f"{field}requests.{name}", problem, remedy)
        for name, most in each.ratio.items():
            if name in limits and limits[name] > most * requests.get(name, limits[name]):
                problem = f"{show(name, limits[name])} is more than {most} times the request"
                remedy = f"raise the request or lower the limit: {each.where}maxLimitRequestRatio.{name}"
                yield Finding(title, f"{field}limits.{name}", problem, remedy)
