"""The quotas hold what the environments need, reckoned here by plain arithmetic over the rendered YAML."""

from collections import defaultdict
from decimal import Decimal

import pytest

from tests.conftest import Manifest

UNITS = {"m": Decimal("0.001"), "": Decimal(1), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}
AMOUNTS = [f"{bound}.{resource}" for bound in ("requests", "limits") for resource in ("cpu", "memory")]


def amount(written: str) -> Decimal:
    suffix = written.lstrip("0123456789")
    return Decimal(written.removesuffix(suffix)) * UNITS[suffix]


def most(objects: list[Manifest], name: str, fixed: int) -> int:
    """The replicas at the autoscaler's maximum, the fixed ones where there is none."""
    for one in objects:
        if one["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            spec = one["spec"]
            if spec["scaleTargetRef"]["name"] == name:
                return int(spec.get("maxReplicas") or spec["maxReplicaCount"])
    return fixed


def asking(objects: list[Manifest]) -> list[Manifest]:
    """The Jobs that ask the new copies of a blue-green release."""
    metrics = (metric for one in objects if one["kind"] == "AnalysisTemplate" for metric in one["spec"]["metrics"])
    jobs = [metric["provider"]["job"] for metric in metrics if "job" in metric["provider"]]
    return [{"kind": "Job", "metadata": {"name": "asking"}, **job} for job in jobs]


def need(objects: list[Manifest], surge: int) -> dict[str, Decimal]:
    """Of every pod at once: autoscalers at their maxima, each Job running, and in a rollout `surge` pods more per
    Deployment, or a second copy with whoever asks it."""
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    twice = {one["spec"]["workloadRef"]["name"] for one in objects if one["kind"] == "Rollout"}
    for one in [*objects, *(asking(objects) if surge else [])]:
        kind, spec = one["kind"], one.get("spec", {})
        if kind not in ("Deployment", "StatefulSet", "Job", "CronJob"):
            continue
        pod = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
        name = one["metadata"]["name"]
        pods = most(objects, name, spec.get("replicas", 1))
        if kind == "Deployment" and surge:
            pods += pods if name in twice else surge
        total["pods"] += pods
        for container in pod["spec"]["containers"]:
            for name in AMOUNTS:
                bound, resource = name.split(".")
                total[name] += pods * amount(container["resources"][bound][resource])
        for claim in spec.get("volumeClaimTemplates", []):
            total["requests.storage"] += pods * amount(claim["spec"]["resources"]["requests"]["storage"])
    for one in objects:
        if one["kind"] == "PersistentVolumeClaim":
            total["requests.storage"] += amount(one["spec"]["resources"]["requests"]["storage"])
    return total


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize("surge", [0, 1], ids=["at every maximum", "at every maximum and in a rollout of everything"])
def test_the_quota_holds_the_environment(environment: str, surge: int, rendered: dict[str, list[Manifest]]) -> None:
    objects = rendered[environment]
    hard = next(one["spec"]["hard"] for one in objects if one["kind"] == "ResourceQuota")
    needed = need(objects, surge)
    assert set(needed) == set(hard)
    over = {name: (needed[name], hard[name]) for name in needed if needed[name] > amount(str(hard[name]))}
    assert over == {}


def test_no_container_is_above_the_limit_range(rendered: dict[str, list[Manifest]]) -> None:
    objects = rendered["production"]
    maximum = next(one["spec"]["limits"][0]["max"] for one in objects if one["kind"] == "LimitRange")
    pods = [one["spec"]["template"]["spec"] for one in objects if one["kind"] in ("Deployment", "StatefulSet", "Job")]
    limits = [container["resources"]["limits"] for pod in pods for container in pod["containers"]]
    assert [limit for limit in limits for name in maximum if amount(limit[name]) > amount(maximum[name])] == []
