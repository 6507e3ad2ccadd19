"""What an overlay switches on."""

from dataclasses import replace
from typing import Any

import pytest
import yaml

from charts.model import Cron, Metrics, Once, PerNode, Replicas, Resources, Size
from rules import complaints
from tests.charts.shop import BROKER, DATABASE, FRONT, WATCHER, shop
from tests.platforms import Build, Objects, Write, container, platform, serving, template, workload


def exclusions(write: Write) -> dict[str, set[str]]:
    """{component: those that it cannot stand beside}, from the annotations of its kustomization."""
    found = {}
    for path in sorted((write(shop()) / "components").glob("*/kustomization.yaml")):
        annotations = yaml.safe_load(path.read_text()).get("metadata", {}).get("annotations", {})
        found[path.parent.name] = {key.partition("/")[2] for key in annotations if key.startswith("excludes/")}
    return found


def test_components_that_may_be_combined_give_the_same_in_both_orders(build: Build, write: Write) -> None:
    excluded = exclusions(write)
    friendly = [name for name in excluded if not excluded[name]]
    for alone in [name for name in excluded if excluded[name]] or friendly[:1]:
        together = sorted({alone, *friendly} - excluded[alone])
        assert build(shop(), together) == build(shop(), together[::-1]), alone


def test_each_component_can_be_switched_on_alone(build: Build, write: Write) -> None:
    base = build(shop())
    effective = {name for name in exclusions(write) if build(shop(), [name]) != base}
    assert effective >= {"cert-manager", "external-secrets", "keda", "kubelet-metrics", "node-exporter"}
    assert effective >= {"security-headers", "small", "standard-storage"}


def test_cert_manager_issues_the_edges_certificate_and_lets_its_hosts_be_proved(build: Build) -> None:
    objects = build(shop(), ["cert-manager"])
    issuer = objects["ClusterIssuer/shop-issuer"]["spec"]["acme"]
    assert issuer["email"] == "door@shop.example"
    assert issuer["solvers"][0]["http01"]["ingress"]["ingressClassName"] == "doors"
    assert objects["Ingress/shop-door"]["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "shop-issuer"
    solver = objects["NetworkPolicy/acme-solver"]["spec"]
    assert solver["podSelector"]["matchLabels"] == {"acme.cert-manager.io/http01-solver": "true"}
    [rule] = solver["ingress"]
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "doorkeeper"}}}
    assert rule == {"from": [controller], "ports": [{"port": 8089, "protocol": "TCP"}]}


def test_external_secrets_fetches_every_key_into_the_secret(build: Build) -> None:
    spec = build(shop(), ["external-secrets"])["ExternalSecret/shop-secret"]["spec"]
    assert spec["secretStoreRef"] == {"name": "safe", "kind": "ClusterSecretStore"}
    assert spec["target"]["name"] == "shop-secret"
    assert spec["refreshInterval"] == "1h"
    assert spec["data"] == [{"secretKey": "PASSWORD", "remoteRef": {"key": "shop/keys", "property": "PASSWORD"}}]


def test_keda_takes_the_replicas_of_what_scales_on_lag_alone(build: Build) -> None:
    before, after = build(shop()), build(shop(), ["keda"])
    replicas = [objects["Deployment/packer"]["spec"].get("replicas") for objects in (before, after)]
    assert replicas == [2, None]
    scaled = [name for name in after if name.startswith("ScaledObject/")]
    assert scaled == ["ScaledObject/packer"]
    assert after["Deployment/till"] == before["Deployment/till"]


def test_keda_scales_from_the_count_to_the_maximum_on_the_topics_lag(build: Build) -> None:
    spec = build(shop(), ["keda"])["ScaledObject/packer"]["spec"]
    assert spec["scaleTargetRef"] == {"name": "packer"}
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["fallback"]["replicas"]) == (2, 3, 2)
    [trigger] = spec["triggers"]
    asked = {key: trigger["metadata"][key] for key in ("bootstrapServers", "topic", "consumerGroup", "lagThreshold")}
    assert asked == {
        "bootstrapServers": "broker.shop.svc:6000",
        "topic": "orders",
        "consumerGroup": "packers",
        "lagThreshold": "9",
    }


