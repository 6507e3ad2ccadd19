"""What a container asks for and may use."""

from collections.abc import Iterator
from dataclasses import dataclass

from charts.model.quantity import Quantity


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


def bounds(written: str) -> tuple[Quantity, Quantity]:
    """(request, limit) of "request..limit"."""
    request, _, limit = written.partition("..")
    return Quantity(request), Quantity(limit or request)
