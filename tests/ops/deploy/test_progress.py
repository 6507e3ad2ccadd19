"""What a controller wrote into a status is read as it means it."""

from collections.abc import Mapping
from typing import Any

import pytest

from ops.deploy.progress import SLACK, UNPLACED, start_up, state_of, troubles


def workload(kind: str, status: Mapping[str, Any]) -> dict[str, Any]:
    """Its second generation, of two replicas."""
    return {"kind": kind, "metadata": {"name": "web", "generation": 2}, "spec": {"replicas": 2}, "status": status}


DONE: dict[str, Any] = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def test_a_deployment_is_done_when_all_its_pods_are_new_and_available() -> None:
    assert state_of(workload("Deployment", DONE)).done


@pytest.mark.parametrize(
    "short",
    [{"observedGeneration": 1}, {"updatedReplicas": 1}, {"availableReplicas": 1}, {"replicas": 3}],
    ids=lambda short: next(iter(short)),
)
def test_a_deployment_is_not_done_while_one_figure_falls_short(short: dict[str, int]) -> None:
    assert not state_of(workload("Deployment", DONE | short)).done


def test_a_deployment_whose_pods_a_quota_refuses_has_failed() -> None:
    conditions = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]
    assert state_of(workload("Deployment", DONE | {"replicas": 3, "conditions": conditions})).failed == "exceeded quota"


def test_a_stateful_set_is_not_done_while_pods_of_the_old_revision_run() -> None:
    revisions = {"currentRevision": "a", "updateRevision": "b"}
    status = revisions | {"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 1}
    assert not state_of(workload("StatefulSet", status)).done
    assert state_of(workload("StatefulSet", status | {"updatedReplicas": 2})).done


def test_a_daemon_set_waits_for_every_node() -> None:
    status = {"observedGeneration": 2, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3}
    assert not state_of(workload("DaemonSet", status | {"numberAvailable": 2})).done
    assert state_of(workload("DaemonSet", status | {"numberAvailable": 3})).done


def test_a_job_fails_with_its_reason() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}
    assert state_of(workload("Job", {"conditions": [failed]})).failed == "DeadlineExceeded: too long"
    assert state_of(workload("Job", {"conditions": [{"type": "Complete", "status": "True"}]})).done


HEALTHY: dict[str, Any] = {
    "observedGeneration": "2",
    "workloadObservedGeneration": "5",
    "phase": "Healthy",
    "availableReplicas": 2,
}


def test_a_rollout_is_done_only_when_it_has_seen_the_template_of_its_deployment() -> None:
    assert state_of(workload("Rollout", HEALTHY), 5).done
    assert not state_of(workload("Rollout", HEALTHY), 6).done


def test_a_degraded_rollout_has_failed_unless_that_was_the_release_before() -> None:
    status = HEALTHY | {"phase": "Degraded", "message": "aborted"}
    assert state_of(workload("Rollout", status), 5).failed == "aborted"
    assert state_of(workload("Rollout", status), 6).failed is None


def pod(*conditions: tuple[str, str], waiting: str | None = None, **metadata: Any) -> dict[str, Any]:
    state = {"waiting": {"reason": waiting, "message": "because"}} if waiting else {"running": {}}
    status = {
        "conditions": [{"type": of, "status": status, "message": "because"} for of, status in conditions],
        "containerStatuses": [{"name": "main", "image": "web:v1", "state": state}],
    }
    probe = {"initialDelaySeconds": 5, "periodSeconds": 2, "failureThreshold": 10}
    spec = {"containers": [{"name": "main", "startupProbe": probe}]}
    return {"metadata": {"name": "web-1", **metadata}, "spec": spec, "status": status}


def test_a_pod_that_is_ready_or_on_its_way_out_is_no_trouble() -> None:
    assert list(troubles([pod(("Ready", "True")), pod(("Ready", "False"), deletionTimestamp="now")])) == []


def test_a_container_that_cannot_start_is_named_with_its_image() -> None:
    [trouble] = troubles([pod(("Ready", "False"), waiting="ImagePullBackOff")])
    assert trouble.why == "ImagePullBackOff of web:v1: because"


def test_a_pod_may_take_as_long_as_its_probes_allow_and_a_node_longer() -> None:
    assert start_up(pod()) == 5 + 2 * 10
    [slow] = troubles([pod(("PodScheduled", "True"), ("Ready", "False"))])
    assert slow.patience == 5 + 2 * 10 + SLACK
    [homeless] = troubles([pod(("PodScheduled", "False"))])
    assert (homeless.patience, "because" in homeless.why) == (UNPLACED, True)
