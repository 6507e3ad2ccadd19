"""Where boxes go: a caller left of what it calls, groups that call each other side by side, neighbours level."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import permutations

from charts.topology.shapes import GRID, Band, Box

MARGIN = 2 * GRID  # pixels around the whole
HEADER = 4 * GRID  # pixels of a band above its boxes, for its name
GAP = 2 * GRID  # pixels between two boxes of a column
SWEEPS = 8  # times that the order in the columns is improved
BANDS = 6  # so many are put in the best of all orders; of more, each in the given one

Pairs = Sequence[tuple[Box, Box]]
"""(caller, called)"""


def set_columns(boxes: Sequence[Box], pairs: Pairs) -> None:
    """Numbers the columns from 1, entries in 0, what is outside behind the last."""
    inside = [box for box in boxes if box.band is not None]
    forward = without_circles(inside, pairs)
    for box in inside:
        box.column = 1
    for _ in inside:  # the longest way from a caller, which has at most as many steps as there are boxes
        moved = False
        for caller, called in forward:
            if called.column <= caller.column:
                called.column, moved = caller.column + 1, True
        if not moved:
            break
    last = max([box.column for box in inside], default=1)
    for box in boxes:
        if box.band is None:
            box.column = 0 if box.entry else last + 1
    tighten(inside, forward, pairs, last)


def without_circles(boxes: Sequence[Box], pairs: Pairs) -> list[tuple[Box, Box]]:
    """The pairs inside the groups but the few that close circles, as Eades, Lin and Smyth find them.

    Of a circle, the box that is reached from outside stays left.
    """
    inside = {box.name for box in boxes}
    reached = {called.name for caller, called in pairs if caller.entry}
    edges = {(a.name, b.name): (a, b) for a, b in pairs if {a.name, b.name} <= inside and a is not b}
    called_by, calling = (defaultdict[str, set[str]](set) for _ in range(2))
    for caller, called in edges:
        calling[caller].add(called)
        called_by[called].add(caller)
    left, ahead, behind = [box.name for box in boxes], list[str](), list[str]()

    def surplus(name: str) -> tuple[int, bool]:
        return len(calling[name]) - len(called_by[name]), name in reached

    while left:
        sink = next((name for name in left if not calling[name]), None)
        source = next((name for name in left if not called_by[name]), None)
        chosen = sink or source or max(left, key=surplus)
        (behind if sink else ahead).append(chosen)
        left.remove(chosen)
        for other in calling.pop(chosen, ()):
            called_by[other].discard(chosen)
        for other in called_by.pop(chosen, ()):
            calling[other].discard(chosen)
    rank = {name: place for place, name in enumerate([*ahead, *reversed(behind)])}
    return [pair for (a, b), pair in edges.items() if rank[a] < rank[b]]


def tighten(inside: Sequence[Box], forward: Pairs, pairs: Pairs, last: int) -> None:
    """Moves each box to where its lines are shortest, of equals to where the column is emptiest."""
    before, behind, near = (defaultdict[str, list[Box]](list) for _ in range(3))
    for caller, called in forward:
        behind[caller.name].append(called)
        before[called.name].append(caller)
    for caller, called in pairs:
        if caller is not called:
            near[caller.name].append(called)
            near[called.name].append(caller)
    held = Counter((box.band, box.column) for box in inside)
    for _ in range(SWEEPS):
        was = [box.column for box in inside]
        for box in inside:
            fewest = max([other.column for other in before[box.name]], default=0) + 1
            most = min([other.column for other in behind[box.name]], default=last + 1) - 1
            held[box.band, box.column] -= 1

            def cost(column: int, box: Box = box) -> tuple[int, int, int]:
                length = sum(abs(other.column - column) for other in near[box.name])
                return length, held[box.band, column], column

            box.column = min(range(fewest, most + 1), key=cost)
            held[box.band, box.column] += 1
        if was == [box.column for box in inside]:
            break


def band_order(boxes: Sequence[Box], pairs: Pairs) -> list[str]:
    """The groups, those that call each other side by side."""
    names = list(dict.fromkeys(box.band for box in boxes if box.band is not None))
    between = [(a.band, b.band) for a, b in pairs if a.band and b.band and a.band != b.band]
    if len(names) > BANDS:
        return names

    def distance(order: Sequence[str]) -> int:
        return sum(abs(order.index(a) - order.index(b)) for a, b in between)

    return min(map(list, permutations(names)), key=distance)


def set_order(boxes: list[Box], bands: Sequence[Band], pairs: Pairs) -> None:
    """Sorts the boxes so that those in a column are level with what they talk to: the best of some sweeps."""
    near = defaultdict[str, list[Box]](list)
    for caller, called in pairs:
        near[caller.name].append(called)
        near[called.name].append(caller)
    best: tuple[int, list[Box]] | None = None
    for _ in range(SWEEPS):
        stack(boxes, bands)
        length = sum(abs(caller.middle - called.middle) for caller, called in pairs)
        if best is None or length < best[0]:
            best = length, list(boxes)
        means = {box.name: level(box, near[box.name]) for box in boxes}
        boxes.sort(key=lambda box: means[box.name])
    if best:
        boxes[:] = best[1]
    stack(boxes, bands)


def level(box: Box, others: Sequence[Box]) -> float:
    return sum(other.middle for other in others) / len(others) if others else box.middle


def stack(boxes: Sequence[Box], bands: Sequence[Band]) -> None:
    """Sets every y: bands from the top, each column of boxes in the middle of its band."""
    y = MARGIN
    for band in bands:
        y += band.above
        columns = defaultdict[int, list[Box]](list)
        for box in boxes:
            if box.band == band.name:
                columns[box.column].append(box)
        tall = max(height(column) for column in columns.values())
        band.y, band.height = y, HEADER + tall + MARGIN // 2
        for column in columns.values():
            pile(column, y + HEADER + grid((tall - height(column)) // 2))
        y += band.height
    beside(boxes, bands)


def beside(boxes: Sequence[Box], bands: Sequence[Band]) -> None:
    """Puts what is left and right of the bands at half their height."""
    bottom = max([band.y + band.height for band in bands], default=0)
    for entry in (True, False):
        column = [box for box in boxes if box.band is None and box.entry == entry]
        pile(column, max(MARGIN, grid((bottom - height(column)) // 2)))


def pile(column: Sequence[Box], y: int) -> None:
    for box in column:
        box.y = y
        top = y
        for row in box.rows:
            row.y = top
            top += row.height
        y += box.height + GAP


def height(column: Sequence[Box]) -> int:
    return sum(box.height for box in column) + GAP * max(0, len(column) - 1)


def grid(y: int) -> int:
    """The next line of the grid at or above y."""
    return y // GRID * GRID
