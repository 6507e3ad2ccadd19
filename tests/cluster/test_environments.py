"""What the overlays render is admitted, scheduled and ready on a real control plane, at its largest too."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
import yaml

from ops import render
from ops.cluster.embedded import Cluster as Embedded
from ops.cluster.embedded import cluster as start
from ops.deploy import run
from ops.deploy.preflight import missing, permissions
from ops.deploy.release import Release
from ops.deploy.run import Outcome
from ops.deploy.stand_ins import provide_outside
from ops.exclusions import of_folders
from ops.kubectl import Cluster, as_list
from ops.places import DIST, OVERLAYS
from rules.providing import outside
from rules.reading import Manifest, at, kind, mapping, name
from tests.cluster.conftest import until

PRODUCTION = yaml.safe_load((OVERLAYS / "production" / "kustomization.yaml").read_text())
SWITCHED_ON = {Path(path).name for path in PRODUCTION["components"]}
FURTHER = sorted({path.parent.name for path in (DIST / "components").glob("*/kustomization.yaml")} - SWITCHED_ON)
SHAPES = [*render.environments(), *(f"production+{component}" for component in FURTHER)]
WITHIN = 300  # seconds; the specification's bound for staging from nothing


def release(shape: str, place: Path) -> Release:
    """An environment, or production with one component more and without those that it excludes."""
    environment, _, further = shape.partition("+")
    folder = OVERLAYS / environment
    if further:
        folder = place / "overlays" / "production"
        folder.mkdir(parents=True)
        (place / "dist").symlink_to(DIST)
        own = DIST / "components"
        kept = [each for each in sorted(SWITCHED_ON) if not of_folders((own / further, own / each))]
        whole = PRODUCTION | {"components": [f"../../dist/components/{each}" for each in (*kept, further)]}
        if further == "gateway-api":
            whole["transformers"] = [each.replace("/hosts", "/routes") for each in PRODUCTION["transformers"]]
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(whole))
    objects = tuple(one.manifest for one in render.render(folder))
    return Release(environment=environment, commit=None, objects=objects)


@pytest.fixture
def cluster(embedded: Embedded) -> Iterator[Cluster]:
    """Emptied after the test, of what a release brings."""
    yield Cluster(kubeconfig=embedded.kubeconfig, manager="newstalk-test")
    gone = [each for each in spaces(embedded) if each.startswith("newstalk-ai")]
    embedded.kubectl("delete", "namespace", *gone)


def spaces(embedded: Embedded) -> list[str]:
    return embedded.kubectl("get", "namespaces", "--output=jsonpath={.items[*].metadata.name}").stdout.split()


@pytest.fixture
def provided(cluster: Cluster, tmp_path: Path) -> Callable[[str], Release]:
    def provide(shape: str) -> Release:
        found = release(shape, tmp_path)
        provide_outside(cluster, found)
        return found

    return provide


def deploy(cluster: Cluster, wanted: Release) -> Outcome:
    return run.deploy(cluster, wanted, lambda _: None, within=WITHIN, show=lambda _: None)


def says(embedded: Embedded, arguments: tuple[str, ...], text: str) -> bool:
    return embedded.kubectl(*arguments).stdout == text


def pods(cluster: Cluster, wanted: Release) -> list[Manifest]:
    found = [each for space in wanted.namespaces for each in cluster.find(["Pod"], space)]
    return [each for each in found if not at(each, "metadata.deletionTimestamp")]


def unready(found: Sequence[Manifest]) -> list[str]:
    return [
        name(each)
        for each in found
        if at(each, "status.phase") != "Succeeded"
        and not any(c["type"] == "Ready" and c["status"] == "True" for c in at(each, "status.conditions") or ())
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_object_is_accepted_strictly_and_without_a_warning(
    shape: str, provided: Callable[[str], Release], embedded: Embedded
) -> None:
    wanted = provided(shape)
    flags = ("--server-side", "--dry-run=server", "--validate=strict", "--field-manager=strict", "--force-conflicts")
    done = embedded.kubectl("apply", *flags, "--filename=-", text=as_list(wanted.objects))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pod_is_admitted_scheduled_and_ready_and_fits_at_its_largest(
    shape: str, provided: Callable[[str], Release], cluster: Cluster, embedded: Embedded
) -> None:
    wanted = provided(shape)
    assert [need.line for need in missing(cluster, wanted)] == []
    outcome = deploy(cluster, wanted)
    assert (outcome.result, outcome.reasons) == ("deployed", [])
    assert unready(pods(cluster, wanted)) == []
    largest = {}
    for scaler in wanted.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
        target, most = (
            mapping(scaler, "spec.scaleTargetRef"),
            at(scaler, "spec.maxReplicas") or at(scaler, "spec.maxReplicaCount"),
        )
        of = f"{target.get('kind', 'Deployment')}/{target['name']}".replace("Rollout/", "rollout.argoproj.io/")
        largest[of] = int(most)
        if kind(scaler) == "HorizontalPodAutoscaler":
            patch = json.dumps({"spec": {"minReplicas": int(most)}})
            embedded.kubectl("patch", "hpa", name(scaler), f"--namespace={wanted.namespace}", f"--patch={patch}")
        else:
            embedded.kubectl("scale", of, f"--replicas={most}", f"--namespace={wanted.namespace}")
    for of, most in largest.items():
        space = f"--namespace={wanted.namespace}"
        ready = ("get", of, space, "--output=jsonpath={.status.availableReplicas}")
        assert until(partial(says, embedded, ready, str(most)), 60), of


def test_a_second_deploy_of_staging_changes_no_object(provided: Callable[[str], Release], cluster: Cluster) -> None:
    wanted = provided("staging")
    deploy(cluster, wanted)
    written = [each for each in wanted.objects if kind(each) not in ("Deployment", "StatefulSet", "DaemonSet")]
    before = {key: at(each, "metadata.resourceVersion") for key, each in cluster.live(written).items()}
    generations = {key: at(each, "metadata.generation") for key, each in cluster.live(wanted.objects).items()}
    outcome = deploy(cluster, wanted)
    assert (outcome.result, outcome.changes) == ("unchanged", [])
    assert {key: at(each, "metadata.resourceVersion") for key, each in cluster.live(written).items()} == before
    assert {key: at(each, "metadata.generation") for key, each in cluster.live(wanted.objects).items()} == generations


def test_preflight_lists_all_that_an_empty_cluster_lacks_and_nothing_once_it_has_it(
    tmp_path: Path, folder: Path
) -> None:
    wanted = release("production", tmp_path)
    with start(folder / "empty") as empty:
        cluster = Cluster(kubeconfig=empty.kubeconfig, manager="newstalk-test")
        lacking = {need.what for need in missing(cluster, wanted)}
        secrets = {f"Secret/{thing.removeprefix('secret.')}" for thing in outside(wanted.objects) if "secret." in thing}
        synced = {f"Secret/{at(each, 'spec.target.name') or name(each)}" for each in wanted.of_kind("ExternalSecret")}
        stores = {
            f"ClusterSecretStore/{at(each, 'spec.secretStoreRef.name')}" for each in wanted.of_kind("ExternalSecret")
        }
        certified = {
            f"Secret/{entry['secretName']}"
            for each in wanted.of_kind("Ingress")
            for entry in at(each, "spec.tls") or ()
        }
        assert lacking == stores | (secrets - synced - certified)
        provide_outside(cluster, wanted)
        assert missing(cluster, wanted) == []


def test_preflight_names_a_kind_that_is_not_served_and_a_right_that_one_has_not(
    cluster: Cluster, tmp_path: Path, embedded: Embedded
) -> None:
    wanted = release("staging", tmp_path)
    unknown = {"apiVersion": "example.org/v1", "kind": "Wish", "metadata": {"name": "one", "namespace": "default"}}
    more = Release(environment="staging", commit=None, objects=(*wanted.objects, unknown))
    nobody = Cluster(kubeconfig=embedded.kubeconfig, manager="newstalk-test", user="nobody")
    assert "Wish.example.org" in {need.what for need in missing(cluster, more)}
    assert "patch deployments in namespace newstalk-ai" in {
        need.what for need in permissions(nobody, wanted, cluster.served())
    }
