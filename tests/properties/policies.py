"""Who may open which port, worked out from rendered objects alone, as kubernetes.io/docs describes NetworkPolicies.

A block of addresses admits what is no pod, nodes among it, and so the pods at their nodes' addresses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Manifest = Mapping[str, Any]
Pair = tuple[str, str, int, str]
"""(source, target, port, protocol)"""

RUNNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod in a namespace, or an `address` of what is no pod."""

    title: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Mapping[str, Any], ...] = ()
    address: str = ""


def pods(objects: Iterable[Manifest]) -> Iterator[tuple[End, bool]]:
    """The pods that the objects make, one for each template, and whether they are at their node's address."""
    for one in objects:
        asked = [each["provider"].get("job") for each in one.get("spec", {}).get("metrics", ()) if "provider" in each]
        if one["kind"] in RUNNERS or any(asked):
            spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
            template = asked[0]["spec"]["template"] if asked else spec["template"]
            space = one["metadata"]["namespace"]
            labels = template["metadata"]["labels"]
            listed = [port for container in template["spec"]["containers"] for port in container.get("ports", ())]
            title = f"{space}/{labels['app.kubernetes.io/name']}"
            yield End(title, space, labels, tuple(listed)), bool(template["spec"].get("hostNetwork"))


def admitted(objects: Sequence[Manifest], ends: Sequence[End], numbers: Iterable[tuple[int, str]]) -> set[Pair]:
    """The pairs of two ends, one of them a pod at least, that may talk at each of the ports."""
    policies = [one for one in objects if one["kind"] == "NetworkPolicy"]
    out = {end.title: rules(policies, end, "Egress") for end in ends}
    into = {end.title: rules(policies, end, "Ingress") for end in ends}
    found, wanted = set(), list(numbers)
    for source in ends:
        for target in ends:
            if out[source.title] is None and into[target.title] is None:
                continue  # no policy has a say
            leaving = [one for one in out[source.title] or () if reaches(one, "to", target, source.namespace)]
            entering = [one for one in into[target.title] or () if reaches(one, "from", source, target.namespace)]
            for number, protocol in wanted:
                leaves = out[source.title] is None or any(opens(one, target, number, protocol) for one in leaving)
                enters = into[target.title] is None or any(opens(one, target, number, protocol) for one in entering)
                if leaves and enters:
                    found.add((source.title, target.title, number, protocol))
    return found


def rules(policies: Iterable[Manifest], end: End, way: str) -> list[Any] | None:
    """The rules of all policies that govern the end in one direction; None where none does, and all is open."""
    governing = [
        one["spec"]
        for one in policies
        if not end.address
        and one["metadata"]["namespace"] == end.namespace
        and selects(one["spec"]["podSelector"], end.labels)
        and way in types(one["spec"])
    ]
    return [rule for spec in governing for rule in spec.get(way.lower()) or ()] if governing else None


def types(spec: Mapping[str, Any]) -> Sequence[str]:
    """Ingress always, Egress where there are rules for it, unless the policy says."""
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Every requirement of a label selector; one without requirements selects everything."""
    return (selector.get("matchLabels") or {}).items() <= labels.items() and all(
        meets(one, labels) for one in selector.get("matchExpressions") or ()
    )


def meets(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(requirement["key"]), requirement.get("values") or []
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[requirement["operator"]]


def reaches(rule: Mapping[str, Any], key: str, other: End, beside: str) -> bool:
    """Whether a rule of a policy in the namespace `beside` names the other end; one without peers names everyone."""
    return not rule.get(key) or any(names(peer, other, beside) for peer in rule[key])


def names(peer: Mapping[str, Any], other: End, beside: str) -> bool:
    """A namespace and a pod selector of one peer must both hold; a pod selector alone means the policy's namespace."""
    if "ipBlock" in peer:
        within = [peer["ipBlock"]["cidr"], *peer["ipBlock"].get("except", ())]
        if not other.address:
            return False
        first, *rest = (ip_address(other.address) in ip_network(block) for block in within)
        return first and not any(rest)
    if other.address:
        return False
    spaces = peer.get("namespaceSelector")
    where = other.namespace == beside if spaces is None else selects(spaces, {NAME: other.namespace})
    return where and selects(peer.get("podSelector") or {}, other.labels)


def opens(rule: Mapping[str, Any], target: End, number: int, protocol: str) -> bool:
    """Whether a rule names the port of the target; one without ports names all."""
    return not rule.get("ports") or any(
        protocol == port.get("protocol", "TCP") and number in numbered(port, target) for port in rule["ports"]
    )


def numbered(port: Mapping[str, Any], target: End) -> range | list[int]:
    if isinstance(port.get("port"), str):
        return [
            one["containerPort"]
            for one in target.ports
            if one.get("name") == port["port"] and one.get("protocol", "TCP") == port.get("protocol", "TCP")
        ]
    if "port" not in port:
        return range(1, 65536)
    return range(port["port"], port.get("endPort", port["port"]) + 1)
