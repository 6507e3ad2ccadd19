"""Node types: from the command line, from a file, or the default ones; and what of a node is left for pods."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ops.capacity import FORM
from ops.capacity.amounts import NONE, Amounts
from ops.capacity.findings import told
from ops.yamls import Unreadable, documents
from rules.reading import POWERS, is_number, quantity

OPTION = re.compile(r"([^=\s]+)=([^,x\s]+),([^,x\s]+)(?:,(\d{1,6}))?(?:x(\d{1,6}))?")
PODS = 110  # the kubelet's maxPods: kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1
MOST_NODES = 5000  # of a cluster: kubernetes.io/docs/setup/best-practices/cluster-large
FILE_LIMIT = 64  # KiB
FIELDS = ("name", "cpu", "memory", "pods", "count", "resources", "labels", "taints", "reserved")

# GKE's, which Google states to the letter: cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes.
# Of each slice of the machine, from the bottom: (its size, the share that is reserved).
GI, MI = POWERS["Gi"], POWERS["Mi"]
CPU_SLICES = ((Decimal(1), "0.06"), (Decimal(1), "0.01"), (Decimal(2), "0.005"), (None, "0.0025"))
MEMORY_SLICES = ((4 * GI, "0.25"), (4 * GI, "0.20"), (8 * GI, "0.10"), (112 * GI, "0.06"), (None, "0.02"))
SMALL_MEMORY = 255 * MI  # of a machine with less than 1 GiB
EVICTION = 100 * MI  # below so much free memory the kubelet evicts
RESERVE = "GKE's formula: 6 % of the first core to 0.25 % above 4, 25 % of the first 4Gi to 2 % above 128Gi, and 100Mi"


class WrongNode(ValueError):
    """What is wrong with a node type, and how to write one."""


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """Machines that are alike; `count` of them, or as many as are needed. `resources` are devices, such as GPUs."""

    name: str
    cpu: Decimal
    memory: Decimal
    pods: int = PODS
    count: int | None = None
    resources: Amounts = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Mapping[str, str]] = ()
    reserved: Amounts | None = None

    @property
    def allocatable(self) -> Amounts:
        """What pods may request; never less than nothing."""
        kept = reserve(self.cpu, self.memory) if self.reserved is None else self.reserved
        left = {"cpu": self.cpu - kept.get("cpu", NONE), "memory": self.memory - kept.get("memory", NONE)}
        return {name: max(amount, NONE) for name, amount in left.items()} | {
            "pods": Decimal(self.pods),
            **self.resources,
        }


DEFAULTS = tuple(
    NodeType(name=f"standard-{cpu}", cpu=Decimal(cpu), memory=4 * cpu * GI)  # 1 core to 4 GiB: every cloud sells it
    for cpu in (4, 8, 16)
)


def reserve(cpu: Decimal, memory: Decimal) -> Amounts:
    """What the system of a machine keeps for itself, in cores and bytes."""
    kept = SMALL_MEMORY if memory < GI else of_slices(memory, MEMORY_SLICES)
    return {"cpu": of_slices(cpu, CPU_SLICES), "memory": kept + EVICTION}


def of_slices(amount: Decimal, slices: Sequence[tuple[Decimal | None, str]]) -> Decimal:
    kept = NONE
    for size, share in slices:
        part = amount if size is None else min(amount, size)
        kept, amount = kept + part * Decimal(share), amount - part
    return kept


def parse(text: str) -> NodeType:
    """The node type that an option names. Raises WrongNode."""
    found = OPTION.fullmatch(text)
    if not found:
        raise WrongNode(f"{told(text)}: write {FORM}, for instance standard-4=4,16Gi or standard-4=4,16Gi,110x6")
    name, cpu, memory, pods, count = found.groups()
    return node_type({"name": name, "cpu": cpu, "memory": memory, "pods": to_int(pods), "count": to_int(count)}, text)


def to_int(text: str | None) -> int | None:
    return None if text is None else int(text)


def read(path: Path) -> list[NodeType]:
    """The node types that a file lists under `nodes`. Raises WrongNode."""
    try:
        with path.open("rb") as file:
            text = file.read((FILE_LIMIT << 10) + 1)
        if len(text) > FILE_LIMIT << 10:
            raise WrongNode(f"{path}: more than {FILE_LIMIT} KiB, which no list of node types is")
        loaded = documents(text.decode())
    except OSError as error:
        raise WrongNode(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongNode(f"{path}: is no UTF-8 text") from None
    except Unreadable as reason:
        raise WrongNode(f"{path}: {reason}") from None
    listed = loaded[0].get("nodes") if loaded and isinstance(loaded[0], Mapping) else None
    if not isinstance(listed, list) or not listed:
        raise WrongNode(f"{path}: nodes: {told(listed)} is no list of node types: write `nodes:` and one or more")
    return [node_type(each, f"{path}: nodes[{index}]") for index, each in enumerate(listed)]


def node_type(entry: Any, where: str) -> NodeType:
    """Raises WrongNode that names the field."""
    if not isinstance(entry, Mapping):
        raise WrongNode(f"{where}: {told(entry)} is no node type: give it name, cpu and memory")
    unknown = [str(name) for name in entry if name not in FIELDS]
    if unknown:
        raise WrongNode(f"{where}.{unknown[0]}: no such field, there are {', '.join(FIELDS)}")
    name, pods, count = entry.get("name"), entry.get("pods"), entry.get("count")
    if not isinstance(name, str) or not name:
        raise WrongNode(f"{where}.name: {told(name)} is no name")
    if count is not None and (not is_number(count) or not 1 <= count <= MOST_NODES):
        raise WrongNode(f"{where}.count: {told(count)}: write 1 to {MOST_NODES}, or leave it out for as many as needed")
    if pods is not None and (not is_number(pods) or pods < 1):
        raise WrongNode(f"{where}.pods: {told(pods)}: write 1 or more")
    memory = amount(entry.get("memory"), f"{where}.memory", above=True)
    if memory < MI:
        raise WrongNode(f"{where}.memory: {told(entry.get('memory'))} is less than 1Mi: write the unit, such as 16Gi")
    taints, reserved = entry.get("taints") or [], entry.get("reserved")
    if not isinstance(taints, list) or not all(isinstance(taint, Mapping) and taint.get("key") for taint in taints):
        raise WrongNode(f"{where}.taints: write a list of key, value and effect")
    return NodeType(
        name=name,
        cpu=amount(entry.get("cpu"), f"{where}.cpu", above=True),
        memory=memory,
        pods=pods or PODS,
        count=count,
        resources=amounts(entry, "resources", where),
        labels={each: str(value) for each, value in table(entry, "labels", where)},
        taints=tuple({each: str(value) for each, value in taint.items() if value is not None} for taint in taints),
        reserved=None if reserved is None else amounts(entry, "reserved", where),
    )


def table(entry: Mapping[str, Any], field: str, where: str) -> list[tuple[str, Any]]:
    value = entry.get(field) or {}
    if not isinstance(value, Mapping) or any(isinstance(each, Mapping | list) for each in value.values()):
        raise WrongNode(f"{where}.{field}: {told(value)}: write `name: value` lines")
    return [(str(name), each) for name, each in value.items()]


def amounts(entry: Mapping[str, Any], field: str, where: str) -> Amounts:
    return {name: amount(value, f"{where}.{field}.{name}") for name, value in table(entry, field, where)}


def amount(value: Any, where: str, above: bool = False) -> Decimal:
    found = quantity(value)
    if found is None or not 0 <= found < 2**63 or (above and not found):
        wanted = "quantity above 0" if above else "quantity"
        raise WrongNode(f"{where}: {told(value)} is no {wanted}: write one, such as 4 or 16Gi")
    return found


def named_once(types: Sequence[NodeType]) -> None:
    """Raises WrongNode."""
    names = [each.name for each in types]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise WrongNode(f"{twice}: named twice; give each node type a name of its own")
