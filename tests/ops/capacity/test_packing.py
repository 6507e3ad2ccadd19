"""The packing is one that nodes can hold, never better than the best one, and not much worse."""

import math
from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.capacity.packing import HOST, Item, Need, Node, Packing, Room, Spread, bound, pack

MOST = 5000
BOTH = frozenset({0})
numbers = st.integers(1, 10)
needs = st.tuples(numbers, numbers, st.just(1))


def items_of(pods: Sequence[Need]) -> list[Item]:
    return [Item(name=f"pod-{need}", count=count, need=need, rooms=BOTH) for need, count in Counter(pods).items()]


def room(cpu: int, memory: int, pods: int = 100, count: int | None = None, **domains: str) -> Room:
    return Room(free=(cpu, memory, pods), count=count, domains=domains)


def fewest(pods: list[Need], free: Need) -> int:
    """By trying everything: each pod on each open node, or on a new one."""
    best = len(pods)

    def place(index: int, nodes: list[list[int]]) -> None:
        nonlocal best
        if len(nodes) >= best:
            return
        if index == len(pods):
            best = len(nodes)
            return
        for node in [*nodes, None]:
            left = [has - takes for has, takes in zip(node or free, pods[index], strict=True)]
            if min(left) >= 0:
                place(index + 1, [*(left if other is node else other for other in nodes), *([] if node else [left])])

    place(0, [])
    return best


def placed(packing: Packing) -> Counter[int]:
    return sum((node.held for node in packing.nodes), Counter())


def within(packing: Packing, items: Sequence[Item], rooms: Sequence[Room]) -> bool:
    """Whether every node has room for what it holds, and admits it."""
    return all(
        sum(count * items[i].need[d] for i, count in node.held.items()) <= free
        and all(node.room in items[i].rooms for i in node.held)
        for node in packing.nodes
        for d, free in enumerate(rooms[node.room].free)
    )


@settings(max_examples=300, deadline=None)
@given(pods=st.lists(needs, min_size=1, max_size=7))
def test_small_cases_are_never_below_a_brute_force_optimum_and_near_it(pods: list[Need]) -> None:
    items, rooms = items_of(pods), [room(10, 10)]
    packing, best = pack(items, rooms, MOST), fewest(pods, rooms[0].free)
    floor = bound(items, rooms)
    assert within(packing, items, rooms)
    assert placed(packing) == Counter({i: item.count for i, item in enumerate(items)})
    assert floor is not None
    assert floor <= best <= len(packing.used) <= 1.2 * best + 1


@settings(max_examples=150, deadline=None)
@given(data=st.data(), full=st.integers(1, 40))
def test_random_cases_are_within_a_fifth_of_the_optimum(data: st.DataObject, full: int) -> None:
    """Nodes cut into pods without a rest: as many nodes hold them, and no fewer can."""
    pods: list[Need] = []
    for _ in range(full):
        parts = data.draw(st.integers(1, 6))
        sizes = [sorted(data.draw(st.lists(st.integers(1, 999), min_size=parts - 1, max_size=parts - 1))) for _ in "cm"]
        cuts = [[b - a for a, b in zip([0, *cut], [*cut, 1000], strict=True)] for cut in sizes]
        pods += [(cpu, memory, 1) for cpu, memory in zip(*cuts, strict=True)]
    items, rooms = items_of(pods), [room(1000, 1000)]
    packing = pack(items, rooms, MOST)
    assert bound(items, rooms) == full
    assert within(packing, items, rooms)
    assert placed(packing) == Counter({i: item.count for i, item in enumerate(items)})
    assert full <= len(packing.used) <= math.floor(1.2 * full) + 1


def levels(packing: Packing, among: frozenset[int], nodes: Sequence[Node]) -> list[int]:
    return [sum(count for i, count in node.held.items() if i in among) for node in nodes]


@settings(max_examples=200, deadline=None)
@given(
    alike=st.lists(st.tuples(st.integers(1, 8), numbers, numbers), min_size=1, max_size=5),
    skew=st.integers(1, 3),
    data=st.data(),
)
def test_what_must_stay_apart_does_and_what_must_spread_is_even(
    alike: list[tuple[int, int, int]], skew: int, data: st.DataObject
) -> None:
    items = []
    for i, (count, cpu, memory) in enumerate(alike):
        others = data.draw(st.frozensets(st.integers(0, i), max_size=2))
        even = [Spread(HOST, skew, frozenset({i}), BOTH)] if data.draw(st.booleans()) else []
        keep = {HOST: others} if others else {}
        items.append(Item(name=str(i), count=count, need=(cpu, memory, 1), rooms=BOTH, apart=keep, spread=even))
    both_ways = [
        frozenset(j for j, other in enumerate(items) if j in item.apart.get(HOST, ()) or i in other.apart.get(HOST, ()))
        for i, item in enumerate(items)
    ]
    items = [
        Item(
            name=item.name,
            count=item.count,
            need=item.need,
            rooms=BOTH,
            apart={HOST: both} if both else {},
            spread=item.spread,
        )
        for item, both in zip(items, both_ways, strict=True)
    ]
    rooms = [room(20, 20)]
    packing = pack(items, rooms, MOST)
    assert within(packing, items, rooms)
    assert placed(packing) == Counter({i: item.count for i, item in enumerate(items)})
    for node in packing.nodes:
        for i, count in node.held.items():
            assert not (both_ways[i] & set(node.held)) - {i}
            assert count == 1 or i not in both_ways[i]
    for item in items:
        for each in item.spread:
            counts = levels(packing, each.among, packing.nodes)
            assert max(counts) - min(counts) <= skew
    floor = bound(items, rooms)
    assert floor is not None
    assert floor <= len(packing.used)


