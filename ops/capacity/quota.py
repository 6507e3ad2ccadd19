"""ResourceQuotas: what a namespace counts for, and what to change where it is too much.

Keys and scopes: kubernetes.io/docs/concepts/policy/resource-quotas.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ops.capacity.amounts import NONE, SITUATIONS, Amounts, Situation, add, round_up, show, times
from ops.capacity.findings import Finding, Reader
from ops.capacity.pods import Claim, Workload
from rules.reading import Manifest, at, group, items, kind, mapping, mappings, number, of_kind

PER_CLASS = ".storageclass.storage.k8s.io/"
PLAIN = ("configmaps", "secrets", "services", "replicationcontrollers", "resourcequotas")
SAME = {
    "cpu": "requests.cpu",
    "memory": "requests.memory",
    "ephemeral-storage": "requests.ephemeral-storage",
    "count/pods": "pods",
    "count/persistentvolumeclaims": "persistentvolumeclaims",
    **{plain: f"count/{plain}" for plain in PLAIN},
}
# Without these, a quota that has them refuses the pod: pkg/quota/v1/evaluator/core/pods.go.
DEMANDED = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
# In every namespace, without being in any manifest.
GIVEN = {"count/configmaps": 1, "count/serviceaccounts": 1}
WHEN = {"minimum": "at the minimum", "maximum": "at the maximum", "rollout": "in a rollout at the maximum"}
Used = Mapping[Situation, Amounts]


@dataclass(frozen=True)
class Line:
    """A resource of a namespace in the three situations, and what a quota allows of it, if one does."""

    namespace: str
    resource: str
    minimum: Decimal
    maximum: Decimal
    rollout: Decimal
    quota: str | None = None
    hard: Decimal | None = None

    @property
    def most(self) -> Decimal:
        return max(self.minimum, self.maximum, self.rollout)

    @property
    def fits(self) -> bool:
        return self.hard is None or self.most <= self.hard


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """What a namespace holds; `nodes` says on how many nodes a DaemonSet runs."""

    namespace: str
    objects: Sequence[Manifest]
    workloads: Sequence[Workload]
    claims: Sequence[Claim]
    nodes: Mapping[tuple[Workload, Situation], int]

    def pods(self, workload: Workload, situation: Situation) -> int:
        count = workload.pods(situation)
        return count * self.nodes.get((workload, situation), 0) if workload.per_node else count

    def used(self, workloads: Sequence[Workload]) -> Used:
        """By key of a quota, as far as these workloads count; what is no pod's counts always."""
        standing = add(*map(of_claim, self.claims), counted(self.objects))
        return {
            situation: add(standing, *(times(of_pod(each), self.pods(each, situation)) for each in workloads))
            for situation in SITUATIONS
        }


def of_pod(workload: Workload) -> Amounts:
    """What one pod counts for."""
    return add(
        {f"requests.{name}": amount for name, amount in workload.requests.items()},
        {f"limits.{name}": amount for name, amount in workload.limits.items()},
        {"pods": Decimal(1)},
        *map(of_claim, workload.claims),
    )


def of_claim(claim: Claim) -> Amounts:
    lead = f"{claim.storage_class}{PER_CLASS}"
    return {
        "requests.storage": claim.size,
        "persistentvolumeclaims": Decimal(1),
        f"{lead}requests.storage": claim.size,
        f"{lead}persistentvolumeclaims": Decimal(1),
    }


def counted(objects: Sequence[Manifest]) -> Amounts:
    """The objects of each kind, with those that controllers make of them."""
    found = Counter(GIVEN)
    for manifest in objects:
        found[plural_of(manifest)] += 1
        for made, count in makes(manifest):
            found[made] += count
    return {name: Decimal(count) for name, count in found.items()}


