"""What follows from a change: the right pods roll, a removed workload leaves nothing, order does not matter."""

import dataclasses
from itertools import combinations
from pathlib import Path

import pytest
import yaml

import main
from charts.model import ModelError, Platform
from ops import render
from ops.exclusions import of_folders
from ops.places import DIST, OVERLAYS
from tests.conftest import Manifest

PLATFORM = main.platform()
RUNNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


def overlay(place: Path, **fields: object) -> list[Manifest]:
    """The objects of an overlay of its own over the committed dist/."""
    folder = place / "overlays" / "own"
    folder.mkdir(parents=True)
    (place / "dist").symlink_to(DIST)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["../../dist/base"], **fields}))
    return [one.manifest for one in render.render(folder)]


def templates(objects: list[Manifest]) -> dict[str, object]:
    """{workload: its pod template}."""
    found: dict[str, object] = {}
    for one in objects:
        if one["kind"] in RUNNERS:
            spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
            found[one["metadata"]["labels"]["app.kubernetes.io/name"]] = spec["template"]
    return found


def rolled(before: list[Manifest], after: list[Manifest]) -> set[str]:
    old, new = templates(before), templates(after)
    return {name for name in old if old[name] != new[name]}


def readers(name: str, objects: list[Manifest]) -> set[str]:
    """The workloads whose pods name a ConfigMap of that name, hash or no hash."""
    return {workload for workload, template in templates(objects).items() if f"'{name}-" in str(template)}


def merged(name: str, literal: str) -> dict[str, object]:
    return {"configMapGenerator": [{"name": name, "behavior": "merge", "literals": [literal]}]}


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("newstalk-ai-config", "SSE_MAX_CONNECTIONS=7"),
        ("fastapi-backend-config", "LOG_LEVEL=debug"),
        ("newstalk-ai-environment", "DOMAIN=example.org"),
    ],
)
def test_a_setting_rolls_exactly_the_workloads_whose_map_holds_it(name: str, literal: str, tmp_path: Path) -> None:
    before, after = overlay(tmp_path / "before"), overlay(tmp_path / "after", **merged(name, literal))
    assert rolled(before, after) == readers(name, before) != set()


def test_an_own_setting_rolls_one_workload_and_a_shared_one_several(tmp_path: Path) -> None:
    objects = overlay(tmp_path)
    assert readers("fastapi-backend-config", objects) == {"fastapi-backend"}
    assert len(readers("newstalk-ai-config", objects)) > 1


def test_a_job_is_made_anew_when_its_template_changes(tmp_path: Path) -> None:
    images = [{"name": "newstalk-ai/airflow", "newTag": "v9"}]
    before, after = overlay(tmp_path / "before"), overlay(tmp_path / "after", images=images)
    old, new = ({one["metadata"]["name"] for one in objects if one["kind"] == "Job"} for objects in (before, after))
    assert {name.rpartition("-")[0] for name in old ^ new} == {"airflow-migrate"}
    assert len(old) == len(new)


