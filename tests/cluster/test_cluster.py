"""The embedded cluster behaves like one, and nothing of it is left when it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.cli import app as newstalk
from ops.cluster import command, state
from ops.cluster import embedded as clusters
from ops.cluster.embedded import Cluster
from ops.cluster.supervisor import HERE
from ops.places import ROOT, Refusal, tool
from tests.cluster.conftest import Namespace, until

SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_SECURITY = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}

READY_WITHIN = 20  # seconds on a quiet machine; a busy one has as much more as it is busy


def container(image: str = "shop:v1", **fields: Any) -> dict[str, Any]:
    return {"name": "shop", "image": image, "securityContext": SECURITY, **fields}


def pod(*containers: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"securityContext": POD_SECURITY, "containers": [*containers], **fields}


def bare(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop"}, "spec": spec}


def deployment(image: str = "shop:v1", **fields: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "shop"}}, "spec": pod(container(image, **fields))}
    spec = {"selector": {"matchLabels": {"app": "shop"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}, "spec": spec}


def ready(namespace: Namespace) -> bool:
    """Whether every pod of the Deployment is."""
    return bool(namespace.get("deployment", "shop").get("status", {}).get("readyReplicas"))


def containers(namespace: Namespace) -> list[Any]:
    return [each for found in namespace.get("pods")["items"] for each in found["status"].get("containerStatuses", [])]


def exists(process: int) -> bool:
    """A process that nobody waited for counts as ended."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def processes(folder: Path) -> set[int]:
    return {each.pid for each in state.read(folder).processes.values()}


# Up, status, down.


def test_it_says_that_it_is_ready_and_where(embedded: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "FOLDER", embedded.folder.parent)
    said = CliRunner().invoke(command.app, ["status", "embedded", "--json"])
    status = json.loads(said.stdout)
    assert (said.exit_code, status["phase"]) == (0, "ready")
    assert all(exists(each["pid"]) for each in status["processes"].values())
    listed = subprocess.run(
        [tool("kubectl"), f"--kubeconfig={status['kubeconfig']}", "get", "nodes", "--output=name"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.count("node/") > 1


def test_a_second_cluster_comes_up_in_time_beside_the_first_and_leaves_nothing(
    embedded: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FOLDER", folder)
    begin = time.monotonic()
    up = CliRunner().invoke(command.app, ["up", "second", "--detach", "--start-up", "0"])
    took = time.monotonic() - begin
    try:
        assert up.exit_code == 0, up.output
        assert took < READY_WITHIN * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
        second = Cluster(folder=folder / "second")
        assert up.stdout.strip() == str(second.kubeconfig)
        assert second.kubectl("create", "namespace", "here").returncode == 0
        assert embedded.kubectl("get", "namespace", "here").returncode == 1
        owned = processes(second.folder) | {second.state.supervisor or 0}
        assert all(map(exists, owned))
    finally:
        down = CliRunner().invoke(command.app, ["down", "second"])
    assert down.exit_code == 0
    assert until(lambda: not any(map(exists, owned)))
    assert not second.folder.exists()
    status = CliRunner().invoke(command.app, ["status", "second"])
    assert (status.exit_code, status.stdout) == (1, "absent\n")


def test_a_cluster_that_is_up_is_not_started_again(embedded: Cluster) -> None:
    with pytest.raises(Refusal, match="newstalk cluster down"):
        clusters.launch(embedded.folder, start_up=1, detached=True)
    assert embedded.state.phase == "ready"


@pytest.mark.parametrize("victim", ["parent", "supervisor"])
def test_nothing_outlives_a_parent_or_a_supervisor_that_is_killed(folder: Path, victim: str) -> None:
    place = folder / victim
    program = (
        f"from pathlib import Path; from ops.cluster.embedded import cluster\nwith cluster(Path({str(place)!r})): ..."
    )
    parent, owned = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL), set[int]()
    try:
        assert until(lambda: len(processes(place)) > 1)
        owned, supervisor = processes(place), state.read(place).supervisor or 0
        assert all(map(exists, {*owned, supervisor}))
        os.kill(parent.pid if victim == "parent" else supervisor, signal.SIGKILL)
        assert until(lambda: not any(map(exists, {*owned, supervisor})))
        assert until(lambda: not place.exists())
    finally:
        for process in [parent.pid, *filter(exists, owned)]:
            os.kill(process, signal.SIGKILL)
        parent.wait()


def test_a_part_that_ends_is_started_again_and_nothing_is_lost(namespace: Namespace) -> None:
    before = namespace.cluster.state.processes["kube-apiserver"]
    namespace.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}})
    os.kill(before.pid, signal.SIGKILL)
    assert until(lambda: namespace.cluster.state.processes["kube-apiserver"].pid != before.pid)
    assert until(lambda: namespace.kubectl("get", "configmap", "kept")[0] == 0)
    assert until(lambda: " PodMetrics\n" in namespace.cluster.kubectl("api-resources").stdout)


