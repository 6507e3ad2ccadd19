"""Which pods a selector, a Service or an autoscaler means."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rules.reading import (
    Key,
    Manifest,
    Pod,
    at,
    items,
    key,
    mapping,
    mappings,
    namespace,
    number,
    of_kind,
    pods,
    to_key,
)

REPLICATED = ("Deployment", "StatefulSet", "ReplicaSet", "Rollout")
# Fields of the bounds, and what the API server or KEDA takes where they are left out.
SCALERS = {
    "HorizontalPodAutoscaler": (("minReplicas", 1), ("maxReplicas", 1)),
    "ScaledObject": (("minReplicaCount", 0), ("maxReplicaCount", 100)),
}
ROLLOUT_SERVICES = (
    "spec.strategy.blueGreen.activeService",
    "spec.strategy.blueGreen.previewService",
    "spec.strategy.canary.stableService",
    "spec.strategy.canary.canaryService",
)


def matches(selector: Manifest, labels: Manifest) -> bool:
    """Whether a LabelSelector selects these labels; an empty one selects all."""
    wanted = mapping(selector, "matchLabels").items()
    return all(labels.get(label) == value for label, value in wanted) and all(
        _holds(expression, labels) for expression in mappings(selector, "matchExpressions")
    )


def _holds(expression: Manifest, labels: Manifest) -> bool:
    value, values = labels.get(str(expression.get("key"))), items(expression, "values")
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False


class Pods:
    """The pods of the objects by label, so that a selector looks at few of them."""

    def __init__(self, objects: Sequence[Manifest]) -> None:
        self._by_label: dict[tuple[str, str, str], list[Pod]] = defaultdict(list)
        self._by_namespace: dict[str, list[Pod]] = defaultdict(list)
        for pod in pods(objects):
            self._by_namespace[pod.namespace].append(pod)
            for label, value in pod.labels.items():
                self._by_label[pod.namespace, label, str(value)].append(pod)

    def matching(self, namespace: str, selector: Manifest) -> list[Pod]:
        labels = mapping(selector, "matchLabels").items()
        by_label = (self._by_label.get((namespace, label, str(value)), []) for label, value in labels)
        candidates = min(by_label, key=len, default=self._by_namespace.get(namespace, []))
        return [pod for pod in candidates if matches(selector, pod.labels)]


def referred_workload(rollout: Manifest) -> Key:
    """The workload whose template a Rollout takes by `workloadRef`; without one, the Rollout itself."""
    reference = mapping(rollout, "spec.workloadRef")
    if not reference:
        return key(rollout)
    return to_key(namespace(rollout), str(reference.get("kind")), str(reference.get("name")))


def pods_by_workload(objects: Sequence[Manifest]) -> dict[Key, Pod]:
    """The pod template of each workload; a Rollout may take that of a Deployment."""
    found = {pod.key: pod for pod in pods(objects)}
    for rollout in of_kind(objects, "Rollout"):
        if pod := found.get(referred_workload(rollout)):
            found[key(rollout)] = pod
    return found


def rollout_services(objects: Sequence[Manifest]) -> dict[Key, Key]:
    """The Services whose selectors a Rollout controls, each with that Rollout."""
    return {
        to_key(namespace(rollout), "Service", str(at(rollout, path))): key(rollout)
        for rollout in of_kind(objects, "Rollout")
        for path in ROLLOUT_SERVICES
        if at(rollout, path)
    }


def services_with_pods(objects: Sequence[Manifest]) -> Iterator[tuple[Manifest, list[Pod]]]:
    """Each Service that selects pods, by a selector of its own or through a Rollout, with these pods."""
    index, workloads, managed = Pods(objects), pods_by_workload(objects), rollout_services(objects)
    for service in of_kind(objects, "Service"):
        if at(service, "spec.type") == "ExternalName":
            continue
        if selector := mapping(service, "spec.selector"):
            yield service, index.matching(namespace(service), {"matchLabels": selector})
        elif pod := workloads.get(managed.get(key(service), ("", "", ""))):
            yield service, [pod]


class Scaler(NamedTuple):
    """An autoscaler, the workload it scales, and its fewest and most replicas."""

    manifest: Manifest
    target: Key
    fewest: int
    most: int


def scalers(objects: Sequence[Manifest]) -> Iterator[Scaler]:
    for of, ((fewest, least), (most, greatest)) in SCALERS.items():
        for manifest in of_kind(objects, of):
            spec, target = mapping(manifest, "spec"), mapping(manifest, "spec.scaleTargetRef")
            scaled = to_key(namespace(manifest), str(target.get("kind") or "Deployment"), str(target.get("name")))
            yield Scaler(manifest, scaled, number(spec.get(fewest), least), number(spec.get(most), greatest))


def replicas(objects: Sequence[Manifest]) -> dict[Key, tuple[int, int]]:
    """The fewest and most replicas of each workload that has replicas."""
    bounds = {}
    for workload in of_kind(objects, *REPLICATED):
        count = number(at(workload, "spec.replicas"), 1)
        bounds[key(workload)] = (count, count)
    bounds |= {scaler.target: (scaler.fewest, scaler.most) for scaler in scalers(objects)}
    for rollout in of_kind(objects, "Rollout"):
        bounds[referred_workload(rollout)] = bounds[key(rollout)]
    return bounds


def share(value: Any, total: int) -> int:
    """A count or a percentage (`"25%"`, rounded up) of the total; 0 for anything else."""
    percent = str(value).removesuffix("%")
    if isinstance(value, str) and value.endswith("%") and percent.isdecimal():
        return math.ceil(int(percent) * total / 100)
    return number(value, 0)
