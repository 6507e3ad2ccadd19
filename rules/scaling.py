"""Autoscalers own the replicas of what they scale, and can reckon."""

from collections.abc import Iterator, Sequence

from rules.matching import pods_by_workload, referred_workload, scalers
from rules.reading import Manifest, at, containers_of, find, group, key, mapping, of_kind, state, title


def scaled_workloads_leave_replicas_out(objects: Sequence[Manifest]) -> Iterator[str]:
    scaled = {scaler.target: title(scaler.manifest) for scaler in scalers(objects)}
    for workload in objects:
        if key(workload) in scaled and (count := at(workload, "spec.replicas")) is not None:
            yield f"{title(workload)} spec.replicas: {state(count)}, but {scaled[key(workload)]} scales it; remove it"


def referred_workloads_run_nothing(objects: Sequence[Manifest]) -> Iterator[str]:
    """A Rollout runs the pods of the workload that it refers to; the workload's own would be a second set."""
    held = {key(manifest): manifest for manifest in objects}
    for rollout in of_kind(objects, "Rollout"):
        workload = held.get(referred_workload(rollout))
        keeps = at(rollout, "spec.workloadRef.scaleDown") in (None, "never")
        if workload and workload is not rollout and keeps and (count := at(workload, "spec.replicas")) != 0:
            yield f"{title(workload)} spec.replicas: {state(count)}, but {title(rollout)} runs its pods; set 0"


def workloads_have_one_scaler(objects: Sequence[Manifest]) -> Iterator[str]:
    first: dict[tuple[str, str, str], str] = {}
    for scaler in scalers(objects):
        other = first.setdefault(scaler.target, title(scaler.manifest))
        if other != title(scaler.manifest):
            yield f"{title(scaler.manifest)} spec.scaleTargetRef: {other} scales the same workload; remove one of them"


def scale_targets_have_their_api(objects: Sequence[Manifest]) -> Iterator[str]:
    groups = {key(manifest): group(manifest.get("apiVersion")) for manifest in objects}
    for scaler in scalers(objects):
        version = at(scaler.manifest, "spec.scaleTargetRef.apiVersion")
        if version and group(version) != groups.get(scaler.target, group(version)):
            where = f"{title(scaler.manifest)} spec.scaleTargetRef.apiVersion"
            yield f"{where}: {state(version)}, but the target is of {groups[scaler.target]}; write its apiVersion"


def scaled_resources_are_requested(objects: Sequence[Manifest]) -> Iterator[str]:
    """The share of a request that is used has no value where a container makes none."""
    workloads = pods_by_workload(objects)
    for scaler in scalers(objects):
        pod = workloads.get(scaler.target)
        for where, resource, only in _resource_metrics(scaler.manifest):
            counted = [each for each in containers_of(pod) if each.stays] if pod else []
            if only:
                counted = [each for each in counted if each.spec.get("name") == only]
            if pod and not counted:
                yield f"{where}: the target has no container {only or 'that stays'}; name one of its containers"
            for container in counted:
                if resource not in mapping(container.spec, "resources.requests"):
                    yield f"{where}: {container.where} requests no {resource}; set its request"


def _resource_metrics(scaler: Manifest) -> Iterator[tuple[str, str, str | None]]:
    """Field, resource and, if it counts alone, container of each metric on a resource."""
    for field in ("resource", "containerResource"):
        for where, metric in find(scaler, f"spec.metrics[].{field}"):
            yield where, str(at(metric, "name")), at(metric, "container")
    for where, trigger in find(scaler, "spec.triggers[]"):
        if at(trigger, "type") in ("cpu", "memory"):
            yield where, str(at(trigger, "type")), at(trigger, "metadata.containerName")
