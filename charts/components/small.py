"""Every workload at its smallest."""

from typing import Any

from constructs import Construct

from charts.constructs import config, scaling
from charts.folder import Component, Generated, Patch, pod_patch
from charts.model import Platform, Replicas, Stateful, Workload

Maps = dict[str, dict[str, str]]  # {ConfigMap: {file: text}}


class Small(Component):
    """small: each workload at the smallest figures the catalog gives it, one broker included."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "small", platform)
        small = platform.small()
        for before, after in zip(platform.base, small.base, strict=True):
            self.patches.extend(patches(before, after))
            for name, files in changed(config.maps(before, platform), config.maps(after, small)).items():
                below = {f"{after.name}/{path}": text for path, text in files.items()}
                self.maps.append(Generated(name=name, files=below, merge=True))


def changed(before: Maps, after: Maps) -> Maps:
    """The files that differ, and of the files of settings the lines that do."""
    found: Maps = {}
    for name, files in after.items():
        for path, text in files.items():
            old = before.get(name, {}).get(path, "")
            if text != old:
                lines = set(old.splitlines()) if path.endswith(".env") else set()
                kept = "".join(f"{line}\n" for line in text.splitlines() if line not in lines)
                found.setdefault(name, {})[path] = kept if lines else text
    return found


def patches(before: Workload, after: Workload) -> list[Patch]:
    """What differs between a workload and its smaller self, as patches of its controller and autoscaler."""
    found: list[Patch] = []
    pod: dict[str, Any] = {}
    if before.resources != after.resources:
        pod = {"containers": [{"name": after.name, "resources": resources(after)}]}
    holds = isinstance(after.run, Replicas | Stateful) and not after.autoscaled  # else the autoscaler does
    replicas = holds and before.run != after.run
    if pod or replicas:
        found.append(pod_patch(after, pod, **({"replicas": after.run.maximum} if replicas else {})))
    run = after.run
    if after.autoscaled and isinstance(run, Replicas) and run != before.run:
        bounds = {"minReplicas": run.count, "maxReplicas": run.maximum}
        api, name = "autoscaling/v2", scaling.name(after)
        found.append(Patch(api=api, kind="HorizontalPodAutoscaler", name=name, change={"spec": bounds}))
    return found


def resources(workload: Workload) -> dict[str, dict[str, str]]:
    return {
        "requests": {name: amount.text for name, amount in workload.resources.requests.items()},
        "limits": {name: amount.text for name, amount in workload.resources.limits.items()},
    }
