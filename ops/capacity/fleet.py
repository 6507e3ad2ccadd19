"""How many nodes of which types an environment needs, what stays unused on them, and which pod fits nowhere."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ops.capacity.amounts import SITUATIONS, Amounts, Situation, show
from ops.capacity.findings import Finding
from ops.capacity.nodes import MOST_NODES, NodeType
from ops.capacity.packing import Item, Packing, Room, bound, pack
from ops.capacity.pods import Workload
from ops.capacity.quota import WHEN
from ops.capacity.scheduling import PRECISION, dimensions, on_every, refuses, rooms, to_items, to_need

TARGET = 80  # percent; the specification's Success Metrics: "Resource Efficiency: < 80% CPU and memory utilization"
MEASURED = ("cpu", "memory")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Nodes of a type: how many hold pods in each situation, and how many to provide; `count` of them are given."""

    node: NodeType
    minimum: int
    maximum: int
    rollout: int
    provide: int


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """An environment on the nodes of these types. `used` is the share of allocatable at the maximum if provided."""

    pools: Sequence[Pool]
    lower_bound: Mapping[Situation, int | None]
    unused: Amounts
    used: Mapping[str, Decimal]
    findings: Sequence[Finding]

    def nodes(self, situation: Situation) -> int:
        return sum(getattr(pool, situation) for pool in self.pools)

    def above(self, situation: Situation) -> Decimal | None:
        """The share by which the packing is above the lower bound."""
        floor = self.lower_bound[situation]
        return Decimal(self.nodes(situation) - floor) / floor if floor else None


def fleet(workloads: Sequence[Workload], types: Sequence[NodeType]) -> Fleet:
    """Packs each situation by itself; the findings are those of the first that fails."""
    names = dimensions(workloads)
    tries = {situation: Try(workloads, types, situation, names) for situation in SITUATIONS}
    findings: list[Finding] = []
    for each in tries.values():
        findings = findings or list(each.findings())
    needed = {situation: Counter(node.room for node in each.packing.used) for situation, each in tries.items()}
    provide = [node.count or max(needed[each][i] for each in SITUATIONS) for i, node in enumerate(types)]
    at_most = tries["maximum"]
    if not findings:
        findings = list(at_most.grow_to_target(provide))
    return Fleet(
        pools=[
            Pool(node=node, provide=provide[i], **{situation: needed[situation][i] for situation in SITUATIONS})
            for i, node in enumerate(types)
        ],
        lower_bound={situation: each.floor for situation, each in tries.items()},
        unused={
            name: Decimal(sum(node.free[i] for node in at_most.packing.used)) / PRECISION
            for i, name in enumerate(names)
        },
        used=at_most.shares(provide),
        findings=findings,
    )


