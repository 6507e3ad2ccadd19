"""A quota or LimitRange that is too small is one line: which, by how much, and what to change."""

import re
from typing import Any

import pytest

from ops.capacity.report import report
from tests.conftest import Manifest
from tests.ops.capacity.objects import (
    Object,
    claim,
    container,
    deployment,
    limit_range,
    lines,
    machine,
    made,
    quota,
    reckoned,
    resources,
    scaler,
    stateful,
    template,
    the_line,
)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_committed_environments_fit(environment: str, rendered: dict[str, list[Manifest]]) -> None:
    found = report(environment, rendered[environment])
    assert lines(found) == []
    assert any(line.quota for line in found.lines)


@pytest.mark.parametrize(
    ("key", "needed"),
    [
        ("requests.cpu", 3),
        ("cpu", 3),
        ("requests.memory", 3 * 2**30),
        ("memory", 3 * 2**30),
        ("limits.cpu", 6),
        ("limits.memory", 3 * 2**30),
        ("requests.shop.example/tills", 3),
        ("requests.ephemeral-storage", 3 * 2**20),
        ("pods", 3),
        ("count/pods", 3),
        ("requests.storage", 30),
        ("fast.storageclass.storage.k8s.io/requests.storage", 30),
        ("fast.storageclass.storage.k8s.io/persistentvolumeclaims", 3),
        ("persistentvolumeclaims", 3),
        ("count/persistentvolumeclaims", 3),
        ("count/statefulsets.apps", 1),
        ("count/services", 2),
        ("services", 2),
        ("services.loadbalancers", 1),
        ("services.nodeports", 3),
        ("count/networkpolicies.networking.k8s.io", 1),
        ("count/gateways.gateway.networking.k8s.io", 1),
        ("count/ingresses.networking.k8s.io", 1),
        ("count/configmaps", 1),
        ("count/secrets", 1),
        ("count/replicasets.apps", 4),
        ("count/jobs.batch", 6),
    ],
)
def test_every_key_is_held_against_what_counts_for_it(key: str, needed: int) -> None:
    own = resources(limit="2", **{"shop.example/tills": "1", "ephemeral-storage": "1Mi"})
    ports = [{"port": 80}, {"port": 443}, {"port": 8080}]
    objects = [
        stateful(replicas=3, claims=[claim("10", "fast")], containers=[container(resources=own)]),
        made("Service", "door", {"type": "LoadBalancer", "ports": ports}),
        made("Service", "inner", {"ports": [{"port": 80}]}),
        {**made("NetworkPolicy", "wall", {}), "apiVersion": "networking.k8s.io/v1"},
        {**made("Gateway", "gate", {}), "apiVersion": "gateway.networking.k8s.io/v1"},
        {**made("Ingress", "edge", {}), "apiVersion": "networking.k8s.io/v1"},
        {**made("ExternalSecret", "keys", {}), "apiVersion": "external-secrets.io/v1"},
        made("Deployment", "none", {"replicas": 0, "revisionHistoryLimit": 3, "template": template()}),
        made("CronJob", "never", {"jobTemplate": {"spec": {"parallelism": 0, "template": template()}}}),
        made("Job", "now", {"parallelism": 0, "template": template()}),
    ]
    shelf = machine(cpu="1000", memory="1000", resources={"shop.example/tills": 9})
    assert lines(reckoned(*objects, quota(hard={key: needed}), nodes=[shelf])) == []
    line = the_line(reckoned(*objects, quota(hard={key: needed - 1}), nodes=[shelf]))
    assert line.startswith(f"ResourceQuota/purse spec.hard[{key}]: ")
    assert "raise it to" in line


def test_a_key_that_is_not_reckoned_is_said_and_fails_nothing() -> None:
    found = reckoned(deployment(), quota(hard={"widgets": 0}))
    assert found.fits
    assert "ResourceQuota/purse spec.hard[widgets] is not reckoned" in found.notes


def autoscaled(*more: Object, surge: Any = 0, **hard: Any) -> list[Object]:
    return [deployment(replicas=None, surge=surge), scaler(fewest=2, most=9), quota(hard=hard), *more]


def test_a_quota_too_small_at_the_minimum_can_only_be_raised() -> None:
    line = the_line(reckoned(*autoscaled(pods="1")))
    assert line == "ResourceQuota/purse spec.hard[pods]: 1 does not hold 2 at the minimum: raise it to 9"


