"""Selectors select the pods that they are meant for, and only them."""

from collections.abc import Iterator, Sequence

from rules.matching import Pods, matches, services_with_pods
from rules.reading import (
    LONG_RUNNING,
    Manifest,
    Pod,
    at,
    find,
    kind,
    mapping,
    mappings,
    namespace,
    of_kind,
    pods,
    title,
)

# Pods of cert-manager's HTTP-01 challenges come and go beside the objects.
PODS_OF_OTHERS = "acme.cert-manager.io/http01-solver"


def selectors_match_their_own_pods(objects: Sequence[Manifest]) -> Iterator[str]:
    for pod in pods(objects):
        selector = mapping(pod.owner, "spec.selector")
        if kind(pod.owner) in LONG_RUNNING and not (selector and matches(selector, pod.labels)):
            yield f"{title(pod.owner)} spec.selector: does not match the labels of its own pod template; repeat them"


def selectors_match_no_other_pods(objects: Sequence[Manifest]) -> Iterator[str]:
    index = Pods(objects)
    for pod in pods(objects):
        selector = mapping(pod.owner, "spec.selector")
        for other in index.matching(pod.namespace, selector) if selector else []:
            if other.key != pod.key:
                where = f"{title(pod.owner)} spec.selector"
                yield f"{where}: matches the pods of {title(other.owner)} too; add a label that differs"


def services_select_one_workload(objects: Sequence[Manifest]) -> Iterator[str]:
    for service, selected in services_with_pods(objects):
        yield from _not_one(f"{title(service)} spec.selector", selected)


def budgets_select_one_workload(objects: Sequence[Manifest]) -> Iterator[str]:
    index = Pods(objects)
    for budget in of_kind(objects, "PodDisruptionBudget"):
        selected = index.matching(namespace(budget), mapping(budget, "spec.selector"))
        yield from _not_one(f"{title(budget)} spec.selector", selected)


def _not_one(where: str, selected: list[Pod]) -> Iterator[str]:
    owners = sorted({title(pod.owner) for pod in selected})
    if len(owners) != 1:
        yield f"{where}: selects {' and '.join(owners) or 'no pods'}; select the pods of one workload"


def policies_select_pods(objects: Sequence[Manifest]) -> Iterator[str]:
    index = Pods(objects)
    for policy in of_kind(objects, "NetworkPolicy"):
        for where, selector in find(policy, "spec.podSelector"):
            if _selects_nothing(index, policy, selector):
                yield f"{where}: selects no pods; correct it, or remove the policy"


def policy_peers_are_pods(objects: Sequence[Manifest]) -> Iterator[str]:
    """Of peers in the policy's own namespace: the pods of other namespaces may be another's."""
    index = Pods(objects)
    for policy in of_kind(objects, "NetworkPolicy"):
        for path in ("spec.ingress[].from[]", "spec.egress[].to[]"):
            for where, peer in find(policy, path):
                selector = mapping(peer, "podSelector")
                if at(peer, "namespaceSelector") is None and _selects_nothing(index, policy, selector):
                    yield f"{where}.podSelector: selects no pods; correct it, or remove the peer"


def _selects_nothing(index: Pods, policy: Manifest, selector: Manifest) -> bool:
    labels = [*mapping(selector, "matchLabels"), *(each.get("key") for each in mappings(selector, "matchExpressions"))]
    return bool(selector) and PODS_OF_OTHERS not in labels and not index.matching(namespace(policy), selector)
