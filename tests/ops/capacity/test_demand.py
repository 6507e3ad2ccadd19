"""What is reckoned is what Kubernetes would count, in each situation."""

import math
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from ops.capacity.report import report
from tests.conftest import Manifest
from tests.dist.test_quota import asking
from tests.ops.capacity.objects import (
    Object,
    claim,
    container,
    daemon,
    deployment,
    figures,
    lines,
    machine,
    made,
    quota,
    reckoned,
    resources,
    scaler,
    stateful,
    template,
)

UNITS = {"m": Decimal("0.001"), "": Decimal(1), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}


def amount(written: Any) -> Decimal:
    suffix = str(written).lstrip("0123456789")
    return Decimal(str(written).removesuffix(suffix)) * UNITS[suffix]


def pods_of(runner: Manifest, objects: list[Manifest], situation: str) -> int:
    """By plain arithmetic: its replicas, or its autoscaler's, and in a rollout of a Deployment its surge, or a second
    copy."""
    count, spec = runner["spec"].get("replicas", 1), runner["spec"]
    for one in objects:
        if one["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            if one["spec"]["scaleTargetRef"]["name"] != runner["metadata"]["name"]:
                continue
            bounds = (
                "minReplicas maxReplicas"
                if one["kind"] == "HorizontalPodAutoscaler"
                else "minReplicaCount maxReplicaCount"
            )
            count = one["spec"][bounds.split()[0 if situation == "minimum" else 1]]
    if situation != "rollout" or runner["kind"] != "Deployment" or spec["strategy"]["type"] == "Recreate":
        return int(count)
    if any(one["kind"] == "Rollout" and one["metadata"]["name"] == runner["metadata"]["name"] for one in objects):
        return int(2 * count)
    surge = spec["strategy"]["rollingUpdate"]["maxSurge"]
    return int(count + (math.ceil(count * int(surge[:-1]) / 100) if isinstance(surge, str) else surge))


def reckon(objects: list[Manifest], situation: str) -> dict[str, Decimal]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    volumes = []
    for one in [*objects, *(asking(objects) if situation == "rollout" else [])]:
        if one["kind"] in ("Deployment", "StatefulSet", "Job", "CronJob"):
            spec, count = one["spec"], pods_of(one, objects, situation)
            pod = (spec["jobTemplate"]["spec"] if one["kind"] == "CronJob" else spec)["template"]["spec"]
            assert "initContainers" not in pod
            total["pods"] += count
            for each in pod["containers"]:
                for bound in ("requests", "limits"):
                    for resource in ("cpu", "memory"):
                        total[f"{bound}.{resource}"] += count * amount(each["resources"][bound][resource])
            volumes += [each["spec"] for each in spec.get("volumeClaimTemplates", []) for _ in range(count)]
        elif one["kind"] == "PersistentVolumeClaim":
            volumes.append(one["spec"])
    for volume in volumes:
        size = amount(volume["resources"]["requests"]["storage"])
        total["requests.storage"] += size
        total[f"{volume['storageClassName']}.storageclass.storage.k8s.io/requests.storage"] += size
    return total


@pytest.mark.parametrize("environment", ["local", "staging", "production"])
@pytest.mark.parametrize("situation", ["minimum", "maximum", "rollout"])
def test_figures_equal_plain_arithmetic_over_the_rendered_yaml(
    environment: str, situation: str, rendered: dict[str, list[Manifest]]
) -> None:
    objects = rendered[environment]
    found = report(environment, objects)
    own = next(one["metadata"]["namespace"] for one in objects if one["kind"] == "ResourceQuota")
    assert {line.namespace for line in found.lines} == {own}
    assert {line.resource: getattr(line, situation) for line in found.lines} == reckon(objects, situation)


def pod(**spec: Any) -> Object:
    return made("Pod", "web", spec)


def sized(name: str, cpu: str, **fields: Any) -> Object:
    return container(name, resources=resources(cpu), **fields)


SIDECAR = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("before", "cpu"),
    [
        ([], 2),
        ([sized("a", "5")], 5),
        ([sized("a", "1")], 2),
        ([sized("a", "3"), sized("b", "4")], 4),
        ([sized("a", "1", **SIDECAR)], 3),
        ([sized("a", "1", **SIDECAR), sized("b", "4")], 5),
        ([sized("b", "4"), sized("a", "1", **SIDECAR)], 4),
        ([sized("a", "1", **SIDECAR), sized("b", "1", **SIDECAR), sized("c", "3")], 5),
    ],
    ids=[
        "none",
        "a larger one counts instead",
        "a smaller one counts nothing",
        "they run one after the other",
        "a sidecar adds",
        "an init container runs beside the sidecars before it",
        "and not beside those after it",
        "sidecars add up",
    ],
)
def test_init_containers_count_as_kubernetes_counts_them(before: list[Object], cpu: int) -> None:
    found = reckoned(pod(initContainers=before, containers=[sized("x", "1"), sized("y", "1")]))
    assert figures(found, "requests.cpu") == (cpu, cpu, cpu)
    assert figures(found, "limits.cpu") == (cpu, cpu, cpu)


