"""Any platform is delivered by Argo CD: what starts when, what is allowed, what is left to controllers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import main
from charts import gitops, waves
from charts.model import Delivery, Gitops, ModelError, Platform, Variant
from ops import render, synth
from tests import schemas
from tests.charts.shop import shop
from tests.platforms import platform, refusals, tells, workload

WAVE = "argocd.argoproj.io/sync-wave"
DELIVERED = Gitops(repository="git@shop.example:shop.git", deliveries={"staging": Delivery(cluster="till", heal=True)})


def made(kind: str, name: str, api: str = "v1", namespace: str | None = "hall", **fields: Any) -> dict[str, Any]:
    space = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **space}, **fields}


def scaler(of: str, **target: str) -> dict[str, Any]:
    return made(of, "x", spec={"scaleTargetRef": target})


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's dist/, by the interface that other platforms have."""
    root = tmp_path_factory.mktemp("shop")
    overlay = root / "overlays" / "staging"
    overlay.mkdir(parents=True)
    colours = {"blueGreen": {"activeService": "front", "previewService": "till"}}
    labels = {"app.kubernetes.io/name": "front"}
    rollout = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "front-colours", "labels": labels},
        "spec": {"strategy": colours},
    }
    (overlay / "rollout.yaml").write_text(yaml.safe_dump(rollout))
    kustomization = {
        "namespace": "shop",
        "resources": ["../../dist/base", "rollout.yaml"],
        "components": [f"../../dist/components/{name}" for name in ("gateway-api", "keda")],
        "transformers": [f"../../dist/transformers/{name}" for name in ("sync-waves", "routes")],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    described = replace(shop(), gitops=DELIVERED)
    assert synth.main(lambda: described, main.build, root, gitops.write) == 0
    return root / "dist"


@pytest.fixture(scope="module")
def staging(delivered: Path) -> dict[str, Any]:
    """{Kind/name: object} of the shop's staging."""
    paths = (delivered / "environments" / "staging").rglob("*.yaml")
    return {path.stem.replace(".", "/", 1): yaml.safe_load(path.read_text()) for path in paths}


def wave(one: Mapping[str, Any]) -> int:
    return int(one["metadata"].get("annotations", {}).get(WAVE, 0))


def test_another_platform_gets_its_own_project_and_applications(delivered: Path) -> None:
    objects = {path.stem: yaml.safe_load(path.read_text()) for path in (delivered / "gitops").glob("[A-Z]*.yaml")}
    assert objects.keys() == {"AppProject.shop", "Application.shop-staging"}
    application, project = objects["Application.shop-staging"]["spec"], objects["AppProject.shop"]["spec"]
    assert application["source"]["repoURL"] == DELIVERED.repository == project["sourceRepos"][0]
    assert application["source"]["path"] == "dist/environments/staging"
    assert application["destination"] == {"name": "till", "namespace": "shop"}
    assert project["destinations"] == [{"name": "till", "namespace": "shop"}]
    assert [line for one in objects.values() for line in schemas.complaints(one, schemas.minors()[0])] == []


def test_a_platform_that_is_not_delivered_so_has_no_gitops(tmp_path: Path) -> None:
    gitops.write(platform(workload()), {"staging": []}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_controller_writes_is_ignored_in_the_rendered_environment(delivered: Path) -> None:
    spec = yaml.safe_load((delivered / "gitops" / "Application.shop-staging.yaml").read_text())["spec"]
    left = {(one["kind"], one["name"]): one["jsonPointers"] for one in spec["ignoreDifferences"]}
    replicas, colours = ["/spec/replicas"], list(gitops.COLOURED)
    assert left == {
        ("Deployment", "front"): replicas,
        ("Deployment", "packer"): replicas,
        ("Service", "front"): colours,
        ("Service", "till"): colours,
    }


def test_each_starts_later_than_what_it_comes_after(staging: dict[str, Any]) -> None:
    assert 0 < wave(staging["StatefulSet/db"]) < wave(staging["Deployment/front"])
    assert wave(staging["StatefulSet/db"]) < wave(staging["Job/move"])


@pytest.mark.parametrize("following", ["HorizontalPodAutoscaler/front-hpa", "Rollout/front-colours"])
def test_what_waits_for_a_workload_is_in_its_wave_whoever_brings_it(following: str, staging: dict[str, Any]) -> None:
    assert wave(staging[following]) == wave(staging["Deployment/front"])


def test_what_a_component_brings_has_the_wave_of_its_workload_too(staging: dict[str, Any]) -> None:
    assert wave(staging["ScaledObject/packer"]) == wave(staging["Deployment/packer"]) > 0


def test_the_entrances_come_last(staging: dict[str, Any]) -> None:
    doors = [wave(one) for one in staging.values() if one["kind"] in ("Gateway", "HTTPRoute")]
    assert set(doors) == {max(map(wave, staging.values()))}


@pytest.mark.parametrize(
    "kind", ["Namespace", "ResourceQuota", "ConfigMap", "NetworkPolicy", "Role", "ServiceAccount", "Service"]
)
def test_what_workloads_rely_on_comes_first(kind: str, staging: dict[str, Any]) -> None:
    assert {wave(one) for one in staging.values() if one["kind"] == kind} == {0}


def test_a_job_is_a_hook_of_the_sync_and_a_schedule_is_none(staging: dict[str, Any]) -> None:
    hooks = {
        name for name, one in staging.items() if "argocd.argoproj.io/hook" in one["metadata"].get("annotations", {})
    }
    assert hooks == {"Job/move"}
    assert staging["Job/move"]["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "Sync"


def test_the_waves_are_no_part_of_any_pod(delivered: Path, tmp_path: Path) -> None:
    """Else switching them on, or another workload in between, would roll pods."""
    (tmp_path / "dist").symlink_to(delivered)
    found = []
    for names in ([], ["sync-waves"]):
        overlay = tmp_path / "overlays" / f"own-{len(names)}"
        overlay.mkdir(parents=True)
        lines = {"resources": ["../../dist/base"], "transformers": [f"../../dist/transformers/{n}" for n in names]}
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(lines))
        manifests = [one.manifest for one in render.render(overlay)]
        found.append({one["metadata"]["labels"]["app.kubernetes.io/name"]: list(pods(one)) for one in manifests})
    assert found[0] == found[1]


def pods(value: Any) -> Iterator[Any]:
    """Whatever stands under "template"."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        yield from [inner] if key == "template" else pods(inner)


def test_what_nobody_comes_after_is_in_the_last_wave() -> None:
    shelf, counter = workload("shelf"), workload("counter", after=("shelf",))
    found = waves.waves(platform(shelf, counter, workload("till", after=("counter",)), workload("radio")))
    assert found == {"shelf": 1, "counter": 2, "radio": 3, "till": 3}


def test_the_order_holds_in_a_variant_too() -> None:
    counter = workload("counter", variants={"late": Variant(says="late.", after=("shelf",))})
    found = waves.waves(platform(workload("shelf"), counter))
    assert found["shelf"] < found["counter"]


def test_a_variant_that_turns_the_order_around_is_refused_in_one_line() -> None:
    counter = workload("counter", variants={"late": Variant(says="late.", after=("shelf",))})
    shelf = workload("shelf", after=("counter",), variants={"late": Variant(says="late.", after=())})
    with pytest.raises(ModelError) as caught:
        waves.waves(platform(shelf, counter))
    [line] = caught.value.refusals
    assert ".after: a cycle" in line
    assert "shelf" in line
    assert "counter" in line


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (scaler("HorizontalPodAutoscaler", apiVersion="apps/v1", kind="StatefulSet", name="web"), "StatefulSet"),
        (scaler("HorizontalPodAutoscaler", apiVersion="argoproj.io/v1alpha1", kind="Rollout", name="web"), "Rollout"),
        (scaler("ScaledObject", name="web"), "Deployment"),
    ],
)
def test_the_replicas_of_what_is_scaled_are_ignored(one: dict[str, Any], kind: str) -> None:
    [left] = gitops.ignored([one])
    assert (left.kind, left.namespace, left.name, left.pointers) == (kind, "hall", "web", ("/spec/replicas",))


@pytest.mark.parametrize(("down", "ignored"), [("never", False), ("progressively", True), ("onsuccess", True)])
def test_the_deployment_that_a_rollout_scales_down_is_ignored(down: str, ignored: bool) -> None:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": down}
    left = gitops.ignored([made("Rollout", "web", spec={"workloadRef": reference, "strategy": {"blueGreen": {}}})])
    assert [one.name for one in left] == (["web"] if ignored else [])


def test_what_nobody_scales_is_not_ignored() -> None:
    assert gitops.ignored([made("Deployment", "web", spec={"replicas": 2}), made("ConfigMap", "web", data={})]) == []


def refused(deliveries: Mapping[str, Delivery], **environments: list[dict[str, Any]]) -> list[str]:
    value = Gitops(repository="https://shop.example/shop.git", deliveries=deliveries)
    return list(gitops.refused(value, environments))


def test_an_environment_that_is_not_committed_cannot_be_delivered() -> None:
    [line] = refused({"prod": Delivery(cluster="a", heal=True)}, production=[])
    assert tells(line, "gitops.deliveries", "prod", "production")


def test_two_environments_cannot_share_a_namespace_of_a_cluster() -> None:
    both = {"next": Delivery(cluster="a", heal=True), "now": Delivery(cluster="a", heal=True)}
    hall, yard = [made("ConfigMap", "x")], [made("ConfigMap", "x", namespace="yard")]
    assert refused(both, next=hall, now=yard) == []
    [line] = refused(both, next=hall, now=hall)
    assert tells(line, "gitops.deliveries.now.cluster", "next", "hall")


GOOD: dict[str, Any] = {"repository": "https://shop.example/shop.git", "deliveries": DELIVERED.deliveries}


@pytest.mark.parametrize(
    ("fields", "path", "word"),
    [
        ({"repository": "shop"}, "gitops.repository", "https"),
        ({"folder": "/dist"}, "gitops.folder", "/dist"),
        ({"folder": "../dist"}, "gitops.folder", "root"),
        ({"deliveries": {}}, "gitops.deliveries", "none"),
        ({"namespace": "Argo"}, "gitops.namespace", "Argo"),
        ({"deliveries": {"now": Delivery(cluster=" ", heal=True)}}, "gitops.deliveries.now.cluster", "empty"),
        (
            {"deliveries": {"now": Delivery(cluster="a", heal=True, revision="")}},
            "gitops.deliveries.now.revision",
            "empty",
        ),
    ],
)
def test_nonsense_is_refused_where_it_is_written(fields: dict[str, Any], path: str, word: str) -> None:
    [line] = refusals(workload(), gitops=Gitops(**GOOD | fields))
    assert tells(line, path, word)


def test_each_way_to_write_a_repository_is_taken() -> None:
    for repository in ("https://a.example/b.git", "ssh://git@a.example/b.git", "git@a.example:b.git"):
        described: Platform = platform(workload(), gitops=Gitops(**GOOD | {"repository": repository}))
        assert described.gitops is not None
