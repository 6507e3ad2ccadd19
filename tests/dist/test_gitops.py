"""Argo CD can bring each environment from git to its cluster, and may do nothing else there."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import main
from charts.model import Once, Replicas, Workload
from ops.check.command import CRDS
from ops.check.objects import CLUSTER_SCOPED
from ops.cli import app
from ops.places import DIST, OVERLAYS, ROOT
from tests import schemas
from tests.conftest import Manifest

ARGO = "argocd.argoproj.io/"
RUNNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout")
NAME = "app.kubernetes.io/name"
PLATFORM = main.platform()


def read(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.CSafeLoader)


GITOPS = {path.stem: read(path) for path in sorted((DIST / "gitops").glob("[A-Z]*.yaml"))}
[PROJECT] = [one["spec"] for one in GITOPS.values() if one["kind"] == "AppProject"]
SPECS = [one["spec"] for one in GITOPS.values() if one["kind"] == "Application"]
each_application = pytest.mark.parametrize("application", SPECS, ids=lambda spec: Path(spec["source"]["path"]).name)


def files(application: Manifest) -> list[Path]:
    folder = ROOT / str(application["source"]["path"])
    return sorted(path for path in folder.rglob("*") if path.is_file())


def objects(application: Manifest) -> tuple[Any, ...]:
    """What Argo CD reads: each file is one document."""
    return _read(tuple(files(application)))


@cache
def _read(paths: tuple[Path, ...]) -> tuple[Any, ...]:
    return tuple(map(read, paths))


def group(one: Manifest) -> str:
    return str(one["apiVersion"]).rpartition("/")[0]


def permission(application: Manifest, one: Manifest) -> list[dict[str, str]]:
    """What the project has to allow for an object, as AppProject's fields spell it."""
    kind = {"group": group(one), "kind": one["kind"]}
    if "namespace" in one["metadata"]:
        return [kind, {"name": application["destination"]["name"], "namespace": one["metadata"]["namespace"]}]
    return [kind | {"name": one["metadata"]["name"]}]


def allowed() -> list[dict[str, str]]:
    fields = ("clusterResourceWhitelist", "namespaceResourceWhitelist", "destinations")
    return [entry for field in fields for entry in PROJECT[field]]


def annotation(one: Manifest, name: str) -> str | None:
    found: str | None = one["metadata"].get("annotations", {}).get(f"{ARGO}{name}")
    return found


def wave(one: Manifest) -> int:
    return int(annotation(one, "sync-wave") or 0)


def owner(one: Manifest) -> str:
    return str(one["metadata"]["labels"][NAME])


def waves(application: Manifest) -> dict[str, set[int]]:
    """{workload: the waves of what runs it}."""
    found: dict[str, set[int]] = {}
    for one in objects(application):
        if one["kind"] in RUNNERS:
            found.setdefault(owner(one), set()).add(wave(one))
    return found


def workloads(application: Manifest) -> list[Workload]:
    there = waves(application)
    return [workload for workload in PLATFORM.workloads if workload.name in there]


def test_each_committed_environment_has_its_application_and_no_other() -> None:
    committed = {str(path.relative_to(ROOT)) for path in (DIST / "environments").iterdir()}
    assert {spec["source"]["path"] for spec in SPECS} == committed != set()


@each_application
def test_an_application_reads_every_file_of_its_folder(application: Manifest) -> None:
    assert application["source"]["directory"] == {"recurse": True}
    assert application["source"].keys() == {"repoURL", "targetRevision", "path", "directory"}


@each_application
def test_a_folder_holds_nothing_but_plain_objects(application: Manifest) -> None:
    paths = files(application)
    assert paths
    assert [path.name for path in paths if path.suffix != ".yaml"] == []
    assert [path.name for path in paths if path.stem.lower() in ("kustomization", "chart", "values")] == []
    for one in objects(application):
        assert {"apiVersion", "kind", "metadata"} <= one.keys()
        assert not group(one).endswith("config.k8s.io")


