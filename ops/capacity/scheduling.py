"""What the scheduler asks of a node: selectors, taints, required anti-affinity and spread, as a packing takes them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ops.capacity.amounts import NONE, Amounts, Situation, add, times
from ops.capacity.nodes import NodeType
from ops.capacity.packing import HOST, Item, Need, Room, Spread
from ops.capacity.pods import Workload
from rules.matching import matches
from rules.reading import Manifest, at, items, mapping, mappings, number

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
LABELS = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}  # of a node type that does not say otherwise
UNCOUNTED = ("ephemeral-storage",)  # node types do not state it
PRECISION = 1000  # a packing counts in thousandths, the smallest part of a core that Kubernetes knows


def dimensions(workloads: Sequence[Workload]) -> list[str]:
    """What a node must have room for; pods come last."""
    devices = {name for each in workloads for name in each.requests if each.requests[name]} - {*UNCOUNTED}
    return ["cpu", "memory", *sorted(devices - {"cpu", "memory", "pods"}), "pods"]


def to_need(amounts: Amounts, names: Sequence[str]) -> Need:
    return tuple(math.ceil(amounts.get(name, NONE) * PRECISION) for name in names)


def rooms(
    types: Sequence[NodeType], daemons: Sequence[Workload], situation: Situation, names: Sequence[str]
) -> list[Room]:
    """What each node type has left for pods once every DaemonSet has its own on it; below 0 where that is too much."""
    found = []
    for each in types:
        taken = to_need(on_every(daemons, each, situation), names)
        free = (math.floor(each.allocatable.get(name, NONE) * PRECISION) for name in names)
        left = tuple(has - takes for has, takes in zip(free, taken, strict=True))
        found.append(Room(free=left, count=each.count, domains=labels_of(each)))
    return found


def on_every(daemons: Sequence[Workload], node: NodeType, situation: Situation) -> Amounts:
    """What the DaemonSets take on a node of the type."""
    here = [each for each in daemons if not refuses(each, node)]
    requests = (times({**each.requests, "pods": Decimal(1)}, each.pods(situation)) for each in here)
    return add(*requests)


def to_items(
    workloads: Sequence[Workload], types: Sequence[NodeType], situation: Situation, names: Sequence[str]
) -> list[Item]:
    running = [each for each in workloads if not each.per_node]
    apart = apart_from(running)
    return [
        Item(
            name=each.title,
            count=each.pods(situation),
            need=to_need({**each.requests, "pods": Decimal(1)}, names),
            rooms=admitted(each, types),
            apart=apart[i],
            spread=list(spreads(each, running, types)),
        )
        for i, each in enumerate(running)
    ]


def labels_of(node: NodeType) -> Mapping[str, str]:
    return {**LABELS, "node.kubernetes.io/instance-type": node.name, **node.labels}


def admitted(workload: Workload, types: Sequence[NodeType]) -> frozenset[int]:
    """The node types that take the pods; a required spread leaves out those without its label, if others have it."""
    keys = [str(each.get("topologyKey")) for each in hard_spreads(workload) if str(each.get("topologyKey")) != HOST]
    labelled = [key for key in keys if any(key in labels_of(node) for node in types)]
    return frozenset(
        i
        for i, node in enumerate(types)
        if not refuses(workload, node) and all(key in labels_of(node) for key in labelled)
    )


def refuses(workload: Workload, node: NodeType) -> str:
    """The field of the pod for which nodes of the type do not take it; "" if they do."""
    return unselected(workload, node) or ("" if tolerates(workload, node) else "spec.tolerations")


def unselected(workload: Workload, node: NodeType) -> str:
    spec, labels = workload.pod.spec, labels_of(node)
    if any(labels.get(name) != str(value) for name, value in mapping(spec, "nodeSelector").items()):
        return "spec.nodeSelector"
    affinity = f"affinity.nodeAffinity.{REQUIRED}"
    terms = mappings(spec, f"{affinity}.nodeSelectorTerms")
    if terms and not any(matches(term, labels) for term in terms):
        return f"spec.{affinity}"
    return ""


def tolerates(workload: Workload, node: NodeType) -> bool:
    given = mappings(workload.pod.spec, "tolerations")
    hard = (taint for taint in node.taints if taint.get("effect", "NoSchedule") != "PreferNoSchedule")
    return all(any(tolerated(taint, toleration) for toleration in given) for taint in hard)


def tolerated(taint: Mapping[str, str], toleration: Manifest) -> bool:
    exists = toleration.get("operator") == "Exists"
    key, effect = toleration.get("key"), toleration.get("effect")
    of_key = key == taint["key"] or (exists and not key)
    of_value = exists or str(toleration.get("value") or "") == taint.get("value", "")
    return of_key and of_value and (not effect or effect == taint.get("effect", "NoSchedule"))


def apart_from(workloads: Sequence[Workload]) -> list[dict[str, frozenset[int]]]:
    """Of each workload, by topology key, those that share no domain with it; it holds in both directions."""
    pairs: list[dict[str, set[int]]] = [{} for _ in workloads]
    for i, workload in enumerate(workloads):
        for term in mappings(workload.pod.spec, f"affinity.podAntiAffinity.{REQUIRED}"):
            key = str(term.get("topologyKey"))
            for j, other in enumerate(workloads):
                if in_namespaces(term, workload, other) and selected(term, other):
                    pairs[i].setdefault(key, set()).add(j)
                    pairs[j].setdefault(key, set()).add(i)
    return [{key: frozenset(others) for key, others in each.items()} for each in pairs]


def in_namespaces(term: Manifest, workload: Workload, other: Workload) -> bool:
    """A namespaceSelector is taken to select every namespace: their labels are not all known here."""
    named = items(term, "namespaces")
    return "namespaceSelector" in term or other.namespace in (named or [workload.namespace])


def selected(constraint: Manifest, workload: Workload) -> bool:
    selector = at(constraint, "labelSelector")
    return isinstance(selector, Mapping) and matches(selector, workload.pod.labels)


def hard_spreads(workload: Workload) -> list[Manifest]:
    constraints = mappings(workload.pod.spec, "topologySpreadConstraints")
    return [each for each in constraints if each.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"]


def spreads(workload: Workload, running: Sequence[Workload], types: Sequence[NodeType]) -> Iterator[Spread]:
    for each in hard_spreads(workload):
        key = str(each.get("topologyKey"))
        honoured = each.get("nodeTaintsPolicy") == "Honor"
        counted = frozenset(
            i
            for i, node in enumerate(types)
            if not unselected(workload, node)
            and (tolerates(workload, node) or not honoured)
            and (key == HOST or key in labels_of(node))
        )
        if counted:
            yield Spread(
                key=key,
                skew=max(number(each.get("maxSkew"), 1), 1),
                among=frozenset(
                    i
                    for i, other in enumerate(running)
                    if other.namespace == workload.namespace and selected(each, other)
                ),
                rooms=counted,
                domains=number(each.get("minDomains"), 1),
            )


def ignored(workloads: Sequence[Workload], types: Sequence[NodeType]) -> Iterator[str]:
    """What a packing leaves out, as far as it occurs."""
    labels = {key for node in types for key in labels_of(node)} | {HOST}
    specs = [each.pod.spec for each in workloads]
    if any(each.get("whenUnsatisfiable") == "ScheduleAnyway" for spec in specs for each in constraints_of(spec)):
        yield "spreads with ScheduleAnyway are wishes and ignored"
    keys = {str(each.get("topologyKey")) for workload in workloads for each in hard_spreads(workload)}
    keys |= {
        str(each.get("topologyKey"))
        for spec in specs
        for each in mappings(spec, f"affinity.podAntiAffinity.{REQUIRED}")
    }
    for key in sorted(keys - labels):
        yield f"spreads and anti-affinity by {key} are ignored: no node type has this label (--nodes FILE gives labels)"
    if any(mappings(spec, f"affinity.podAffinity.{REQUIRED}") for spec in specs):
        yield "required pod affinity is ignored"


def constraints_of(spec: Manifest) -> list[Manifest]:
    return mappings(spec, "topologySpreadConstraints")