# Pods.


def test_a_pod_is_not_ready_before_its_start_up_time(namespace: Namespace) -> None:
    # 500 s at a hundredth of them; the timestamps are whole seconds.
    namespace.apply(deployment(startupProbe={"tcpSocket": {"port": 80}, "failureThreshold": 100, "periodSeconds": 5}))
    assert until(lambda: ready(namespace))
    (status,) = (found["status"] for found in namespace.get("pods")["items"])
    (changed,) = (each["lastTransitionTime"] for each in status["conditions"] if each["type"] == "Ready")
    waited = datetime.fromisoformat(changed) - datetime.fromisoformat(status["startTime"])
    assert waited.total_seconds() >= 4


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("v2-broken-pull", {"waiting": "ImagePullBackOff"}),
        ("v2-broken-crash", {"waiting": "CrashLoopBackOff"}),
        ("v2-broken-hang", {"running": None}),
    ],
)
def test_a_release_that_is_broken_never_gets_ready_and_shows_why(
    namespace: Namespace, tag: str, shown: dict[str, str | None]
) -> None:
    def shows() -> bool:
        return [{how: each.get("reason") for how, each in found["state"].items()} for found in old_and_new()] == [
            {"running": None},
            shown,
        ]

    def old_and_new() -> list[Any]:
        return sorted(containers(namespace), key=lambda found: str(found["image"]))

    namespace.apply(deployment("shop:v1"))
    assert until(lambda: ready(namespace))
    namespace.apply(deployment(f"shop:{tag}"))
    assert until(shows)
    assert [found["ready"] for found in old_and_new()] == [True, False]


@pytest.mark.parametrize(("image", "condition"), [("shop:v1", "Complete"), ("shop:v2-broken-crash", "Failed")])
def test_a_job_completes_or_fails(namespace: Namespace, image: str, condition: str) -> None:
    template = {"spec": pod(container(image), restartPolicy="Never")}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "shop"}}
    namespace.apply({**job, "spec": {"backoffLimit": 0, "template": template}})
    assert namespace.kubectl("wait", "job/shop", f"--for=condition={condition}", "--timeout=30s")[0] == 0


def test_ready_pods_are_endpoints_of_their_service(namespace: Namespace) -> None:
    service = {"selector": {"app": "shop"}, "ports": [{"port": 80}]}
    namespace.apply(
        deployment(), {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop"}, "spec": service}
    )

    def endpoints() -> list[Any]:
        return [each for found in namespace.get("endpointslices")["items"] for each in found["endpoints"] or []]

    assert until(lambda: [each["conditions"]["ready"] for each in endpoints()] == [True])


def test_a_pod_with_a_gpu_runs_where_there_is_one(namespace: Namespace) -> None:
    gpu = container(resources={"limits": {"nvidia.com/gpu": "1"}})
    namespace.apply(bare(pod(gpu, tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}])))
    assert until(lambda: namespace.get("pod", "shop")["spec"].get("nodeName", "").startswith("gpu-"))


def test_logs_are_there_and_those_of_a_crash_too(namespace: Namespace) -> None:
    namespace.apply(deployment("shop:broken-crash"))
    assert until(lambda: any(found["restartCount"] for found in containers(namespace)))
    assert namespace.kubectl("logs", "deployment/shop") == (0, "simulated: this container runs in name only\n")
    code, said = namespace.kubectl("logs", "deployment/shop", "--previous")
    assert (code, "exit code 1" in said) == (0, True)


