"""How a new release of a workload takes over where releases are careful: the component "blue-green"."""

from collections.abc import Iterator
from dataclasses import dataclass

from charts.model import names

PODS = "$pods"  # in a query: a regular expression that the names of the new pods match
INTERVAL = 30  # seconds between two looks at a figure
LONGEST = 3600  # seconds: until then two copies run


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A figure of the new pods that must not be above `most`.

    `query`: PromQL of one number, in which `pod=~"$pods"` selects the new pods. No number is silence, and so is good.
    """

    name: str
    query: str
    most: int

    def refusals(self, at: str) -> Iterator[str]:
        yield from names.label(f"{at}.name", self.name)
        if PODS not in self.query:
            yield f'{at}.query: names no new pods, select them by pod=~"{PODS}"'
        if "{{" in self.query:
            yield f'{at}.query: "{{{{" begins an argument of Argo Rollouts, write it otherwise'
        if self.most < 0:
            yield f"{at}.most: must be at least 0, got {self.most}"


@dataclass(frozen=True, kw_only=True)
class BlueGreen:
    """A release starts as a whole second copy, which gets the traffic when it has proved itself.

    `smoke`: paths that must answer at the new copy before the switch; `asks`: the command of the workload's own image
    that is given their addresses and ends with 0 if all answer; `watches`: looked at after the switch, for
    `watch_seconds`; one that is above its bound twice brings the old copy back.
    """

    smoke: tuple[str, ...]
    asks: tuple[str, ...]
    watches: tuple[Watch, ...]
    watch_seconds: int = 300

    @property
    def looks(self) -> int:
        """How often each figure is looked at."""
        return self.watch_seconds // INTERVAL

    def refusals(self, at: str) -> Iterator[str]:
        if not self.smoke:
            yield f"{at}.smoke: name a path that must answer before the switch, got none"
        for path in self.smoke:
            if not path.startswith("/") or any(letter.isspace() for letter in path):
                yield f'{at}.smoke: a path begins with "/" and has no blanks, got "{path}"'
        if not self.asks:
            yield f"{at}.asks: name the command that asks the paths, got none"
        if not self.watches:
            yield f"{at}.watches: name a figure that tells whether the release is good, got none"
        for watch in self.watches:
            yield from watch.refusals(f"{at}.watches.{watch.name}")
        for name in names.repeated(watch.name for watch in self.watches):
            yield f'{at}.watches: two are named "{name}"'
        if not 2 * INTERVAL <= self.watch_seconds <= LONGEST:
            yield f"{at}.watch_seconds: must be {2 * INTERVAL}..{LONGEST} seconds, got {self.watch_seconds}"