def test_overhead_and_what_a_pod_states_as_a_whole_count() -> None:
    whole = pod(containers=[sized("x", "1")], resources={"requests": {"cpu": "3"}}, overhead={"cpu": "250m"})
    assert figures(reckoned(whole), "requests.cpu")[0] == 3.25


def rollout(**strategy: Any) -> Object:
    return made("Rollout", "web", {"replicas": 4, "strategy": strategy, "template": template()})


@pytest.mark.parametrize(
    ("workload", "surge"),
    [
        (deployment(replicas=4, surge=2), 2),
        (deployment(replicas=4, surge="26%"), 2),
        (deployment(replicas=4, surge="100%"), 4),
        (deployment(replicas=4, surge=0), 0),
        (made("Deployment", "web", {"replicas": 5, "template": template()}), 2),
        (made("Deployment", "web", {"replicas": 5, "strategy": {"type": "Recreate"}, "template": template()}), 0),
        (deployment(replicas=0, surge=1), 0),
        (stateful(replicas=4), 0),
        (rollout(blueGreen={"activeService": "web"}), 4),
        (rollout(blueGreen={"activeService": "web", "previewReplicaCount": 1}), 4),
        (rollout(canary={"maxSurge": 3}), 3),
        (rollout(canary={}), 1),
        (rollout(canary={"maxSurge": 1, "trafficRouting": {"nginx": {}}}), 4),
    ],
    ids=[
        "a number",
        "a percentage is rounded up",
        "a full one",
        "none",
        "a quarter where none is stated",
        "Recreate",
        "one that runs none",
        "StatefulSet",
        "blue-green is a second copy",
        "also with a small preview",
        "canary",
        "canary, a quarter where none is stated",
        "canary by traffic keeps the old copy whole",
    ],
)
def test_a_rollout_adds_its_surge(workload: Object, surge: int) -> None:
    fewest, most, rolling = figures(reckoned(workload), "pods")
    assert (fewest, rolling - most) == (most, surge)


def test_the_surge_is_of_the_autoscalers_maximum() -> None:
    found = reckoned(deployment(replicas=None, surge="50%"), scaler(fewest=2, most=10))
    assert figures(found, "pods") == (2, 10, 15)


@pytest.mark.parametrize(
    ("bounds", "fewest", "most"),
    [({"minReplicaCount": 2, "maxReplicaCount": 4}, 2, 4), ({}, 0, 100), ({"maxReplicaCount": 7}, 0, 7)],
)
def test_keda_bounds_count_with_its_own_defaults(bounds: Object, fewest: int, most: int) -> None:
    scaled = made("ScaledObject", "web", {"scaleTargetRef": {"name": "web"}, **bounds})
    assert figures(reckoned(deployment(), scaled), "pods") == (fewest, most, most)


def test_an_autoscaler_of_a_rollout_scales_the_rollout() -> None:
    found = reckoned(rollout(blueGreen={}), scaler(fewest=1, most=6, kind="Rollout"))
    assert figures(found, "pods") == (1, 6, 12)