class Try:
    """A situation, packed."""

    def __init__(
        self, workloads: Sequence[Workload], types: Sequence[NodeType], situation: Situation, names: Sequence[str]
    ) -> None:
        self.types, self.situation, self.names = types, situation, names
        self.daemons = [each for each in workloads if each.per_node]
        self.running = [each for each in workloads if not each.per_node]
        self.items: Sequence[Item] = to_items(workloads, types, situation, names)
        self.rooms: Sequence[Room] = rooms(types, self.daemons, situation, names)
        self.floor = bound(self.items, self.rooms)
        self.packing = self.packed(self.rooms)

    def packed(self, rooms: Sequence[Room]) -> Packing:
        """Nothing placed where the lower bound alone is more than a cluster may have."""
        if (bound(self.items, rooms) or 0) > MOST_NODES:
            return Packing([], {i: item.count for i, item in enumerate(self.items)})
        return pack(self.items, rooms, MOST_NODES)

    def findings(self) -> Iterator[Finding]:
        """A line for each workload whose pods fit no node, and one for all that find no room."""
        if (self.floor or 0) > MOST_NODES:
            problem = f"at least {self.floor} nodes are needed {WHEN[self.situation]}"
            yield Finding("nodes", self.named(), problem, f"lower replicas: a cluster has {MOST_NODES} at most")
            return
        crowded = dict(self.packing.unplaced)
        for i in self.packing.unplaced:
            if finding := self.alone(i):
                del crowded[i]
                yield finding
        if crowded:
            yield self.crowded(crowded)

    def alone(self, i: int) -> Finding | None:
        """For a pod that no empty node takes."""
        item, workload = self.items[i], self.running[i]
        if not item.rooms:
            field = next(filter(None, (refuses(workload, node) for node in self.types)), "spec")
            problem = f"no node type of {self.named()} has what it asks for"
            remedy = "change it, or give a type with such labels or without such taints by --nodes FILE"
            return Finding(workload.template, workload.prefix + field, problem, remedy)
        lacking = {
            room: [name for d, name in enumerate(self.names) if item.need[d] > max(self.rooms[room].free[d], 0)]
            for room in item.rooms
        }
        if not all(lacking.values()):
            return None
        largest = max(item.rooms, key=lambda room: (-len(lacking[room]), self.rooms[room].free))
        short = lacking[largest][0]
        needs = self.written(item.need)
        leaves = self.written(self.rooms[largest].free)
        node = self.types[largest].name
        problem = f"a pod needs {needs}; the largest node, {node}, leaves {leaves} to pods beside system and DaemonSets"
        field = f"{workload.prefix}spec.{heaviest(workload, short)}resources.requests.{short}"
        return Finding(workload.template, field, problem, f"lower the request or give a node type with more {short}")

    def crowded(self, counts: Mapping[int, int]) -> Finding:
        """For pods that would fit, were there more nodes: one line, about the workload that can give way most."""
        chosen = max(range(len(self.items)), key=lambda i: (self.slack(i), counts.get(i, 0), -i))
        workload, field = self.running[chosen], "spec.replicas"
        named = workload.title
        if self.situation == "rollout" and self.slack(chosen):
            field = workload.surge_field
        elif workload.scaler:
            named, field = workload.scaler.title, workload.scaler.field
        most = max(counts, key=lambda i: (counts[i], -i))
        all_pods = sum(item.count for item in self.items)
        problem = (
            f"{sum(counts.values())} of {all_pods} pods find no room on {self.named()} {WHEN[self.situation]}, "
            f"such as {counts[most]} of {self.items[most].name} with {self.written(self.items[most].need)}"
        )
        more = self.packed([replace(room, count=None) for room in self.rooms])
        missing = Counter(node.room for node in more.used)
        added = [
            f"{missing[room] - (node.count or 0)} \u00d7 {node.name}"
            for room, node in enumerate(self.types)
            if missing[room] > (node.count or 0)
        ]
        if added and not set(more.unplaced) & set(counts):
            return Finding(named, field, problem, f"add {' and '.join(added)} or lower it")
        return Finding(named, field, problem, "lower it or ask for less spread and anti-affinity")

    def slack(self, i: int) -> float:
        """How much of the largest node a workload's surge, or what its autoscaler adds, takes in all."""
        workload, most = self.running[i], [max(room.free[d] for room in self.rooms) for d in range(len(MEASURED))]
        before = {"minimum": 0, "maximum": workload.fewest, "rollout": workload.most}[self.situation]
        if self.situation == "minimum" or (self.situation == "maximum" and not workload.scaler):
            return 0.0
        size = max(need / (has or 1) for need, has in zip(self.items[i].need, most, strict=False))
        return (self.items[i].count - before) * size

    def named(self) -> str:
        return " and ".join(f"{each.count} \u00d7 {each.name}" if each.count else each.name for each in self.types)

    def written(self, need: Sequence[int]) -> str:
        """What is not nothing of it, pods aside."""
        shown = {name: Decimal(max(each, 0)) / PRECISION for name, each in zip(self.names, need, strict=True)}
        return ", ".join(
            f"{name} {show(name, each)}"
            for name, each in shown.items()
            if name in MEASURED or (each and name != "pods")
        )

    def totals(self, provide: Sequence[int]) -> Mapping[str, tuple[int, int]]:
        """Of cpu and memory: what all pods request on so many nodes, and what these have, in thousandths."""
        found = {}
        for d, name in enumerate(MEASURED):
            pods = sum(item.count * item.need[d] for item in self.items)
            daemons = sum(count * self.per_node(i)[d][0] for i, count in enumerate(provide))
            found[name] = pods + daemons, sum(count * self.per_node(i)[d][1] for i, count in enumerate(provide))
        return found

    def per_node(self, i: int) -> list[tuple[int, int]]:
        """Of cpu and memory: what DaemonSets take on a node of the type, and what it has."""
        taken = to_need(on_every(self.daemons, self.types[i], self.situation), MEASURED)
        free = self.rooms[i].free
        return [(takes, takes + free[d]) for d, takes in enumerate(taken)]

    def shares(self, provide: Sequence[int]) -> Mapping[str, Decimal]:
        return {name: Decimal(used) / has for name, (used, has) in self.totals(provide).items() if has}

    def grow_to_target(self, provide: list[int]) -> Iterator[Finding]:
        """Adds nodes to `provide` until less than the specified share is used; a line where that cannot be."""
        over = {name: 100 * used - TARGET * has for name, (used, has) in self.totals(provide).items()}
        if not any(provide) or max(over.values()) < 0:
            return
        growing = [i for i, node in enumerate(self.types) if node.count is None and provide[i]]
        grown = max(growing or range(len(provide)), key=lambda i: (provide[i], self.rooms[i].free))
        gains = [TARGET * has - 100 * takes for takes, has in self.per_node(grown)]
        extra = max(
            each // gain + 1 if gain > 0 else MOST_NODES
            for each, gain in zip(over.values(), gains, strict=True)
            if each >= 0
        )
        if growing and sum(provide) + extra <= MOST_NODES:
            provide[grown] += extra
            return
        name = max(over, key=lambda name: over[name])
        share = self.shares(provide)[name]
        problem = (
            f"{share:.0%} of {name} is requested at the maximum, and the specification wants less than {TARGET} % "
            "(Success Metrics, Resource Efficiency)"
        )
        node = self.types[grown].name
        fewer = "choose larger nodes: DaemonSets alone take that much of each"
        yield Finding("nodes", self.named(), problem, fewer if extra >= MOST_NODES else f"add {extra} \u00d7 {node}")


def heaviest(workload: Workload, resource: str) -> str:
    """The field of the container that requests most of it, below the pod's spec."""
    sized = [each for each in workload.containers if each.requests.get(resource)]
    if not sized:
        return ""
    most = max(sized, key=lambda each: each.requests[resource])
    return f"{most.field.removeprefix(f'{workload.prefix}spec.')}."
