"""The graph is what the policies admit: each flow of the one is a pair of the other, in both directions."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import main
from charts.model import Platform
from charts.topology.graph import (
    CLUSTER,
    CONTROLLER,
    EVERY,
    F5,
    GATEWAY,
    INTERNET,
    KEDA,
    RESOLVER,
    ROLLOUTS,
    SOLVERS,
    Flow,
    graph_of,
)
from ops import render
from ops.places import OVERLAYS
from tests.charts.shop import shop
from tests.conftest import Manifest

Pair = tuple[str, str, int, str]
"""(who, to whom, port, protocol)"""

RUNNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
NAMESPACE = "kubernetes.io/metadata.name"


class Pods:
    """The pods of one workload, as the policies see them."""

    def __init__(self, runner: Manifest) -> None:
        spec = runner["spec"]["jobTemplate"]["spec"] if runner["kind"] == "CronJob" else runner["spec"]
        spec = next((each["provider"]["job"]["spec"] for each in spec.get("metrics", [])), spec)
        self.labels: Mapping[str, str] = spec["template"]["metadata"]["labels"]
        self.name = self.labels["app.kubernetes.io/name"]
        self.namespace = runner["metadata"]["namespace"]
        self.at_node = bool(spec["template"]["spec"].get("hostNetwork"))


def selects(selector: Any, labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def described(peer: Any) -> str:
    """A peer that is none of the platform's pods: addresses, or a namespace and the labels of pods in it."""
    if "ipBlock" in peer:
        return "private addresses" if peer["ipBlock"]["cidr"] != "0.0.0.0/0" else "other addresses"
    labels = peer.get("namespaceSelector", {}).get("matchLabels", {}) | peer.get("podSelector", {}).get(
        "matchLabels", {}
    )
    return " ".join(f"{key}={value}" for key, value in sorted(labels.items()))


def ports(rule: Any) -> set[tuple[int, str]]:
    return {(port["port"], port["protocol"]) for port in rule["ports"]}


def rules(objects: Iterable[Manifest], pods: Pods, way: str) -> list[Any]:
    """The rules of all policies that govern the pods in one direction."""
    policies = [
        one for one in objects if one["kind"] == "NetworkPolicy" and way.capitalize() in one["spec"]["policyTypes"]
    ]
    governing = [
        one["spec"]
        for one in policies
        if one["metadata"]["namespace"] == pods.namespace and selects(one["spec"]["podSelector"], pods.labels)
    ]
    assert governing or pods.at_node, f"{pods.name} is open to all"
    return [rule for spec in governing for rule in spec.get(way, [])]


def names_pods(peer: Any, pods: Pods, beside: Pods) -> bool:
    """Whether a peer of a policy names these pods, in the namespace of the policy's own."""
    alone = set(peer) == {"podSelector"}
    return (
        alone and not pods.at_node and pods.namespace == beside.namespace and selects(peer["podSelector"], pods.labels)
    )


def asks_in_a_job(manifest: Manifest) -> bool:
    return manifest["kind"] == "AnalysisTemplate" and "job" in manifest["spec"]["metrics"][0]["provider"]


def admitted(objects: list[Manifest]) -> set[Pair]:
    """Every pair that the policies of both ends admit, of the one end where the other is not the platform's."""
    everyone = [Pods(one) for one in objects if one["kind"] in RUNNERS or asks_in_a_job(one)]
    found = set()
    for pods in everyone:
        for rule in rules(objects, pods, "egress"):
            for peer in rule["to"]:
                if set(peer) != {"podSelector"}:
                    found |= {(pods.name, described(peer), *port) for port in ports(rule)}
                for other in (other for other in everyone if names_pods(peer, other, pods)):
                    back = [
                        r
                        for r in rules(objects, other, "ingress")
                        if any(names_pods(p, pods, other) for p in r["from"])
                    ]
                    both = ports(rule) & {port for one in back for port in ports(one)}
                    found |= {(pods.name, other.name, *port) for port in both}
        for rule in rules(objects, pods, "ingress"):
            strangers = [peer for peer in rule["from"] if set(peer) != {"podSelector"}]
            found |= {(described(peer), pods.name, *port) for peer in strangers for port in ports(rule)}
    return found | set(of_no_workload(objects, everyone))


