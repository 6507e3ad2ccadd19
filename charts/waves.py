"""What starts when: a kustomize transformer that annotates objects with sync waves, and Jobs as hooks, for Argo CD."""

import json
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from charts import yamls
from charts.folder import API, put
from charts.model import ModelError, Once, Platform
from charts.model.names import NAME

ARGO = "argocd.argoproj.io/"
WAVE = f"{ARGO}sync-wave"
# What runs, and what is not healthy before it does: a claim binds with its first pod, an autoscaler needs its target.
RUN = (
    *("Deployment", "StatefulSet", "DaemonSet", "Rollout", "Job", "CronJob"),
    *("HorizontalPodAutoscaler", "ScaledObject", "PodDisruptionBudget", "PersistentVolumeClaim"),
)
ENTRANCES = ("Ingress", "Gateway", "HTTPRoute", "ClusterIssuer")  # not healthy before the world answers
KEPT = ("Namespace", "PersistentVolumeClaim")  # with which data would go
# A Job is named by its content: before its creation only its own earlier run is found, so each goes once it succeeded.
HOOK = {f"{ARGO}hook": "Sync", f"{ARGO}hook-delete-policy": "BeforeHookCreation,HookSucceeded"}
KEEP = {f"{ARGO}sync-options": "Prune=false,Delete=false"}


def waves(platform: Platform) -> dict[str, int]:
    """{workload: its wave}, from 1; wave 0 is what none of them is: namespace, quota, roles, policies, settings.

    Each comes after those that it names in `after`, in the base and in every variant. What nobody comes after is in the
    last wave, where a broken exporter holds up nobody. Raises ModelError where a variant turns the order around.
    """
    earlier = {workload.name: set(workload.after) for workload in platform.workloads}
    for workload in platform.workloads:
        for variant in workload.variants.values():
            earlier[workload.name].update(variant.after or ())
    found: dict[str, int] = {}
    try:
        for name in TopologicalSorter(earlier).static_order():
            found[name] = 1 + max((found[other] for other in earlier[name]), default=0)
    except CycleError as cycle:
        circle = cycle.args[1]
        line = f"{circle[0]}.after: a cycle over the variants, {' before '.join(circle)}; waves serve them all"
        raise ModelError([line]) from cycle
    awaited = set().union(*earlier.values())
    last = 1 + max((found[name] for name in awaited), default=0)
    return {name: found[name] if name in awaited else last for name in sorted(found)}


def write(platform: Platform, out: Path) -> None:
    """Writes `out`/sync-waves, which an overlay names under `transformers`: a component would miss what those after it
    bring, and an autoscaler or Rollout in wave 0 would hold up for ever the wave of what it waits for."""
    kustomization = {"apiVersion": f"{API}beta1", "kind": "Kustomization", "resources": ["waves.yaml"]}
    heading = "# sync-waves: what starts when, for Argo CD and whoever else applies; pods are left alone.\n"
    put(out / "sync-waves" / "kustomization.yaml", heading + yamls.text(kustomization))
    put(out / "sync-waves" / "waves.yaml", "---\n".join(yamls.text(one) for one in transformers(platform)))


def transformers(platform: Platform) -> list[dict[str, Any]]:
    """kustomize's PatchTransformers, one for each wave, for the entrances, for hooks, and for what is kept."""
    order = waves(platform)
    last = max(order.values(), default=1)
    found = [
        annotated(f"wave-{wave}", {WAVE: str(wave)}, RUN, [name for name in order if order[name] == wave])
        for wave in sorted(set(order.values()))
    ]
    if platform.hosts:
        found.append(annotated("entrances", {WAVE: str(last)}, ENTRANCES))
    if once := [workload.name for workload in platform.workloads if isinstance(workload.run, Once)]:
        found.append(annotated("hooks", HOOK, ("Job",), once))
    return [*found, annotated("kept", KEEP, KEPT)]


def annotated(
    name: str, annotations: Mapping[str, str], kinds: tuple[str, ...], of: list[str] | None = None
) -> dict[str, Any]:
    """A transformer that annotates the objects of these kinds, of all workloads when `of` is None."""
    # kustomize wants an apiVersion, kind and name, and leaves those of what it patches alone.
    patch = {"apiVersion": "v1", "kind": "Any", "metadata": {"name": "any", "annotations": dict(annotations)}}
    labels = {} if of is None else {"labelSelector": f"{NAME} in ({', '.join(of)})"}
    return {
        "apiVersion": "builtin",
        "kind": "PatchTransformer",
        "metadata": {"name": name},
        "patch": json.dumps(patch),
        "target": {"kind": "|".join(kinds)} | labels,
    }
