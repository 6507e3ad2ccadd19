"""Where lines go: down the channels between columns and along the corridors between bands, so that none touches a box.

All lines into one port are one tree. No two trees share a stretch of line, since whatever meets between two columns
differs by its y: modulo the grid, ends on the left of a box have 2, ends on the right of one 6, lanes 0.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from charts.topology.shapes import GRID, Band, Box, End, Net, Side, Tree

SIDES: tuple[Side, Side] = ("left", "right")
OFFSET: Mapping[Side, int] = {"left": 2, "right": -2}  # pixels from the grid
ROOM = 12  # pixels of a channel on either side of its lines, for the arrow heads
BORDER = 8  # pixels between the border of a band and its boxes
PASSES = 20  # times that neighbouring lines of a channel are compared


def trees_of(net: Net, boxes: Mapping[str, Box]) -> list[Tree]:
    """One tree, or two where lines come from both sides."""
    found: dict[Side, dict[tuple[str, str | None, Side, bool], End]] = defaultdict(dict)
    for source, source_pin in net.sources:
        for target, target_pin in net.targets:
            caller, called = boxes[source], boxes[target]
            leaves: Side = "right" if caller.column <= called.column else "left"
            enters: Side = "left" if caller.column < called.column else "right"
            tree = found[enters if len(net.targets) == 1 else leaves]
            for box, pin, side, arrow in ((caller, source_pin, leaves, False), (called, target_pin, enters, True)):
                tree.setdefault((box.name, pin, side, arrow), End(box=box, pin=pin, side=side, arrow=arrow))
    return [Tree(net=net, ends=list(ends.values())) for ends in found.values()]


def make_room(boxes: Sequence[Box], trees: Sequence[Tree]) -> None:
    """Gives each end a slot, each row the height that the ends at its pin need, each box that of its rows and sides."""
    held = Counter[tuple[str, str | None, Side]]()
    crowd = Counter[tuple[str, Side]]()
    for end in (end for tree in trees for end in tree.ends):
        end.slot = held[end.box.name, end.pin, end.side]
        held[end.box.name, end.pin, end.side] += 1
        crowd[end.box.name, end.side] += 1
    for box in boxes:
        for row in box.rows:
            if row.pin is not None:
                row.height = max(row.height, GRID * (1 + max(held[box.name, row.pin, side] for side in SIDES)))
        most = max(crowd[box.name, side] for side in SIDES)
        box.height = GRID + max(sum(row.height for row in box.rows), GRID * most)


def settle(trees: Sequence[Tree]) -> None:
    """Sets the y of every end; without a pin, around the middle of its side in the order of where the lines go."""
    pinned = defaultdict[tuple[str, Side], list[int]](list)
    free = defaultdict[tuple[str, Side], list[End]](list)
    for tree in trees:
        for end in tree.ends:
            if end.pin is None:
                free[end.box.name, end.side].append(end)
            else:
                end.y = end.box.row(end.pin).y + GRID * (1 + end.slot) + OFFSET[end.side]
                pinned[end.box.name, end.side].append(end.y)
    aims = {id(end): aim(tree, end) for tree in trees for end in tree.ends if end.pin is None}
    for (name, side), ends in free.items():
        box = ends[0].box
        rungs = range(box.y + GRID + OFFSET[side], box.y + box.height, GRID)
        clear = [y for y in rungs if y not in pinned[name, side]]
        first = (len(clear) - len(ends)) // 2
        for end, y in zip(sorted(ends, key=lambda end: aims[id(end)]), clear[first:], strict=False):
            end.y = y


def aim(tree: Tree, end: End) -> float:
    """The y to which a line from an end goes first: its lane, or the port."""
    if tree.corridor is not None:
        return tree.lane
    others = [other for other in tree.ends if other.arrow != end.arrow]
    return sum(other.y for other in others) / len(others)


def set_lanes(trees: Sequence[Tree], bands: Sequence[Band]) -> None:
    """Gives each tree that needs one a place in the nearest corridor, and each corridor the height for its lanes."""
    middles = [band.y - band.above // 2 for band in bands]
    middles.append(bands[-1].y + bands[-1].height + GRID if bands else 0)
    corridors = defaultdict[int, list[Tree]](list)
    for tree in trees:
        if len(tree.channels) > 1:
            tree.corridor = min(range(len(middles)), key=lambda number: (detour(tree, middles[number]), number))
            corridors[tree.corridor].append(tree)
    for number, held in corridors.items():
        held.sort(key=lambda tree: tree.mean)
        free: list[int] = []
        for tree in held:  # several share a lane one after the other
            first, last = tree.channels[0], tree.channels[-1]
            tree.place = next((place for place, taken in enumerate(free) if taken < first), len(free))
            free[tree.place : tree.place + 1] = [last]
        if number < len(bands):
            bands[number].above = max(bands[number].above, GRID * (len(free) + 2))


def detour(tree: Tree, lane: int) -> int:
    """Pixels of line down channels that a lane at that y asks for."""
    total = 0
    for channel in tree.channels:
        ys = [end.y for end in tree.ends if end.channel == channel]
        total += max(*ys, lane) - min(*ys, lane)
    return total


def put_lanes(trees: Sequence[Tree], bands: Sequence[Band]) -> None:
    """Sets the y of every lane from its place in its corridor."""
    for tree in trees:
        if tree.corridor is not None:
            below = bands[: tree.corridor + 1][-1]
            top = below.y - below.above if tree.corridor < len(bands) else below.y + below.height
            tree.lane = top + GRID * (tree.place + 1)


def set_tracks(trees: Sequence[Tree], boxes: Sequence[Box], bands: Sequence[Band]) -> int:
    """Sets every x, of lines and of boxes, channel by channel from the left. Returns where the last ends."""
    channels = defaultdict[int, list[Tree]](list)
    for tree in trees:
        for channel in tree.channels:
            channels[channel].append(tree)
    x, last = 0, max([box.column for box in boxes if box.band is not None], default=1)
    for column in range(last + 3):
        tracks = untangled(shared(channels[column], column), column)
        x += BORDER if column == last + 1 else 0
        for place, track in enumerate(tracks):
            for tree in track:
                tree.tracks[column] = x + ROOM + GRID * place
        x += max(ROOM * 2, ROOM * 2 + GRID * (len(tracks) - 1)) + (BORDER if column == 1 else 0)
        held = [box for box in boxes if box.column == column]
        widest = max([*(box.width for box in held), *(band.title for band in bands if column == 1)], default=0)
        for box in held:
            box.x, box.width = x, widest
        x += widest
    return x


def shared(trees: Sequence[Tree], channel: int) -> list[list[Tree]]:
    """The lines of a channel by track: several share one where they run one below the other."""
    tracks: list[list[Tree]] = []
    for tree in sorted(trees, key=lambda tree: tree.span(channel)):
        top = tree.span(channel)[0]
        for track in tracks:
            if track[-1].span(channel)[1] + GRID <= top:
                track.append(tree)
                break
        else:
            tracks.append([tree])
    return tracks


def untangled(tracks: list[list[Tree]], channel: int) -> list[list[Tree]]:
    """The tracks in an order in which no two neighbours would cross less the other way round."""
    for _ in range(PASSES):
        moved = False
        for place in range(len(tracks) - 1):
            a, b = tracks[place], tracks[place + 1]
            if crossings(b, a, channel) < crossings(a, b, channel):
                tracks[place], tracks[place + 1], moved = b, a, True
        if not moved:
            break
    return tracks


def crossings(left: Sequence[Tree], right: Sequence[Tree], channel: int) -> int:
    """How often the lines of two tracks cross each other, one being left of the other."""
    return sum(
        cut(one.span(channel), level(other, channel, "left")) + cut(other.span(channel), level(one, channel, "right"))
        for one in left
        for other in right
    )


def cut(span: tuple[int, int], ys: Sequence[int]) -> int:
    return sum(span[0] <= y <= span[1] for y in ys)


def level(tree: Tree, channel: int, side: Side) -> list[int]:
    """The y of a tree's level lines that leave its line in a channel to that side."""
    ys = [end.y for end in tree.ends if end.channel == channel and end.side != side]
    beyond = tree.channels[0] < channel if side == "left" else tree.channels[-1] > channel
    return [*ys, tree.lane] if beyond else ys