@pytest.mark.parametrize(("scale_down", "pods"), [("onsuccess", 3), ("never", 5)])
def test_a_rollout_takes_the_pods_of_the_deployment_it_refers_to(scale_down: str, pods: int) -> None:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": scale_down}
    refers = made("Rollout", "web", {"replicas": 3, "workloadRef": reference, "strategy": {"canary": {"maxSurge": 0}}})
    found = reckoned(deployment(replicas=2), refers)
    assert figures(found, "pods") == (pods, pods, pods)
    assert figures(found, "requests.cpu")[0] == pods


@pytest.mark.parametrize(
    ("kind", "spec", "counts"),
    [
        ("Job", {"template": template()}, (1, 1, 1)),
        ("Job", {"parallelism": 5, "template": template()}, (5, 5, 5)),
        ("Job", {"parallelism": 5, "completions": 2, "template": template()}, (2, 2, 2)),
        ("CronJob", {"jobTemplate": {"spec": {"parallelism": 3, "template": template()}}}, (3, 3, 3)),
        ("ScaledJob", {"maxReplicaCount": 4, "jobTargetRef": {"parallelism": 2, "template": template()}}, (0, 8, 8)),
        (
            "AnalysisTemplate",
            {"metrics": [{"name": "smoke", "provider": {"job": {"spec": {"template": template()}}}}]},
            (0, 0, 1),
        ),
    ],
)
def test_jobs_count_as_running(kind: str, spec: Object, counts: tuple[int, ...]) -> None:
    assert figures(reckoned(made(kind, "once", spec)), "pods") == counts


def test_a_daemonset_of_another_namespace_is_outside_the_quota() -> None:
    found = reckoned(deployment(), quota(hard={"pods": 1}), daemon(namespace="nodes"))
    assert found.fits
    assert {line.namespace for line in found.lines} == {"shop"}
    assert [each.title for each in found.per_node] == ["DaemonSet/agent"]


def test_a_daemonset_under_a_quota_counts_on_every_node() -> None:
    boxes = machine(cpu="3", name="box", count=5)
    found = reckoned(deployment(replicas=2), daemon(cpu="500m"), quota(hard={"pods": 6}), nodes=[boxes])
    assert figures(found, "pods") == (7, 7, 7)
    assert figures(found, "requests.cpu") == (4.5, 4.5, 4.5)
    [line] = lines(found)
    assert line.startswith("ResourceQuota/purse spec.hard[pods]: 6 ")


def test_a_daemonset_counts_on_the_nodes_that_are_provided_and_admit_it() -> None:
    objects = [deployment(replicas=None), scaler(fewest=2, most=8), daemon(cpu="100m"), quota(hard={"pods": 99})]
    growing = [machine(cpu="4", memory="64")]
    assert figures(reckoned(*objects, nodes=growing), "pods") == (2 + 1, 8 + 3, 8 + 3)
    tainted = machine(name="tainted", count=5, taints=[{"key": "own", "effect": "NoSchedule"}])
    assert figures(reckoned(*objects, nodes=[*growing, tainted]), "pods") == (2 + 1, 8 + 3, 8 + 3)


def test_storage_is_of_every_replica_and_claim_by_class() -> None:
    ephemeral = {"name": "tmp", "ephemeral": {"volumeClaimTemplate": claim("1Gi", "slow")}}
    found = reckoned(
        stateful(replicas=3, claims=[claim("10Gi", "fast"), claim("2Gi", None)]),
        deployment(replicas=2, surge=1, volumes=[ephemeral]),
        made("PersistentVolumeClaim", "books", claim("5Gi", "fast")["spec"]),
        {
            **made("StorageClass", "plain", None),
            "metadata": {"name": "plain", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        },
        quota(hard={"persistentvolumeclaims": 9}),
    )
    gi = 2**30
    assert figures(found, "requests.storage") == (43 * gi, 43 * gi, 44 * gi)
    per_class = {
        name: tuple(each / gi for each in figures(found, f"{name}.storageclass.storage.k8s.io/requests.storage"))
        for name in ("fast", "plain", "slow")
    }
    assert per_class == {"fast": (35, 35, 35), "plain": (6, 6, 6), "slow": (2, 2, 3)}
    assert figures(found, "persistentvolumeclaims") == (9, 9, 10)
