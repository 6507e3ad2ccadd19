"""Nodes drain and releases roll without an outage."""

from collections.abc import Iterator, Sequence

from rules.matching import REPLICATED, Pods, replicas, share
from rules.reading import Manifest, at, kind, mapping, namespace, of_kind, pods, state, title


def budgets_let_a_node_drain(objects: Sequence[Manifest]) -> Iterator[str]:
    index, bounds = Pods(objects), replicas(objects)
    for budget in of_kind(objects, "PodDisruptionBudget"):
        lost, kept = at(budget, "spec.maxUnavailable"), at(budget, "spec.minAvailable")
        if kept is None:
            if share(lost, 1) < 1:
                yield f"{title(budget)} spec.maxUnavailable: {state(lost)}, so no pod may be evicted; set 1 or more"
            continue
        for pod in index.matching(namespace(budget), mapping(budget, "spec.selector")):
            fewest = bounds.get(pod.key, (None, None))[0]
            if fewest is not None and share(kept, fewest) >= max(fewest, 1):
                where = f"{title(budget)} spec.minAvailable"
                yield f"{where}: {state(kept)} of {fewest} replicas, so none may be evicted; set maxUnavailable: 1"


def replicated_workloads_have_a_budget(objects: Sequence[Manifest]) -> Iterator[str]:
    index, bounds = Pods(objects), replicas(objects)
    budgets = of_kind(objects, "PodDisruptionBudget")
    kept = {
        pod.key for budget in budgets for pod in index.matching(namespace(budget), mapping(budget, "spec.selector"))
    }
    for pod in pods(objects):
        if kind(pod.owner) in REPLICATED and pod.key not in kept and bounds[pod.key][0] > 1:
            fewest = bounds[pod.key][0]
            yield f"{title(pod.owner)} spec.replicas: at least {fewest}, and no PodDisruptionBudget; add one"


def deployments_roll_without_a_gap(objects: Sequence[Manifest]) -> Iterator[str]:
    for deployment in of_kind(objects, "Deployment"):
        lost = at(deployment, "spec.strategy.rollingUpdate.maxUnavailable")
        if at(deployment, "spec.strategy.type") != "Recreate" and lost not in (0, "0%"):
            where = f"{title(deployment)} spec.strategy.rollingUpdate.maxUnavailable"
            yield f"{where}: {state(lost)}; set 0, or the strategy Recreate"
