"""What check finds: a line for people, an entry for programs."""

import dataclasses
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

LISTED = 6  # names that a remedy lists at most where none is near


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to mend. `minors` are the versions of Kubernetes in which it is wrong; none: it is wrong in any."""

    environment: str = ""
    file: str
    object: str
    field: str
    problem: str
    remedy: str
    minors: tuple[str, ...] = ()

    def line(self, checked: Sequence[str]) -> str:
        """One printable line; `checked` are the minors of this run, oldest first."""
        versions = f" ({span(self.minors, checked)})" if self.minors else ""
        text = f"{self.environment}: {self.file}: {self.object} {self.field}: {self.problem}; {self.remedy}{versions}"
        return "".join(letter if letter.isprintable() else " " for letter in text)

    def entry(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class Stop(Exception):
    """A kustomization that cannot be read on, for the reason that `finding` gives."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.problem)
        self.finding = finding


def span(minors: Sequence[str], checked: Sequence[str]) -> str:
    """The versions in words: "all minors", "1.32 and later", "1.30 to 1.33", or one by one."""
    places = [checked.index(minor) for minor in minors]
    if len(places) == len(checked):
        return "all minors"
    if places != list(range(places[0], places[-1] + 1)) or len(places) == 1:
        return ", ".join(minors) + (" and later" if places == [len(checked) - 1] else "")
    if places[-1] == len(checked) - 1:
        return f"{minors[0]} and later"
    return f"{minors[0]} to {minors[-1]}"


def near(name: str, names: Sequence[str]) -> str | None:
    """The one of the names that was probably meant."""
    lower = {known.lower(): known for known in names}
    found = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def meant(name: str, names: Sequence[str], otherwise: str) -> str:
    """A remedy: the name that is near, or a few of those that there are, or to do otherwise."""
    if close := near(name, names):
        return f"write {close}, or {otherwise}"
    few = sorted(set(names))
    if not few or len(few) > LISTED:
        return otherwise
    return f"write one of {', '.join(few)}, or {otherwise}"