def test_keda_may_ask_the_brokers(build: Build) -> None:
    policy = build(shop(), ["keda"])["NetworkPolicy/broker-from-keda"]["spec"]
    assert policy["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "broker"}
    [rule] = policy["ingress"]
    assert rule["ports"] == [{"port": 6000, "protocol": "TCP"}]
    [peer] = rule["from"]
    assert peer["podSelector"]["matchLabels"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "keda"}


def scrapes(objects: Objects) -> dict[str, Any]:
    """{file: scrape jobs} of what the scraper reads."""
    files = objects["ConfigMap/watcher-scrape"]["data"]
    return {name: yaml.safe_load(text)["scrape_configs"] for name, text in files.items()}


def test_kubelet_metrics_lets_the_scraper_alone_read_the_kubelets(build: Build) -> None:
    objects = build(shop(), ["kubelet-metrics"])
    [role], [binding] = (
        [one for one in objects.values() if one["kind"] == kind] for kind in ("ClusterRole", "ClusterRoleBinding")
    )
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    ]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "watcher", "namespace": "shop"}]
    [reach] = objects["NetworkPolicy/watcher-to-kubelets"]["spec"]["egress"]
    assert reach["ports"] == [{"port": 10250, "protocol": "TCP"}]


def test_kubelet_metrics_adds_its_jobs_to_the_scrapers_and_takes_none(build: Build) -> None:
    before, after = scrapes(build(shop())), scrapes(build(shop(), ["kubelet-metrics"]))
    assert set(after) == {*before, "kubelet.yml"}
    assert [job["metrics_path"] for job in after["kubelet.yml"]] == ["/metrics", "/metrics/cadvisor"]
    assert {name: after[name] for name in before} == before


def test_node_exporter_lives_beside_the_restricted_namespace(build: Build) -> None:
    objects = build(shop(), ["node-exporter"])
    enforced = "pod-security.kubernetes.io/enforce"
    levels = {name: objects[f"Namespace/{name}"]["metadata"]["labels"][enforced] for name in ("shop", "attic")}
    assert levels == {"shop": "restricted", "attic": "privileged"}
    assert objects["DaemonSet/agent"]["metadata"]["namespace"] == "attic"
    assert template(objects["DaemonSet/agent"])["spec"]["hostNetwork"] is True
    assert "NetworkPolicy/agent" not in objects, "a policy has no effect on the host's network"


def test_node_exporter_is_found_reached_and_scraped(build: Build) -> None:
    objects = build(shop(), ["node-exporter"])
    role, binding = objects["Role/agent-watcher"], objects["RoleBinding/agent-watcher"]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "attic"
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "watcher", "namespace": "shop"}]
    policy = objects["NetworkPolicy/watcher-to-agent"]
    assert policy["metadata"]["namespace"] == "shop"
    assert policy["spec"]["egress"][0]["ports"] == [{"port": 9090, "protocol": "TCP"}]
    [job] = scrapes(objects)["agent.yml"]
    assert job["kubernetes_sd_configs"][0]["namespaces"] == {"names": ["attic"]}


def brought(name: str, **fields: Any) -> Any:
    settings = {"NAME": name}
    return serving(name, component="node-exporter", metrics=Metrics(port="http"), settings=settings, **fields)


def test_several_agents_stand_beside_each_other_and_read_each_its_own(build: Build) -> None:
    agents = brought("a", namespace="attic"), brought("b", namespace="cellar"), brought("c")
    objects = build(platform(WATCHER, *agents, scraper="watcher"), ["node-exporter"])
    spaces = {"a": "attic", "b": "cellar", "c": "shop"}
    for name, space in spaces.items():
        read, runs = objects[f"ConfigMap/{name}-config"], objects[f"Deployment/{name}"]
        assert (read["data"], read["metadata"]["namespace"]) == ({"NAME": name}, space)
        assert read["metadata"]["labels"]["app.kubernetes.io/name"] == name
        assert runs["metadata"]["namespace"] == space
    assert complaints(list(objects.values())) == []


def test_an_agent_that_is_not_at_its_node_is_reached_and_silent_as_any_other(build: Build) -> None:
    objects = build(platform(WATCHER, brought("a", namespace="attic"), scraper="watcher"), ["node-exporter"])
    [rule] = objects["NetworkPolicy/watcher-to-a"]["spec"]["egress"]
    [peer] = rule["to"]
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "a"}
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "attic"}
    for own, other in (("default-deny", "default-deny-attic"), ("allow-dns", "allow-dns-attic")):
        silence = objects[f"NetworkPolicy/{other}"]
        assert silence["metadata"]["namespace"] == "attic"
        assert silence["spec"] == objects[f"NetworkPolicy/{own}"]["spec"]


@pytest.mark.parametrize("component", ["node-exporter", "kubelet-metrics"])
def test_a_scraper_with_a_configuration_of_its_own_is_left_to_it(build: Build, component: str) -> None:
    objects = build(platform(replace(WATCHER, files=()), brought("a"), scraper="watcher"), [component])
    assert not [name for name in objects if name.startswith("ConfigMap/watcher")]
    assert [name for name in objects if name.startswith("NetworkPolicy/watcher-to-")]


