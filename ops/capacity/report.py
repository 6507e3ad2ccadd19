"""An environment's capacity as one value, and the documented shape of it in JSON (docs/capacity.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from ops.capacity.amounts import SITUATIONS, Amounts
from ops.capacity.bounds import beyond, limit_ranges
from ops.capacity.findings import Finding
from ops.capacity.fleet import TARGET, Fleet, fleet
from ops.capacity.nodes import DEFAULTS, NodeType
from ops.capacity.pods import Claim, Workload, claims, workloads
from ops.capacity.quota import DEMANDED, Line, Tenant, lines_of
from ops.capacity.scheduling import ignored, refuses
from rules.reading import Manifest, kind, namespace

MOST_PODS = 150_000  # of a cluster: kubernetes.io/docs/setup/best-practices/cluster-large


@dataclass(frozen=True, kw_only=True)
class Report:
    """`fleets`: one of the given node types, or one for each default type."""

    environment: str
    lines: Sequence[Line]
    per_node: Sequence[Workload]
    fleets: Sequence[Fleet]
    findings: Sequence[Finding]
    notes: Sequence[str]

    @property
    def fits(self) -> bool:
        return not self.findings


def report(environment: str, objects: Sequence[Manifest], types: Sequence[NodeType] = ()) -> Report:
    """Reckons with these node types as one cluster, or, without any, with each default type by itself."""
    findings: list[Finding] = []
    notes: list[str] = []
    bounds = limit_ranges(objects, findings)
    found = workloads(objects, bounds, findings)
    kept = list(claims(objects, findings))
    for space, each in [*kept, *((workload.namespace, each) for workload in found for each in workload.claims)]:
        size = {"storage": each.size}
        findings += beyond("PersistentVolumeClaim", each.owner, each.field, size, {}, bounds.get(space, ()))
    fleets = fleets_of(found, types, findings)
    lines = list(lines_of_all(objects, found, kept, fleets, findings, notes))
    notes += ignored(found, types or DEFAULTS)
    notes += silent(found)
    if not types:
        notes.append("no --node was given: each row is a cluster of one assumed type, a size that every cloud sells")
    return Report(
        environment=environment,
        lines=lines,
        per_node=[each for each in found if each.per_node],
        fleets=fleets,
        findings=list(dict.fromkeys(findings)),
        notes=list(dict.fromkeys(notes)),
    )


def fleets_of(found: Sequence[Workload], types: Sequence[NodeType], findings: list[Finding]) -> list[Fleet]:
    """The environment does not fit if no fleet holds it; then the largest one says why."""
    pods = sum(each.pods("rollout") for each in found if not each.per_node)
    if pods > MOST_PODS:
        problem = f"{pods} are needed in a rollout at the maximum"
        remedy = f"lower replicas or maxima: a cluster has {MOST_PODS} at most"
        findings.append(Finding("nodes", "pods", problem, remedy))
        return []
    fleets = [fleet(found, cluster) for cluster in ([types] if types else [[each] for each in DEFAULTS])]
    if all(each.findings for each in fleets):
        findings += fleets[-1].findings
    return fleets


def lines_of_all(
    objects: Sequence[Manifest],
    found: Sequence[Workload],
    kept: Sequence[tuple[str, Claim]],
    fleets: Sequence[Fleet],
    findings: list[Finding],
    notes: list[str],
) -> list[Line]:
    """Of each namespace that a quota bounds, or in which more runs than DaemonSets."""
    spaces: dict[str, list[Manifest]] = {}
    for manifest in objects:
        spaces.setdefault(namespace(manifest), []).append(manifest)
    nodes = {
        (each, situation): max((runs_on(each, fleet, situation) for fleet in fleets), default=0)
        for each in found
        if each.per_node
        for situation in SITUATIONS
    }
    lines: list[Line] = []
    for space, own in spaces.items():
        here = [each for each in found if each.namespace == space]
        claimed = [each for where, each in kept if where == space]
        bounded = any(kind(manifest) == "ResourceQuota" for manifest in own)
        if bounded and any(each.per_node for each in here):
            notes.append(f"the quota of {space} counts its DaemonSets on the most nodes that any row below provides")
        if bounded or claimed or any(not each.per_node for each in here):
            tenant = Tenant(namespace=space, objects=own, workloads=here, claims=claimed, nodes=nodes)
            lines += sorted(lines_of(tenant, findings, notes), key=order)
    return lines


def order(line: Line) -> tuple[int, str]:
    """As a reader expects them: requests, limits, pods, storage, the rest."""
    first = (*DEMANDED, "pods", "requests.storage")
    return (first.index(line.resource) if line.resource in first else len(first)), line.resource


def runs_on(daemon: Workload, fleet: Fleet, situation: str) -> int:
    """The nodes that a DaemonSet runs on: those that exist, or are needed at the minimum and provided above it."""
    counted = "minimum" if situation == "minimum" else "provide"
    pools = (pool for pool in fleet.pools if not refuses(daemon, pool.node))
    return sum(pool.node.count or getattr(pool, counted) for pool in pools)


def silent(found: Sequence[Workload]) -> list[str]:
    """What is reckoned as nothing because it is not stated."""
    return [
        f"{workload.title} requests no {resource}: reckoned as 0"
        for workload in found
        for resource in ("cpu", "memory")
        if not workload.requests.get(resource)
    ]


def to_json(reports: Sequence[Report]) -> dict[str, Any]:
    return {"fits": all(each.fits for each in reports), "environments": [of_report(each) for each in reports]}


def of_report(report: Report) -> dict[str, Any]:
    return {
        "environment": report.environment,
        "fits": report.fits,
        "resources": [
            {
                "namespace": line.namespace,
                "resource": line.resource,
                **{situation: to_number(getattr(line, situation)) for situation in SITUATIONS},
                "quota": line.quota,
                "hard": None if line.hard is None else to_number(line.hard),
                "fits": line.fits,
            }
            for line in report.lines
        ],
        "perNode": [
            {
                "workload": each.title,
                "namespace": each.namespace,
                "requests": to_numbers(each.requests),
                "limits": to_numbers(each.limits),
            }
            for each in report.per_node
        ],
        "nodes": [of_fleet(each) for each in report.fleets],
        "findings": [asdict(each) for each in report.findings],
        "notes": list(report.notes),
    }


def of_fleet(fleet: Fleet) -> dict[str, Any]:
    return {
        "types": [
            {
                "name": pool.node.name,
                "allocatable": to_numbers(pool.node.allocatable),
                "count": pool.node.count,
                **{situation: getattr(pool, situation) for situation in SITUATIONS},
                "provide": pool.provide,
            }
            for pool in fleet.pools
        ],
        "lowerBound": dict(fleet.lower_bound),
        "aboveLowerBound": {each: to_share(fleet.above(each)) for each in SITUATIONS},
        "unused": to_numbers(fleet.unused),
        "used": {name: to_share(share) for name, share in fleet.used.items()},
        "target": TARGET / 100,
        "findings": [asdict(each) for each in fleet.findings],
    }


def to_share(share: Decimal | None) -> float | None:
    return None if share is None else round(float(share), 4)


def to_numbers(amounts: Amounts) -> Mapping[str, float | int]:
    return {name: to_number(amount) for name, amount in amounts.items()}


def to_number(amount: Decimal) -> float | int:
    return int(amount) if amount == amount.to_integral_value() else float(amount)