def test_a_quota_too_small_at_the_maximum_names_the_autoscaler_that_may_be_lowered() -> None:
    line = the_line(reckoned(*autoscaled(**{"requests.cpu": "4500m"})))
    assert line.startswith("ResourceQuota/purse spec.hard[requests.cpu]: 4.5 does not hold 9 at the maximum: ")
    assert line.endswith("raise it to 9 or lower HorizontalPodAutoscaler/web-hpa spec.maxReplicas from 9 to 4")


def test_a_surge_that_does_not_fit_names_the_strategy() -> None:
    line = the_line(reckoned(*autoscaled(surge="25%", **{"limits.memory": "10Gi"})))
    assert line.startswith(
        "ResourceQuota/purse spec.hard[limits.memory]: 10Gi holds 9Gi at the maximum, not 12Gi in a "
    )
    assert "raise it to 12Gi" in line
    assert "spec.maxReplicas from 9 to 8" in line
    assert line.endswith("lower Deployment/web spec.strategy.rollingUpdate.maxSurge")


@pytest.mark.parametrize("surge", [0, 1, 3, "25%", "40%", "100%"])
@pytest.mark.parametrize("hard", ["3", "7", "8.5", "11"])
def test_each_remedy_mends_it_and_the_next_replica_would_not(surge: Any, hard: str) -> None:
    def fits(most: int, key: str) -> bool:
        objects = [deployment(replicas=None, surge=surge), scaler(fewest=1, most=most), stateful(cpu="500m")]
        return reckoned(*objects, quota(hard={"requests.cpu": key})).fits

    objects = [deployment(replicas=None, surge=surge), scaler(fewest=1, most=20), stateful(cpu="500m")]
    line = the_line(reckoned(*objects, quota(hard={"requests.cpu": hard})))
    [raised] = re.findall(r"raise it to (\d+)", line)
    assert fits(20, raised)
    assert not fits(20, str(int(raised) - 1))
    lowered = [int(to) for to in re.findall(r"spec.maxReplicas from 20 to (\d+)", line)]
    assert bool(lowered) == fits(1, hard)
    assert all(fits(to, hard) and not fits(to + 1, hard) for to in lowered)


def test_each_of_two_quotas_is_held() -> None:
    found = reckoned(deployment(replicas=3), quota("a", hard={"pods": 3}), quota("b", hard={"pods": 2}))
    assert [line.split()[0] for line in lines(found)] == ["ResourceQuota/b"]


def test_a_quota_bounds_its_own_namespace_only() -> None:
    elsewhere = made("ResourceQuota", "purse", {"hard": {"pods": 0}}, namespace="other")
    assert reckoned(deployment(), elsewhere).fits


ENDS = {"activeDeadlineSeconds": 60}


@pytest.mark.parametrize(
    ("scope", "counted"),
    [
        ({"scopes": ["Terminating"]}, 1),
        ({"scopes": ["NotTerminating"]}, 2),
        ({"scopes": ["BestEffort"]}, 0),
        ({"scopes": ["NotBestEffort"]}, 3),
        ({"scopes": ["NotTerminating", "NotBestEffort"]}, 2),
        ({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "Exists"}]}}, 1),
        ({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "DoesNotExist"}]}}, 2),
        (
            {
                "scopeSelector": {
                    "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["a"]}]
                }
            },
            0,
        ),
        (
            {
                "scopeSelector": {
                    "matchExpressions": [{"scopeName": "PriorityClass", "operator": "NotIn", "values": ["a"]}]
                }
            },
            3,
        ),
        ({"scopes": ["Unheard"]}, 3),
    ],
)
def test_scopes_choose_the_pods_that_count(scope: Object, counted: int) -> None:
    objects = [deployment("a", **ENDS), deployment("b"), deployment("c", priorityClassName="high")]
    [line] = [each for each in reckoned(*objects, quota(hard={"pods": 9}, **scope)).lines if each.resource == "pods"]
    assert line.maximum == counted


def bare(**stated: Any) -> Object:
    return deployment(containers=[container(resources=stated)])


