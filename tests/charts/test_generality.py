"""The library serves any platform: here a shop."""

import re
from dataclasses import replace

import pytest

from catalog.platform import PLATFORM
from charts.model import Platform
from ops.places import ROOT
from rules import complaints
from tests.charts.shop import FRONT, shop
from tests.platforms import Build, Objects

MOST = ["cert-manager", "external-secrets", "keda", "kubelet-metrics", "node-exporter", "security-headers", "small"]
COMPONENT_FOLDERS = {path.stem.replace("_", "-") for path in (ROOT / "charts" / "components").glob("*.py")}
# What KEDA calls the kind of queue that the model has topics of, and Argo Rollouts whom an analysis may ask.
SPOKEN = {"kafka", "prometheus"}


@pytest.mark.parametrize("components", [[], MOST, [*MOST, "standard-storage"]], ids=["base", "most", "all"])
def test_the_rules_find_nothing_wrong_with_another_platform(build: Build, components: list[str]) -> None:
    assert complaints(list(build(shop(), components).values())) == []


def test_every_workload_of_the_base_is_there(build: Build) -> None:
    kinds = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
    found = [one["metadata"]["name"] for one in build(shop()).values() if one["kind"] in kinds]
    names = [name if not name.startswith("move-") else "move" for name in found]  # a Job bears a hash of its content
    assert sorted(names) == sorted(one.name for one in shop().base)


def hosts(objects: Objects) -> dict[str, tuple[set[str], set[str]]]:
    """{Ingress: (hosts of its rules, hosts of its certificate)}."""
    return {
        name: ({rule["host"] for rule in one["spec"]["rules"]}, set(one["spec"]["tls"][0]["hosts"]))
        for name, one in objects.items()
        if one["kind"] == "Ingress"
    }


@pytest.mark.parametrize("domain", ["shop.example", "eu.shop.example", "example"])
def test_hosts_follow_from_one_setting(build: Build, domain: str) -> None:
    www, till = f"www.{domain}", f"till.{domain}"
    assert hosts(build(shop(), DOMAIN=domain)) == {
        "Ingress/shop-door": ({www}, {www, till}),
        "Ingress/shop-door-unlimited": ({till}, {till}),
    }


def test_a_setting_rolls_the_workloads_that_read_its_map_and_no_others(build: Build) -> None:
    before, after = build(shop()), build(shop(), CURRENCY="SEK")
    rolled = {name for name, one in after.items() if one["kind"] != "ConfigMap" and one != before[name]}
    assert rolled == {"Deployment/front"}


def test_an_own_setting_rolls_its_workload_alone(build: Build) -> None:
    changed = replace(FRONT, settings={"GREETING": "good day"})
    other = replace(shop(), workloads=(changed, *shop().workloads[1:]))
    before, after = build(shop()), build(other)
    differ = {name for name, one in after.items() if one != before[name]}
    assert differ == {"ConfigMap/front-config", "Deployment/front"}


def test_removing_a_workload_removes_every_trace_of_it(build: Build) -> None:
    kept = tuple(one for one in shop().workloads if one.name != "till")
    objects = build(replace(shop(), workloads=kept), MOST)
    assert [name for name, one in objects.items() if re.search(r"\btill\b", str(one))] == []


def test_every_object_that_has_a_namespace_names_it(build: Build) -> None:
    wide = ("Namespace", "ClusterRole", "ClusterRoleBinding", "ClusterIssuer")
    objects = build(shop(), MOST).values()
    assert {one["metadata"].get("namespace") for one in objects if one["kind"] not in wide} == {"shop", "attic"}


def own_names(of: Platform) -> set[str]:
    """The words by which one platform is told from others."""
    workloads = {one.name for one in of.workloads if one.name not in COMPONENT_FOLDERS}
    settings = {key for shared in of.settings for key in shared.values if key != of.domain}
    images = {one.image.partition(":")[0] for one in of.workloads}
    groups = {person.group for person in of.people}
    return workloads | settings | images | groups | set(of.secret.keys) | set(of.topics)


def test_the_library_knows_no_name_of_newstalk() -> None:
    words = "|".join(re.escape(name) for name in sorted(own_names(PLATFORM) - SPOKEN))
    known = re.compile(rf"(?<![\w-])({words})(?![\w-])", re.ASCII)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "charts").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if known.search(line) or "newstalk" in line.lower()
    ]
    assert found == []