# What a cluster provides.


@pytest.mark.parametrize("storage", ["fast-ssd", "standard", "backup"])
def test_a_claim_gets_a_volume_of_its_size(namespace: Namespace, storage: str) -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage,
        "resources": {"requests": {"storage": "3Gi"}},
    }
    namespace.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec})
    assert until(lambda: namespace.get("pvc", "data")["status"]["phase"] == "Bound")
    assert namespace.get("pvc", "data")["status"]["capacity"] == {"storage": "3Gi"}


def test_an_autoscaler_sees_what_pods_are_told_to_use(namespace: Namespace) -> None:
    target = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "maxReplicas": 4,
        "metrics": [{"type": "Resource", "resource": target}],
    }
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "shop"},
        "spec": spec,
    }
    namespace.cluster.answer(usage=2.8)
    namespace.apply(deployment(resources={"requests": {"cpu": "100m", "memory": "64Mi"}}), scaler)
    assert until(lambda: namespace.get("deployment", "shop")["status"].get("readyReplicas") == 4, 60)
    assert until(lambda: namespace.kubectl("top", "pods")[0] == 0)
    said = namespace.kubectl("top", "pods", "--no-headers")[1]
    assert (said.count("280m"), said.count("179Mi")) == (4, 4)


@pytest.mark.parametrize(("value", "phase"), [(0.01, "Successful"), (0.2, "Failed")])
def test_an_analysis_hears_from_prometheus_what_the_test_says(namespace: Namespace, value: float, phase: str) -> None:
    namespace.cluster.answer({"errors_total": value})
    prometheus = {"address": "http://prometheus.monitoring:9090", "query": "rate(errors_total[1m])"}
    metric = {"name": "errors", "successCondition": "result[0] < 0.1", "provider": {"prometheus": prometheus}}
    run = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": {"name": "shop"}}
    assert namespace.apply({**run, "spec": {"metrics": [metric]}})[0] == 0
    assert until(lambda: namespace.get("analysisrun", "shop").get("status", {}).get("phase") == phase)


def test_the_components_definitions_are_served(embedded: Cluster) -> None:
    kinds = embedded.kubectl("api-resources", "--no-headers").stdout
    for kind in (
        "Application",
        "AppProject",
        "Rollout",
        "AnalysisTemplate",
        "ScaledObject",
        "ExternalSecret",
        "Certificate",
    ):
        assert f" {kind}\n" in kinds
    for version in ("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"):
        assert f"{version}\n" in embedded.kubectl("api-versions").stdout


def test_the_nodes_hold_production_with_everything_at_its_maximum() -> None:
    said = CliRunner().invoke(newstalk, ["capacity", "production", "--nodes", str(HERE / "nodes.yaml"), "--json"])
    (production,) = json.loads(said.stdout)["environments"]
    assert [finding for each in production["nodes"] for finding in each["findings"]] == []


# What a cluster refuses.


def test_pod_security_refuses_a_privileged_pod(namespace: Namespace) -> None:
    code, said = namespace.apply(
        bare(pod({"name": "shop", "image": "shop:v1", "securityContext": {"privileged": True}}))
    )
    assert code == 1
    assert 'violates PodSecurity "restricted' in said


def test_a_quota_refuses_what_is_beyond_it(namespace: Namespace) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota"},
        "spec": {"hard": {"pods": "1"}},
    }
    namespace.apply(quota)
    assert until(lambda: "pods" in namespace.get("quota", "quota").get("status", {}).get("hard", {}))
    namespace.apply(bare(pod(container())))
    code, said = namespace.apply({**bare(pod(container())), "metadata": {"name": "another"}})
    assert code == 1
    assert "exceeded quota: quota" in said


def test_nobody_without_rights_may_read(embedded: Cluster) -> None:
    assert embedded.kubectl("auth", "can-i", "get", "secrets", "--as=stranger").stdout == "no\n"