def test_a_custom_resource_follows_the_hash_of_a_map_that_it_names(tmp_path: Path) -> None:
    pod = {"containers": [{"name": "x", "envFrom": [{"configMapRef": {"name": "fastapi-backend-config"}}]}]}
    job = {"metric": "smoke", "provider": {"job": {"spec": {"template": {"spec": pod}}}}}
    analysis = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "smoke"}}
    folder = tmp_path / "overlays" / "own"
    folder.mkdir(parents=True)
    (folder / "analysis.yaml").write_text(yaml.safe_dump({**analysis, "spec": {"metrics": [job]}}))
    (tmp_path / "dist").symlink_to(DIST)
    kustomization = {"resources": ["../../dist/base", "analysis.yaml"], "namespace": "newstalk-ai"}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    objects = [one.manifest for one in render.render(folder)]
    made = {one["metadata"]["name"] for one in objects if one["kind"] == "ConfigMap"}
    template = next(one for one in objects if one["kind"] == "AnalysisTemplate")
    named = template["spec"]["metrics"][0]["provider"]["job"]["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    assert named[0]["configMapRef"]["name"] in made


def without(name: str) -> Platform | ModelError:
    workloads = tuple(workload for workload in PLATFORM.workloads if workload.name != name)
    try:
        return dataclasses.replace(PLATFORM, workloads=workloads)
    except ModelError as refused:
        return refused


def needed_by(name: str) -> set[str]:
    """The workloads that name it in `calls` or `after`, read a topic of its, or have it watch their releases."""
    topics = {topic.name for topic in PLATFORM[name].topics}
    return {
        workload.name
        for workload in PLATFORM.workloads
        if workload.name != name
        and (
            name in {called for called, _ in workload.called}
            or name in workload.after
            or (workload.lag and workload.lag.topic in topics)
            or (workload.release and name == PLATFORM.scraper)
        )
    }


def test_removing_a_workload_that_is_needed_names_each_that_needs_it() -> None:
    for workload in PLATFORM.workloads:
        left = without(workload.name)
        if isinstance(left, ModelError):
            complaining = {line.split(".")[0].split(":")[0] for line in left.refusals}
            assert complaining - {"scraper"} == needed_by(workload.name), left.refusals
        else:
            assert needed_by(workload.name) == set()


def removable() -> list[str]:
    return [w.name for w in PLATFORM.workloads if isinstance(without(w.name), Platform)]


@pytest.mark.slow
@pytest.mark.parametrize("name", removable())
def test_a_removed_workload_leaves_no_trace(name: str, tmp_path: Path) -> None:
    left = without(name)
    assert isinstance(left, Platform)
    main.build(left, tmp_path / "dist")
    written = [path for path in (tmp_path / "dist").rglob("*") if path.is_file()]
    mentions = [path for path in written if traced(name, path.read_text()) or name in path.parts or name in path.stem]
    assert [str(path.relative_to(tmp_path)) for path in mentions if not allowed(name, path)] == []


def traced(name: str, text: str) -> bool:
    """The name stands alone, not as part of a longer one."""
    words = text.replace('"', " ").replace("'", " ").replace("/", " ").replace(":", " ").replace(",", " ").split()
    return name in words


def allowed(name: str, path: Path) -> bool:
    """Alerts, runbooks and dashboards are written for a workload by hand and stay; the component of its name too."""
    by_hand = {"rules", "dashboards", "mapping", "datasources"} & set(path.parts)
    return bool(by_hand) or (path.parent.name == name and "components" in path.parts)


def all_components() -> list[str]:
    return sorted(path.parent.name for path in (DIST / "components").glob("*/kustomization.yaml"))


def allowed_pairs() -> list[tuple[str, str]]:
    """Each two components, but those of which one says that it cannot stand beside the other."""
    pairs = combinations(all_components(), 2)
    return [pair for pair in pairs if not of_folders(DIST / "components" / name for name in pair)]


@pytest.mark.slow
@pytest.mark.parametrize("pair", allowed_pairs(), ids=" and ".join)
def test_two_components_render_the_same_in_both_orders(pair: tuple[str, str], tmp_path: Path) -> None:
    found = []
    for order in (pair, pair[::-1]):
        components = [f"../../dist/components/{name}" for name in order]
        objects = overlay(tmp_path / "-".join(order), components=components)
        found.append({(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]): o for o in objects})
    assert found[0] == found[1]


def test_the_domain_of_an_environment_ends_every_host(rendered: dict[str, list[Manifest]]) -> None:
    for objects in rendered.values():
        maps = [one["data"]["DOMAIN"] for one in objects if one["kind"] == "ConfigMap" and "DOMAIN" in one["data"]]
        assert len(maps) == 1
        ingresses = [one["spec"] for one in objects if one["kind"] == "Ingress"]
        hosts = [rule["host"] for spec in ingresses for rule in spec["rules"]]
        covered = {host for spec in ingresses for tls in spec["tls"] for host in tls["hosts"]}
        assert set(hosts) == covered == {f"{host.split('.')[0]}.{maps[0]}" for host in hosts}


def test_a_tree_without_the_overlay_of_an_environment_has_no_folder_of_it() -> None:
    folders = {path.name for path in (DIST / "environments").iterdir()}
    assert folders <= {path.name for path in OVERLAYS.iterdir()}