def plural_of(manifest: Manifest) -> str:
    """`count/deployments.apps`."""
    singular, of = kind(manifest).lower(), group(manifest.get("apiVersion"))
    ending = "es" if singular.endswith("s") else "s"
    plural = f"{singular[:-1]}ies" if singular[-2:-1] not in "aeiou" and singular.endswith("y") else singular + ending
    return f"count/{plural}.{of}" if of else f"count/{plural}"


def makes(manifest: Manifest) -> Iterator[tuple[str, int]]:
    match kind(manifest):
        case "Deployment" | "Rollout":
            yield "count/replicasets.apps", number(at(manifest, "spec.revisionHistoryLimit"), 10) + 1
        case "CronJob":
            kept = number(at(manifest, "spec.successfulJobsHistoryLimit"), 3)
            yield "count/jobs.batch", kept + number(at(manifest, "spec.failedJobsHistoryLimit"), 1) + 1
        case "ScaledObject":
            yield "count/horizontalpodautoscalers.autoscaling", 1
        case "ExternalSecret" | "Certificate":
            yield "count/secrets", 1
        case "Service":
            of, ports = at(manifest, "spec.type"), len(items(manifest, "spec.ports"))
            yield "services.loadbalancers", int(of == "LoadBalancer")
            if of == "NodePort" or at(manifest, "spec.allocateLoadBalancerNodePorts") is not False:
                yield "services.nodeports", ports if of in ("NodePort", "LoadBalancer") else 0


def lines_of(tenant: Tenant, findings: list[Finding], notes: list[str]) -> Iterator[Line]:
    """What each quota of the namespace holds, key by key, then what no quota speaks of."""
    shown = set()
    for manifest in of_kind(tenant.objects, "ResourceQuota"):
        reader = Reader(manifest, findings)
        hard = reader.amounts(manifest, "spec.hard", "")
        within = [each for each in tenant.workloads if selects(manifest, reader.title, each, notes)]
        used = tenant.used(within)
        for written, most in hard.items():
            name = SAME.get(written, written)
            if not known(name):
                notes.append(f"{reader.title} spec.hard[{written}] is not reckoned")
                continue
            shown.add(name)
            line = line_of(tenant.namespace, name, used, quota=reader.title, hard=most)
            if not line.fits:
                findings.append(overflow(tenant, within, line, most, written))
            if name in DEMANDED:
                findings.extend(unstated(within, name, reader.title))
            yield line
    used = tenant.used(tenant.workloads)
    for name in (*DEMANDED, "pods", *sorted(rest(used["maximum"]))):
        if name not in shown and (name in used["rollout"] or name not in DEMANDED):
            yield line_of(tenant.namespace, name, used)


def line_of(namespace: str, name: str, used: Used, quota: str | None = None, hard: Decimal | None = None) -> Line:
    minimum, maximum, rollout = (used[situation].get(name, NONE) for situation in SITUATIONS)
    return Line(namespace, name, minimum, maximum, rollout, quota, hard)


def rest(used: Amounts) -> Iterator[str]:
    """Storage and devices that a reader wants to see, quota or not."""
    for name, amount in used.items():
        device = name.startswith("requests.") and "/" in name
        if amount and (device or name == "requests.storage" or name.endswith(f"{PER_CLASS}requests.storage")):
            yield name


def known(name: str) -> bool:
    exact = ("pods", "persistentvolumeclaims", "services.loadbalancers", "services.nodeports")
    return name in exact or name.startswith(("requests.", "limits.", "count/")) or PER_CLASS in name


def selects(quota: Manifest, title: str, workload: Workload, notes: list[str]) -> bool:
    """Whether the quota's scopes take in the workload's pods; a scope that is not reckoned takes in all."""
    scopes = [{"scopeName": scope, "operator": "Exists"} for scope in items(quota, "spec.scopes")]
    for scope in [*scopes, *mappings(quota, "spec.scopeSelector.matchExpressions")]:
        within = in_scope(scope, workload)
        if within is None:
            notes.append(f"{title} scope {scope.get('scopeName')} is not reckoned: the quota is held against every pod")
        elif not within:
            return False
    return True