def test_without_the_component_nothing_tells_of_the_agent(build: Build) -> None:
    objects = build(shop())
    assert [name for name, one in objects.items() if "agent" in str(one) or "attic" in str(one)] == []


def test_security_headers_are_named_by_every_ingress(build: Build) -> None:
    objects = build(shop(), ["security-headers"])
    told = {
        one["metadata"]["annotations"]["nginx.ingress.kubernetes.io/custom-headers"]
        for one in objects.values()
        if one["kind"] == "Ingress"
    }
    [named] = told
    namespace, _, name = named.partition("/")
    [headers] = [one for one in objects.values() if one["metadata"]["name"] == name]
    assert (headers["kind"], headers["metadata"]["namespace"]) == ("ConfigMap", namespace)
    assert headers["data"] == {"X-Shop": "open"}


def figures(objects: Objects) -> dict[str, Any]:
    """What the size of a platform decides: replicas, resources, bounds of autoscalers, configuration."""
    found: dict[str, Any] = {}
    for name, one in objects.items():
        if one["kind"] in ("Deployment", "StatefulSet"):
            found[name] = one["spec"].get("replicas"), container(one)["resources"]
        if one["kind"] == "HorizontalPodAutoscaler":
            found[name] = one["spec"]["minReplicas"], one["spec"]["maxReplicas"]
        if one["kind"] == "ConfigMap":
            found[name] = one["data"]
    return found


SIZES = {
    "one broker": (replace(FRONT, small=None), DATABASE, replace(BROKER, small=Size(count=1))),
    "a broker of less": (
        FRONT,
        DATABASE,
        replace(BROKER, small=Size(resources=Resources(cpu="1m", memory="2Mi"))),
    ),
    "fewer of a Deployment": (
        FRONT,
        DATABASE,
        BROKER,
        workload("booth", run=Replicas(count=3), small=Size(count=1)),
    ),
    "a narrower autoscaler": (replace(FRONT, small=Size(maximum=3)), DATABASE, BROKER),
    "a lower autoscaler": (replace(FRONT, small=Size(count=1, maximum=2)), DATABASE, BROKER),
    "less for all": tuple(
        replace(one, small=Size(resources=Resources(cpu="1m", memory="2Mi")))
        for one in (FRONT, DATABASE, BROKER, WATCHER)
    ),
    "nothing smaller": (replace(FRONT, small=Size()), DATABASE, replace(BROKER, small=Size(count=1))),
}


@pytest.mark.parametrize("workloads", SIZES.values(), ids=SIZES)
def test_small_gives_what_the_smaller_platform_would(build: Build, workloads: tuple[Any, ...]) -> None:
    whole = platform(*workloads)
    small = figures(build(whole, ["small"]))
    assert small == figures(build(whole.small()))
    assert small != figures(build(whole))


@pytest.mark.parametrize("run", [PerNode(), Once(), Cron(schedule="@daily")], ids=lambda run: type(run).__name__)
def test_small_changes_the_resources_of_whatever_runs(build: Build, run: Any) -> None:
    less = Resources(cpu="1m", memory="2Mi")
    objects = build(platform(workload(run=run, small=Size(resources=less))), ["small"])
    [only] = [container(one) for one in objects.values() if one["kind"] in ("DaemonSet", "Job", "CronJob")]
    assert only["resources"] == {bound: {"cpu": "1m", "memory": "2Mi"} for bound in ("requests", "limits")}


def test_small_changes_only_what_has_a_small_size(build: Build) -> None:
    before, after = build(shop()), build(shop(), ["small"])
    owners = {one["metadata"]["labels"]["app.kubernetes.io/name"] for name, one in after.items() if one != before[name]}
    assert owners == {"front", "packer", "broker"}


def volumes(objects: Objects) -> dict[str, Any]:
    """What every volume that outlives its pod is."""
    found = {name: one["spec"] for name, one in objects.items() if one["kind"] == "PersistentVolumeClaim"}
    for name, one in objects.items():
        if one["kind"] == "StatefulSet":
            claims = one["spec"].get("volumeClaimTemplates", ())
            found |= {f"{name}/{claim['metadata']['name']}": claim["metadata"] | claim["spec"] for claim in claims}
    return found


def test_standard_storage_changes_the_class_of_every_volume_alone(build: Build) -> None:
    before, after = volumes(build(shop())), volumes(build(shop(), ["standard-storage"]))
    assert {spec["storageClassName"] for spec in before.values()} == {"shelf"}
    assert after == {name: spec | {"storageClassName": "standard"} for name, spec in before.items()}
