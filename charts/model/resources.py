"""What a container asks for and may use."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from charts.model import names
from charts.model.quantity import Quantity

DEVICE = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Request and limit of a container, each written "request..limit", or once where they are equal.

    `cpu`: cores, "250m..500m"; `memory`: bytes, "256Mi..768Mi".
    """

    cpu: str
    memory: str

    @property
    def requests(self) -> dict[str, Quantity]:
        """{"cpu": ..., "memory": ...}; raises ValueError on what is no quantity."""
        return {"cpu": bounds(self.cpu)[0], "memory": bounds(self.memory)[0]}

    @property
    def limits(self) -> dict[str, Quantity]:
        """{"cpu": ..., "memory": ...}; raises ValueError on what is no quantity."""
        return {"cpu": bounds(self.cpu)[1], "memory": bounds(self.memory)[1]}

    def refusals(self, at: str) -> Iterator[str]:
        for name, written in (("cpu", self.cpu), ("memory", self.memory)):
            try:
                request, limit = bounds(written)
            except ValueError as wrong:
                yield f"{at}.{name}: {wrong}"
                continue
            if request > limit:
                yield f"{at}.{name}: the request {request} is above the limit {limit}"
            if not request.amount:
                yield f"{at}.{name}: the request must be above 0, got {request}"


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """Devices that a workload's pods get where the component "gpu" is switched on.

    `resource`: what the nodes' device plugin calls one; `count`: devices of each pod; `nodes`: labels of the nodes that
    have them. Such nodes are tainted with the resource's name, so that no other pod takes their room. The defaults are
    those of NVIDIA's device plugin and GPU feature discovery.
    """

    resource: str = "nvidia.com/gpu"
    count: int = 1
    nodes: Mapping[str, str] = field(default_factory=lambda: {"nvidia.com/gpu.present": "true"})

    def refusals(self, at: str) -> Iterator[str]:
        if not DEVICE.fullmatch(self.resource):
            yield f'{at}.resource: a device is named "<domain>/<name>", got "{self.resource}"'
        if self.count < 1:
            yield f"{at}.count: must be at least 1, got {self.count}"
        for label, value in self.nodes.items():
            yield from names.label_key(f"{at}.nodes", label)
            yield from names.label_value(f"{at}.nodes.{label}", value)


def bounds(written: str) -> tuple[Quantity, Quantity]:
    """(request, limit) of "request..limit"."""
    request, dots, limit = written.partition("..")
    return Quantity(request), Quantity(limit if dots else request)