def in_scope(scope: Manifest, workload: Workload) -> bool | None:
    ends = number(workload.pod.spec.get("activeDeadlineSeconds"), -1) >= 0
    bounded = any(set(each.requests) | set(each.limits) for each in workload.containers)
    simple = {"Terminating": ends, "NotTerminating": not ends, "BestEffort": not bounded, "NotBestEffort": bounded}
    if scope.get("scopeName") != "PriorityClass":
        return simple.get(str(scope.get("scopeName")))
    priority, values = workload.pod.spec.get("priorityClassName"), items(scope, "values")
    choice = {
        "In": priority in values,
        "NotIn": priority not in values,
        "Exists": priority is not None,
        "DoesNotExist": priority is None,
    }
    return choice.get(str(scope.get("operator")))


def unstated(workloads: Sequence[Workload], name: str, quota: str) -> Iterator[Finding]:
    """The containers that the quota refuses because they do not say what it counts."""
    field, _, resource = name.partition(".")
    for workload in workloads:
        if resource in mapping(workload.pod.spec, f"resources.{field}"):
            continue
        for container in workload.containers:
            stated = container.requests if field == "requests" else container.limits
            if resource not in stated:
                where = f"{container.field}.resources.{name}"
                problem = f"is not set, and {quota} refuses pods without it"
                yield Finding(workload.template, where, problem, "set it, or give a LimitRange a default")


def overflow(tenant: Tenant, workloads: Sequence[Workload], line: Line, hard: Decimal, key: str) -> Finding:
    """One line for a key that is too small: from which situation on, by how much, and the ways out."""
    situation = next(each for each in SITUATIONS if getattr(line, each) > hard)
    need = f"{show(line.resource, getattr(line, situation))} {WHEN[situation]}"
    problem = f"{show(line.resource, hard)} does not hold {need}"
    remedies = [f"raise it to {round_up(line.resource, line.most)}"]
    if situation != "minimum":
        remedies.append(lower_maximum(tenant, workloads, line, hard))
    if situation == "rollout":
        problem = f"{show(line.resource, hard)} holds {show(line.resource, line.maximum)} at the maximum, not {need}"
        remedies.append(lower_surge(workloads, line))
    return Finding(str(line.quota), f"spec.hard[{key}]", problem, " or ".join(filter(None, remedies)))


def lower_maximum(tenant: Tenant, workloads: Sequence[Workload], line: Line, hard: Decimal) -> str:
    """The autoscaler that weighs most, and the highest maximum of it with which all would fit."""
    weighing: list[tuple[Decimal, Workload]] = [
        (of_pod(each).get(line.resource, NONE), each) for each in workloads if each.scaler and not each.per_node
    ]
    for each, workload in sorted(weighing, key=lambda pair: -pair[0] * (pair[1].most - pair[1].fewest)):
        if not each or workload.scaler is None:
            continue
        rooms = (hard - (getattr(line, s) - each * tenant.pods(workload, s)) for s in ("maximum", "rollout"))
        at_most = [math.floor(room / each) for room in rooms]
        fitting = range(max(workload.fewest, 1), workload.most)
        count = min(
            bisect_right(fitting, at_most[0], key=lambda most: workload.pods("maximum", most)),
            bisect_right(fitting, at_most[1], key=lambda most: workload.pods("rollout", most)),
        )
        if count:
            return f"lower {workload.scaler.title} {workload.scaler.field} from {workload.most} to {fitting[count - 1]}"
    return ""


def lower_surge(workloads: Sequence[Workload], line: Line) -> str:
    """The workload whose surge weighs most."""
    surging = [each for each in workloads if each.surge_field and of_pod(each).get(line.resource)]
    heaviest = max(
        surging,
        key=lambda each: of_pod(each)[line.resource] * (each.pods("rollout") - each.pods("maximum")),
        default=None,
    )
    return f"lower {heaviest.title} {heaviest.surge_field}" if heaviest else ""