@pytest.mark.parametrize("key", ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"])
def test_a_container_that_does_not_state_what_the_quota_counts_is_refused(key: str) -> None:
    line = the_line(reckoned(bare(), quota(hard={key: "9"})))
    assert line.startswith(f"Deployment/web spec.template.spec.containers[main].resources.{key}: is not set")
    assert "ResourceQuota/purse" in line


def test_an_init_container_is_refused_too() -> None:
    found = reckoned(deployment(initContainers=[{"name": "first"}]), quota(hard={"limits.cpu": "9"}))
    assert the_line(found).startswith("Deployment/web spec.template.spec.initContainers[first].resources.limits.cpu: ")


def test_a_limit_counts_as_the_request_that_is_not_stated() -> None:
    hard = {"requests.cpu": "2", "limits.cpu": "2"}
    found = reckoned(bare(limits={"cpu": "2"}), quota(hard=hard))
    assert found.fits
    assert {line.resource: line.maximum for line in found.lines if line.hard} == {"requests.cpu": 2, "limits.cpu": 2}


@pytest.mark.parametrize(
    ("bounds", "stated", "requested", "limit"),
    [
        ({"default": {"cpu": "3"}}, {}, 3, 3),
        ({"default": {"cpu": "3"}, "defaultRequest": {"cpu": "1"}}, {}, 1, 3),
        ({"defaultRequest": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, 2, 2),
        ({"default": {"cpu": "3"}}, {"requests": {"cpu": "2"}}, 2, 3),
        ({"max": {"cpu": "4"}}, {}, 4, 4),
        ({"min": {"cpu": "1"}, "default": {"cpu": "3"}}, {}, 3, 3),
        ({"min": {"cpu": "1"}, "max": {"cpu": "4"}}, {"limits": {"cpu": "2"}}, 2, 2),
    ],
)
def test_a_limit_range_gives_what_is_not_stated(bounds: Object, stated: Object, requested: int, limit: int) -> None:
    found = reckoned(bare(**stated), limit_range(**bounds), quota(hard={"requests.cpu": "9", "limits.cpu": "9"}))
    assert found.fits
    assert {line.resource: line.maximum for line in found.lines if line.hard} == {
        "requests.cpu": requested,
        "limits.cpu": limit,
    }


@pytest.mark.parametrize(
    ("bounds", "stated", "said"),
    [
        ({"max": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, "containers[main].resources.limits.cpu: 2 is above"),
        ({"min": {"cpu": "1"}}, {"requests": {"cpu": "500m"}}, "containers[main].resources.requests.cpu: 500m, below"),
        (
            {"default": {"cpu": "1"}},
            {"requests": {"cpu": "2"}},
            "containers[main].resources.requests.cpu: 2 is above its limit of 1",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "1"}, "limits": {"cpu": "3"}},
            "containers[main].resources.limits.cpu: 3 is more than 2 times",
        ),
        ({"type": "Pod", "max": {"memory": "1Gi"}}, {"limits": {"memory": "2Gi"}}, "limits.memory: 2Gi is above"),
    ],
)
def test_beyond_a_limit_range_is_one_line(bounds: Object, stated: Object, said: str) -> None:
    line = the_line(reckoned(bare(**stated), limit_range(**bounds)))
    assert line.startswith("Deployment/web spec.template.spec.")
    assert said in line


def test_what_is_within_a_limit_range_is_no_finding() -> None:
    bounds = {"max": {"cpu": "2"}, "min": {"cpu": "1"}, "maxLimitRequestRatio": {"cpu": "2"}}
    assert reckoned(bare(requests={"cpu": "1"}, limits={"cpu": "2"}), limit_range(**bounds)).fits


def test_a_minimum_alone_is_the_request_that_is_not_stated() -> None:
    found = reckoned(bare(), limit_range(min={"cpu": "250m"}), quota(hard={"requests.cpu": "1"}))
    assert found.fits
    assert {float(line.maximum) for line in found.lines if line.hard} == {0.25}


def test_a_claim_beyond_a_limit_range_is_one_line() -> None:
    bounds = limit_range(type="PersistentVolumeClaim", max={"storage": "5Gi"})
    line = the_line(reckoned(stateful(claims=[claim("6Gi")]), bounds))
    assert line.startswith(
        "StatefulSet/store spec.volumeClaimTemplates[0].spec.resources.requests.storage: 6Gi is above"
    )


def test_a_limit_range_of_another_namespace_gives_nothing() -> None:
    elsewhere = {**limit_range(max={"cpu": "1"}), "metadata": {"name": "bounds", "namespace": "other"}}
    assert reckoned(deployment(cpu="2"), elsewhere).fits