@each_application
def test_the_project_allows_every_object(application: Manifest) -> None:
    assert application["project"] == GITOPS["AppProject.newstalk-ai"]["metadata"]["name"]
    assert application["source"]["repoURL"] in PROJECT["sourceRepos"]
    missing = [entry for one in objects(application) for entry in permission(application, one)]
    assert [entry for entry in missing if entry not in allowed()] == []


def test_the_project_allows_nothing_that_is_not_used() -> None:
    used = [entry for spec in SPECS for one in objects(spec) for entry in permission(spec, one)]
    assert [entry for entry in allowed() if entry not in used] == []
    assert set(PROJECT["sourceRepos"]) == {spec["source"]["repoURL"] for spec in SPECS}


def test_what_counts_for_the_whole_cluster_is_told_by_scope_and_not_by_a_missing_namespace() -> None:
    definitions = [one for path in CRDS.glob("*.yaml") for one in yaml.load_all(path.read_text(), yaml.CSafeLoader)]
    custom = {(one["spec"]["group"], one["spec"]["names"]["kind"]): one["spec"]["scope"] for one in definitions}

    def cluster_wide(entry: Manifest) -> bool:
        builtin = "Cluster" if entry["kind"] in CLUSTER_SCOPED else "Namespaced"
        return bool(custom.get((entry["group"], entry["kind"]), builtin) == "Cluster")

    assert [entry for entry in PROJECT["clusterResourceWhitelist"] if not cluster_wide(entry)] == []
    assert [entry for entry in PROJECT["namespaceResourceWhitelist"] if cluster_wide(entry)] == []


@pytest.mark.parametrize("one", GITOPS.values(), ids=GITOPS)
def test_argo_cds_own_definitions_take_it(one: Manifest) -> None:
    assert list(schemas.complaints(one, schemas.minors()[0])) == []
    assert one["metadata"]["namespace"] == "argocd"


def test_check_finds_nothing_wrong_with_the_folder() -> None:
    done = CliRunner().invoke(app, ["check", str(DIST / "gitops")])
    assert done.exit_code == 0, done.output


@each_application
def test_what_a_workload_comes_after_is_in_an_earlier_wave(application: Manifest) -> None:
    order = waves(application)
    pairs = [(name, w.name) for w in workloads(application) for name in w.after if name in order]
    assert pairs
    assert [pair for pair in pairs if max(order[pair[0]]) >= min(order[pair[1]])] == []


@each_application
def test_data_comes_before_the_applications_that_call_it(application: Manifest) -> None:
    order = waves(application)
    pairs = [
        (name, workload.name)
        for workload in workloads(application)
        for name, _ in workload.called
        if workload.layer == "application" and PLATFORM[name].layer == "data"
    ]
    assert pairs
    assert [pair for pair in pairs if max(order[pair[0]]) >= min(order[pair[1]])] == []


@each_application
def test_what_runs_is_in_a_wave_and_what_it_reads_before_all(application: Manifest) -> None:
    first = ("Namespace", "ResourceQuota", "LimitRange", "ConfigMap", "ServiceAccount", "Role", "RoleBinding",
             "NetworkPolicy", "Service", "ExternalSecret")  # fmt: skip
    found = objects(application)
    assert {wave(one) for one in found if one["kind"] in first} == {0}
    assert [one["metadata"]["name"] for one in found if one["kind"] in RUNNERS and wave(one) < 1] == []


@each_application
def test_nothing_waits_for_what_comes_in_a_later_wave(application: Manifest) -> None:
    """A claim is not healthy without a pod, nor an autoscaler without its target: the sync would wait for ever."""
    order = waves(application)
    for one in objects(application):
        if one["kind"] == "PersistentVolumeClaim" or "scaleTargetRef" in (one.get("spec") or {}):
            assert {wave(one)} == order[owner(one)], one["metadata"]["name"]