def test_pods_that_share_no_node_need_one_each_and_the_bound_knows() -> None:
    lonely = Item(name="a", count=4, need=(1, 1, 1), rooms=BOTH, apart={HOST: BOTH})
    assert bound([lonely], [room(10, 10)]) == 4
    assert len(pack([lonely], [room(10, 10)], MOST).used) == 4


def test_pods_of_more_than_half_a_node_need_one_each_and_the_bound_knows() -> None:
    large = Item(name="a", count=4, need=(6, 1, 1), rooms=BOTH)
    assert bound([large], [room(10, 10)]) == 4


def test_four_that_must_be_even_need_not_four_nodes() -> None:
    even = Item(name="a", count=4, need=(5, 1, 1), rooms=BOTH, spread=[Spread(HOST, 1, BOTH, BOTH)])
    packing = pack([even], [room(10, 10)], MOST)
    assert levels(packing, BOTH, packing.used) == [2, 2]


def test_a_spread_is_even_over_nodes_that_others_made_necessary() -> None:
    even = Item(name="even", count=4, need=(1, 1, 1), rooms=BOTH, spread=[Spread(HOST, 1, frozenset({0}), BOTH)])
    halves = Item(name="halves", count=3, need=(5, 1, 1), rooms=BOTH)
    packing = pack([even, halves], [room(10, 10)], MOST)
    assert sorted(levels(packing, frozenset({0}), packing.used)) == [1, 1, 2]


def test_nodes_that_exist_are_all_domains_of_a_spread() -> None:
    even = Item(name="a", count=3, need=(1, 1, 1), rooms=BOTH, spread=[Spread(HOST, 1, BOTH, BOTH)])
    packing = pack([even], [room(10, 10, count=3)], MOST)
    assert levels(packing, BOTH, packing.nodes) == [1, 1, 1]


def test_a_full_node_keeps_others_from_taking_more_than_the_skew() -> None:
    filler = Item(name="filler", count=1, need=(10, 10, 1), rooms=BOTH, apart={HOST: frozenset({1})})
    even = Item(name="even", count=4, need=(1, 1, 1), rooms=BOTH, spread=[Spread(HOST, 1, frozenset({1}), BOTH)])
    packing = pack([filler, even], [room(10, 10, count=3)], MOST)
    assert packing.unplaced == {1: 2}


def test_zones_are_domains_too() -> None:
    zones = [room(10, 10, zone="a"), room(10, 10, zone="b")]
    either = frozenset({0, 1})
    even = Item(name="a", count=5, need=(3, 1, 1), rooms=either, spread=[Spread("zone", 1, BOTH, either)])
    packing = pack([even], zones, MOST)
    by_zone = Counter({node.room: 0 for node in packing.nodes})
    for node in packing.nodes:
        by_zone[node.room] += node.held[0]
    assert sorted(by_zone.values()) == [2, 3]


def test_fewer_domains_than_asked_for_count_as_one_that_is_empty() -> None:
    even = Item(name="a", count=3, need=(1, 1, 1), rooms=BOTH, spread=[Spread(HOST, 1, BOTH, BOTH, domains=3)])
    assert pack([even], [room(10, 10, count=2)], MOST).unplaced == {0: 1}
    assert pack([even], [room(10, 10, count=3)], MOST).unplaced == {}


def test_apart_by_zone_takes_one_zone_each() -> None:
    zones = [room(10, 10, zone="a"), room(10, 10, zone="b")]
    lonely = Item(name="a", count=3, need=(1, 1, 1), rooms=frozenset({0, 1}), apart={"zone": BOTH})
    packing = pack([lonely], zones, MOST)
    assert packing.unplaced == {0: 1}
    assert {node.room for node in packing.used} == {0, 1}


def test_nodes_that_exist_are_filled_before_others_are_opened() -> None:
    pods = Item(name="a", count=6, need=(5, 1, 1), rooms=frozenset({0, 1}))
    packing = pack([pods], [room(10, 10, count=2), room(20, 20)], MOST)
    assert Counter(node.room for node in packing.used) == {0: 2, 1: 1}


def test_a_node_that_is_opened_is_no_larger_than_its_pods_need() -> None:
    pods = Item(name="a", count=5, need=(5, 1, 1), rooms=frozenset({0, 1}))
    packing = pack([pods], [room(5, 10), room(20, 20)], MOST)
    assert Counter(node.room for node in packing.used) == {0: 1, 1: 1}


def test_devices_are_left_to_those_that_ask_for_them() -> None:
    plain, with_gpu = Room(free=(10, 10, 0, 10)), Room(free=(20, 20, 1, 10))
    either = frozenset({0, 1})
    items = [
        Item(name="web", count=2, need=(8, 1, 0, 1), rooms=either),
        Item(name="model", count=2, need=(1, 1, 1, 1), rooms=either),
    ]
    packing = pack(items, [plain, with_gpu], MOST)
    assert packing.unplaced == {}
    assert sum(node.held[1] for node in packing.used if node.room == 1) == 2
    assert bound(items, [plain, with_gpu]) == 2


def test_no_number_of_nodes_holds_what_none_holds() -> None:
    item = Item(name="a", count=2, need=(11, 1, 1), rooms=BOTH)
    assert pack([item], [room(10, 10)], MOST).unplaced == {0: 2}
    assert bound([Item(name="a", count=3, need=(10, 1, 1), rooms=BOTH)], [room(10, 10, count=2)]) is None


def test_the_pods_that_a_node_may_have_bound_it_too() -> None:
    items = [Item(name="a", count=30, need=(0, 0, 1), rooms=BOTH)]
    assert bound(items, [room(10, 10, pods=8)]) == 4
    assert len(pack(items, [room(10, 10, pods=8)], MOST).used) == 4
