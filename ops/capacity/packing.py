"""Pods onto nodes, first-fit decreasing: plain integers in, nodes out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

HOST = "kubernetes.io/hostname"
Need = tuple[int, ...]
"""An amount in each dimension; the last one counts pods."""


class Spread(NamedTuple):
    """Pods of the items `among` differ by `skew` at most between the domains of `key`.

    Nodes of the types `rooms` count as domains; with fewer than `domains` of them, an empty one is thought in addition.
    """

    key: str
    skew: int
    among: frozenset[int]
    rooms: frozenset[int]
    domains: int = 1


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a node of a type has for pods; `count` of them, or as many as are needed. `domains`: its labels."""

    free: Need
    count: int | None = None
    domains: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Item:
    """`count` pods that are alike, on types `rooms`. `apart`: {topology key: items that share no domain with them}."""

    name: str
    count: int
    need: Need
    rooms: frozenset[int]
    apart: Mapping[str, frozenset[int]] = field(default_factory=dict)
    spread: Sequence[Spread] = ()


@dataclass
class Node:
    """One of type `room`, with what is still free on it and how many pods of each item it holds."""

    room: int
    free: list[int]
    held: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True)
class Packing:
    """Nodes, in the order in which they were opened, and how many pods of each item found no room."""

    nodes: Sequence[Node]
    unplaced: Mapping[int, int]

    @property
    def used(self) -> Sequence[Node]:
        return [node for node in self.nodes if node.held]


def pack(items: Sequence[Item], rooms: Sequence[Room], most_nodes: int) -> Packing:
    """The best of a few first-fit decreasing runs: all pods placed if any run does, on the fewest nodes.

    Pods that must stay apart or spread come first. Nodes that exist (`count`) are filled before others are opened.
    """
    floor = bound(items, rooms)
    best: Packing | None = None
    for order in orders(items, rooms):
        found = run(items, rooms, order, most_nodes)
        if best is None or rank(found) < rank(best):
            best = found
        if not best.unplaced and len(best.used) == floor:
            break
    return best or Packing([], {})


def rank(packing: Packing) -> tuple[int, int]:
    return sum(packing.unplaced.values()), len(packing.used)


def orders(items: Sequence[Item], rooms: Sequence[Room]) -> Iterator[list[int]]:
    """The items by falling size, in several senses of size, each a share of the largest node."""
    dimensions = range(len(rooms[0].free)) if rooms else range(0)
    most = [max(room.free[each] for room in rooms) or 1 for each in dimensions]
    shares = [[item.need[each] / most[each] for each in dimensions] for item in items]
    senses: tuple[Callable[[list[float]], float], ...] = (max, sum, lambda share: share[0], lambda share: share[1])
    for held_first in (True, False):
        for sense in senses:
            yield sorted(
                range(len(items)),
                key=lambda i: (
                    held_first and not (items[i].spread or items[i].apart),
                    -sense(shares[i]),
                    items[i].name,
                ),
            )


def run(items: Sequence[Item], rooms: Sequence[Room], order: Sequence[int], most_nodes: int) -> Packing:
    """Places the items in order; again with the nodes that this took where a spread turns out uneven for them."""
    opened = surely_needed(items, rooms)
    while True:
        packer = Packer(items, rooms, opened, most_nodes)
        for i in order:
            packer.place(i)
        if packer.opened == opened or packer.even():
            packer.shrink()
            nodes = [node for node in packer.nodes if node.held or rooms[node.room].count is not None]
            return Packing(nodes, {i: count for i, count in packer.unplaced.items() if count})
        opened = packer.opened


def surely_needed(items: Sequence[Item], rooms: Sequence[Room]) -> list[int]:
    """The nodes that the lower bound opens, where it is plain of which type they are."""
    growing = [i for i, room in enumerate(rooms) if room.count is None]
    floor = bound(items, rooms)
    return growing * max(0, floor - sum(room.count or 0 for room in rooms)) if floor and len(growing) == 1 else []