@each_application
def test_a_migration_is_a_hook_of_the_sync_after_its_database(application: Manifest) -> None:
    order = waves(application)
    once = {workload.name: workload for workload in workloads(application) if isinstance(workload.run, Once)}
    hooks = {owner(one): one for one in objects(application) if annotation(one, "hook")}
    assert hooks.keys() == once.keys()
    for name, one in hooks.items():
        assert one["kind"] == "Job"
        assert annotation(one, "hook") == "Sync"
        assert [earlier for earlier in once[name].after if max(order[earlier]) >= wave(one)] == []


@each_application
def test_a_job_of_an_earlier_release_does_not_stay_for_ever(application: Manifest) -> None:
    """Another release's Job has another name, so only success takes it away."""
    policies = [annotation(one, "hook-delete-policy") for one in objects(application) if annotation(one, "hook")]
    assert policies
    assert {policy for policy in policies if policy} == {"BeforeHookCreation,HookSucceeded"}


def templates(value: Any) -> Iterator[Any]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from [inner] if key == "template" else templates(inner)


@each_application
def test_no_pod_bears_what_only_argo_cd_reads(application: Manifest) -> None:
    found = [template for one in objects(application) for template in templates(one)]
    assert found
    assert [template["metadata"] for template in found if ARGO in str(template)] == []


@each_application
def test_exactly_the_replicas_of_autoscaled_workloads_are_ignored(application: Manifest) -> None:
    scaled = {w.name for w in workloads(application) if isinstance(w.run, Replicas) and w.run.autoscale}
    left = [one for one in application["ignoreDifferences"] if one["jsonPointers"] == ["/spec/replicas"]]
    assert {one["name"] for one in left} == scaled
    there = [(group(one), one["kind"], one["metadata"]["name"]) for one in objects(application)]
    assert [one["name"] for one in left if (one["group"], one["kind"], one["name"]) not in there] == []
    assert "RespectIgnoreDifferences=true" in application["syncPolicy"]["syncOptions"]


@each_application
def test_autoscalers_list_their_metrics_as_the_api_server_answers(application: Manifest) -> None:
    """autoscaling/v2 keeps the order; through v1, cpu is a field of its own and comes after all others: this is both.

    k8s.io/kubernetes, pkg/apis/autoscaling/v1/conversion.go
    """
    found = [one["spec"]["metrics"] for one in objects(application) if one["kind"] == "HorizontalPodAutoscaler"]
    assert any(len(metrics) > 1 for metrics in found)
    for metrics in found:
        assert metrics == sorted(metrics, key=lambda metric: metric["resource"]["name"] == "cpu")


@each_application
def test_what_holds_data_is_never_pruned(application: Manifest) -> None:
    kept = {one["kind"] for one in objects(application) if "Prune=false" in str(annotation(one, "sync-options"))}
    assert kept == {"PersistentVolumeClaim", "Namespace"}
    held = [one for one in objects(application) if one["kind"] in kept]
    assert [
        one["metadata"]["name"] for one in held if annotation(one, "sync-options") != "Prune=false,Delete=false"
    ] == []


@each_application
def test_old_configuration_goes_last_and_the_namespace_comes_from_git(application: Manifest) -> None:
    policy = application["syncPolicy"]
    assert policy["automated"]["prune"]
    assert {"PruneLast=true", "ServerSideApply=true", "CreateNamespace=false"} <= set(policy["syncOptions"])
    assert policy["retry"]["limit"] > 0


def test_by_hand_changes_stay_in_production_alone() -> None:
    healing = {Path(spec["source"]["path"]).name: spec["syncPolicy"]["automated"] for spec in SPECS}
    assert [name for name, automated in healing.items() if not automated["selfHeal"]] == ["production"]


def test_every_environment_is_told_what_starts_when(rendered: dict[str, list[Manifest]]) -> None:
    """Also those that Argo CD does not bring: `newstalk deploy` reads the same annotation."""
    assert rendered.keys() == {path.parent.name for path in OVERLAYS.glob("*/kustomization.yaml")}
    for found in rendered.values():
        assert {wave(one) for one in found if one["kind"] in RUNNERS} > {1}