def of_no_workload(objects: list[Manifest], everyone: list[Pods]) -> Iterator[Pair]:
    """What policies admit to pods that others make."""
    for one in objects:
        spec = one["spec"] if one["kind"] == "NetworkPolicy" else {"podSelector": {}}
        if not any(selects(spec["podSelector"], pods.labels) for pods in everyone):
            for rule in spec.get("ingress", []):
                for peer in rule["from"]:
                    yield from ((described(peer), described(spec), *port) for port in ports(rule))


def told(platform: Platform, components: Iterable[str]) -> set[Pair]:
    """The flows of the graph where these components are switched on, in the words of the policies."""
    words = {
        CONTROLLER: f"{NAMESPACE}={platform.edge.controller_namespace}",
        GATEWAY: f"{NAMESPACE}={platform.edge.gateway.namespace}",
        F5: f"{NAMESPACE}={platform.edge.f5.namespace}",
        INTERNET: "other addresses",
        CLUSTER: "private addresses",
        RESOLVER: f"k8s-app=kube-dns {NAMESPACE}=kube-system",
        KEDA: f"app=keda-operator {NAMESPACE}=keda",
        ROLLOUTS: f"app.kubernetes.io/name=argo-rollouts {NAMESPACE}=argo-rollouts",
        SOLVERS: "acme.cert-manager.io/http01-solver=true",
    }
    here = [workload for workload in platform.workloads if workload.component in (None, *components)]
    at_nodes = {workload.name for workload in here if "host-network" in workload.exceptions}
    flows = [flow for flow in graph_of(platform).flows if flow.component in (None, *components)]

    def pair(source: str, flow: Flow) -> Pair:
        target = "private addresses" if flow.target in at_nodes else words.get(flow.target, flow.target)
        return words.get(source, source), target, flow.number, flow.protocol

    everyone = [workload.name for workload in here if workload.name not in at_nodes]
    everyone += [workload.smoke for workload in here if workload.release and "blue-green" in components]
    return {pair(source, flow) for flow in flows for source in (everyone if flow.source == EVERY else [flow.source])}


def test_the_graph_is_what_the_policies_of_production_admit(rendered: dict[str, list[Manifest]]) -> None:
    overlay = yaml.safe_load((OVERLAYS / "production" / "kustomization.yaml").read_text())
    components = [Path(path).name for path in overlay["components"]]
    assert told(main.platform(), components) == admitted(rendered["production"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shop")
    main.build(shop(), place / "dist")
    return place


@pytest.mark.parametrize(
    "components",
    [(), ("cert-manager", "keda", "kubelet-metrics", "node-exporter"), ("f5-nginx",), ("gateway-api", "keda")],
    ids=", ".join,
)
def test_the_graph_is_what_the_policies_of_another_platform_admit(components: tuple[str, ...], built: Path) -> None:
    overlay = built / "overlays" / ("-".join(components) or "plain")
    overlay.mkdir(parents=True)
    paths = [f"../../dist/components/{name}" for name in components]
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["../../dist/base"], "components": paths}))
    assert told(shop(), components) == admitted([one.manifest for one in render.render(overlay)])


def test_a_node_says_how_it_runs_and_what_it_keeps() -> None:
    nodes = {node.name: node for node in graph_of(shop()).nodes}
    assert {name: node.runs for name, node in nodes.items()} == {
        "front": "2 to 6 pods",
        "till": "1 pod",
        "packer": "2 to 3 pods",
        "db": "1 pod",
        "broker": "3 pods",
        "move": "once per release",
        "copy": "cron 5 4 * * *",
        "watcher": "1 pod",
        "agent": "a pod on every node",
    }
    assert nodes["broker"].kept == ["log 3 \u00d7 3Gi shelf", "index 3 \u00d7 3Gi shelf"]
    assert nodes["copy"].kept == nodes["db"].kept == ["3Gi shelf"]
