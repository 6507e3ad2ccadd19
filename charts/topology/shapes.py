"""What a drawing consists of: boxes in bands and columns, and the lines between them. Whole pixels throughout."""

from dataclasses import dataclass, field
from typing import Literal

Side = Literal["left", "right"]

GRID = 8  # pixels between two lines


@dataclass(kw_only=True)
class Row:
    """A line of text in a box. `pin`: the port that lines come to or go from here; `marks`: small signs behind it."""

    text: str
    style: str = "plain"
    height: int = 2 * GRID
    pin: str | None = None
    marks: tuple[str, ...] = ()
    y: int = 0


@dataclass(kw_only=True)
class Box:
    """`band`: its group; None puts it beside the groups: left of them where it is an `entry`, otherwise right."""

    name: str
    band: str | None
    rows: list[Row]
    width: int
    entry: bool = False
    dashed: bool = False
    column: int = 0
    x: int = 0
    y: int = 0
    height: int = 0

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    def row(self, pin: str) -> Row:
        return next(row for row in self.rows if row.pin == pin)


@dataclass(kw_only=True)
class Band:
    """A group of boxes. `title`: pixels that its name takes; `above`: the height of the corridor over it, where lanes
    run."""

    name: str
    title: int = 0
    above: int = 3 * GRID
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, kw_only=True)
class Net:
    """Lines that belong together: from each source to each target; one side of it is a single one.

    `sources`, `targets`: (box, pin); a line without a pin leaves its box wherever there is room; `light`: has no say in
    where the boxes go.
    """

    name: str
    sources: tuple[tuple[str, str | None], ...]
    targets: tuple[tuple[str, str], ...]
    style: str = "plain"
    light: bool = False


@dataclass(kw_only=True)
class End:
    """Where a tree touches a box. `slot`: its place among the ends at that pin, or on that side without a pin."""

    box: Box
    pin: str | None
    side: Side
    arrow: bool
    slot: int = 0
    y: int = 0

    @property
    def channel(self) -> int:
        """Channel n is left of column n."""
        return self.box.column + (self.side == "right")

    @property
    def x(self) -> int:
        return self.box.x + (self.box.width if self.side == "right" else 0)


@dataclass(kw_only=True)
class Tree:
    """A connected part of a net: a line down each channel where ends are and, where these are several, a `lane` along
    the `corridor` above the band of that number. `place`: of the lane in its corridor; `lane`: its y; `tracks`:
    {channel: x of the line}."""

    net: Net
    ends: list[End]
    corridor: int | None = None
    place: int = 0
    lane: int = 0
    tracks: dict[int, int] = field(default_factory=dict)

    @property
    def channels(self) -> list[int]:
        return sorted({end.channel for end in self.ends})

    @property
    def mean(self) -> float:
        return sum(end.y for end in self.ends) / len(self.ends)

    def span(self, channel: int) -> tuple[int, int]:
        """The y between which its line in a channel runs."""
        ys = [end.y for end in self.ends if end.channel == channel]
        ys += [] if self.corridor is None else [self.lane]
        return min(ys), max(ys)