def bound(items: Sequence[Item], rooms: Sequence[Room]) -> int | None:
    """Fewer nodes cannot hold the items, whoever packs them; None where no number of them can.

    In each dimension the largest nodes must hold the sum, pods of more than half of the largest node need one each,
    and so do pods of an item that share no node.
    """
    floor = max((item.count for i, item in enumerate(items) if i in item.apart.get(HOST, ())), default=0)
    for dimension in range(len(rooms[0].free) if rooms else 0):
        most = max(room.free[dimension] for room in rooms)
        alone = sum(item.count for item in items if 2 * item.need[dimension] > most)
        left, nodes = sum(item.count * item.need[dimension] for item in items), 0
        for room in sorted(rooms, key=lambda room: -room.free[dimension]):
            free = room.free[dimension]
            if left <= 0 or free <= 0:
                break
            wanted = -(-left // free)
            taken = wanted if room.count is None else min(wanted, room.count)
            left, nodes = left - taken * free, nodes + taken
        if left > 0:
            return None
        floor = max(floor, nodes, alone)
    return floor


class Packer:
    """One run: from the nodes that exist and those `opened` beforehand, by type, to as many as it takes."""

    def __init__(self, items: Sequence[Item], rooms: Sequence[Room], opened: Sequence[int], most_nodes: int) -> None:
        self.items, self.rooms, self.most_nodes = items, rooms, most_nodes
        self.opened = list(opened)
        self.unplaced: Counter[int] = Counter()
        given = [i for i, room in enumerate(rooms) for _ in range(room.count or 0)]
        self.nodes = [self.empty(i) for i in (*given, *opened)]

    def empty(self, room: int) -> Node:
        return Node(room, list(self.rooms[room].free))

    def place(self, i: int) -> None:
        left = self.items[i].count
        if self.items[i].spread:
            while left and (placed := self.spread(i, left)):
                left -= placed
        else:
            for node in self.nodes:
                if not left:
                    break
                left -= self.put(i, node, min(left, self.fit(i, node)))
            while left and (new := self.open(i)):
                left -= self.put(i, new, min(left, self.fit(i, new)))
        self.unplaced[i] = left

    def spread(self, i: int, left: int) -> int:
        """A round: one pod at most for each node, those with the fewest first. Returns how many it placed."""
        spreads = self.items[i].spread
        levels = [self.levels(spread) for spread in spreads]
        floors = [floor(spread, level) for spread, level in zip(spreads, levels, strict=True)]
        placed = 0

        def level(node: Node) -> list[int]:
            return [counts.get(self.domain(node, of.key), 0) for of, counts in zip(spreads, levels, strict=True)]

        for node in sorted((node for node in self.nodes if self.fit(i, node)), key=level):
            above = [held + (i in of.among) - low for held, low, of in zip(level(node), floors, spreads, strict=True)]
            if (
                placed < left
                and self.fit(i, node)
                and all(each <= of.skew for each, of in zip(above, spreads, strict=True))
            ):
                placed += self.put(i, node, 1)
                for of, counts in zip(spreads, levels, strict=True):
                    counts[self.domain(node, of.key)] += i in of.among
        if not placed and (new := self.open(i)):
            placed = self.put(i, new, 1)
        return placed

    def levels(self, spread: Spread) -> dict[str, int]:
        """How many of the pods that are spread each domain holds; what a node type names is one before it has nodes."""
        named = (self.rooms[i].domains.get(spread.key, "") for i in spread.rooms if spread.key != HOST)
        found = dict.fromkeys(named, 0)
        for node in self.nodes:
            if node.room in spread.rooms:
                held = sum(count for i, count in node.held.items() if i in spread.among)
                domain = self.domain(node, spread.key)
                found[domain] = found.get(domain, 0) + held
        return found

    def even(self) -> bool:
        """Whether every spread holds with the nodes that there are now."""
        spreads = {spread for i, item in enumerate(self.items) for spread in item.spread if self.unplaced[i] == 0}
        levels = ((spread, self.levels(spread)) for spread in spreads)
        return all(max(level.values(), default=0) - floor(spread, level) <= spread.skew for spread, level in levels)

    def open(self, i: int) -> Node | None:
        """A new node that takes a pod of the item: of the largest type, and with as few devices in vain as can be."""
        if len(self.nodes) >= self.most_nodes:
            return None
        need = self.items[i].need
        wasted = {
            each: sum(free > 0 and not wanted for free, wanted in zip(self.rooms[each].free, need, strict=True))
            for each in self.items[i].rooms
        }
        for room in sorted(wasted, key=lambda each: (wasted[each], [-free for free in self.rooms[each].free], each)):
            if self.rooms[room].count is None:
                node = self.empty(room)
                self.nodes.append(node)
                if self.fit(i, node) and self.keeps_even(i, node):
                    self.opened.append(room)
                    return node
                self.nodes.pop()
        return None

    def keeps_even(self, i: int, node: Node) -> bool:
        for spread in self.items[i].spread:
            level = self.levels(spread)
            if level[self.domain(node, spread.key)] + (i in spread.among) - floor(spread, level) > spread.skew:
                return False
        return True

    def fit(self, i: int, node: Node) -> int:
        """How many more pods of the item the node takes, spreads aside."""
        item = self.items[i]
        if node.room not in item.rooms:
            return 0
        fits = min(free // need for free, need in zip(node.free, item.need, strict=True) if need)
        for key, others in item.apart.items() if fits > 0 else ():
            domain = self.domain(node, key)
            near = [node] if key == HOST else [each for each in self.nodes if self.domain(each, key) == domain]
            if domain and any(other in others for each in near for other in each.held):
                return 0
            fits = min(fits, 1) if domain and i in others else fits
        return max(fits, 0)

    def put(self, i: int, node: Node, count: int) -> int:
        if count:
            node.held[i] += count
            node.free = [free - count * need for free, need in zip(node.free, self.items[i].need, strict=True)]
        return count

    def domain(self, node: Node, key: str) -> str:
        """The domain that a node is in; "" where its type has no such label."""
        return f"node {id(node)}" if key == HOST else self.rooms[node.room].domains.get(key, "")

    def shrink(self) -> None:
        """Makes each opened node one of the smallest type that holds its pods and stands in the same domains."""
        growing = [i for i, room in enumerate(self.rooms) if room.count is None]
        for node in self.nodes:
            now = self.rooms[node.room]
            for i in sorted(growing, key=lambda each: self.rooms[each].free):
                other = self.rooms[i]
                free = [left - was + has for left, was, has in zip(node.free, now.free, other.free, strict=True)]
                smaller = all(its <= mine for its, mine in zip(other.free, now.free, strict=True))
                alike = now.count is None and other.domains == now.domains
                if smaller and alike and min(free) >= 0 and all(i in self.items[held].rooms for held in node.held):
                    node.room, node.free = i, free
                    break


def floor(spread: Spread, levels: Mapping[str, int]) -> int:
    """What the fullest domain is measured against."""
    return min(levels.values(), default=0) if len(levels) >= spread.domains else 0
