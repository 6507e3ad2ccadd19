"""What is deployed comes up, changes nothing twice, and goes back by itself."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.cluster.embedded import Cluster as Embedded
from ops.deploy import record, release, run
from ops.deploy.clean import claims, clean
from ops.deploy.release import of_commit
from ops.deploy.run import Outcome
from ops.kubectl import Cluster
from tests.cluster.conftest import Endpoints, Namespace, until
from tests.cluster.releases import (
    APP,
    ENVIRONMENT,
    Repository,
    autoscaler,
    deployment,
    made,
    pod,
    rollout,
    service,
    settings,
)

WITHIN = 60  # seconds, several times what a small release takes


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    found = Repository(tmp_path / "repository")
    monkeypatch.setattr(release, "ROOT", found.folder)
    return found


@pytest.fixture
def cluster(embedded: Embedded, namespace: Namespace) -> Cluster:
    return Cluster(kubeconfig=embedded.kubeconfig, manager=f"newstalk-{namespace.name}")


@pytest.fixture
def deploy(cluster: Cluster, repository: Repository) -> Callable[[str], Outcome]:
    def run_it(commit: str) -> Outcome:
        found = of_commit(ENVIRONMENT, commit)
        return run.deploy(cluster, found, lambda _: None, within=WITHIN, show=lambda _: None)

    return run_it


def versions(namespace: Namespace, *kinds: str) -> dict[str, str]:
    found = namespace.get(",".join(kinds))["items"]
    return {f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"] for each in found}


def test_a_release_comes_up_and_is_recorded(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace, cluster: Cluster
) -> None:
    commit = repository.commit(deployment("web", namespace.name), service("web", namespace.name))
    outcome = deploy(commit)
    assert (outcome.result, outcome.reasons) == ("deployed", [])
    assert namespace.get("deployment", "web")["status"]["readyReplicas"] == 2
    assert record.read(cluster, of_commit(ENVIRONMENT, commit)).good == commit


def test_a_second_deploy_changes_no_object(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace
) -> None:
    commit = repository.commit(
        deployment("web", namespace.name), service("web", namespace.name), settings("web", namespace.name, A="1")
    )
    deploy(commit)
    kinds = ("deployments", "services", "configmaps")
    before = versions(namespace, *kinds)
    assert deploy(commit).result == "unchanged"
    assert versions(namespace, *kinds) == before


def test_what_a_commit_no_longer_has_is_pruned_and_a_strangers_object_stays(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace
) -> None:
    labels = {APP: "web", "app.kubernetes.io/part-of": "newstalk-ai"}
    namespace.apply(made("v1", "ConfigMap", "stranger", namespace.name, labels, data={"A": "1"}))
    deploy(repository.commit(deployment("web", namespace.name), settings("old", namespace.name, A="1")))
    deploy(repository.commit(deployment("web", namespace.name)))
    left = {each["metadata"]["name"] for each in namespace.get("configmaps")["items"]}
    assert "stranger" in left
    assert "old" not in left


def claim(name: str, namespace: str) -> dict[str, object]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "standard",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return made("v1", "PersistentVolumeClaim", name, namespace, spec=spec)


def test_a_claim_survives_pruning_and_cleaning_and_goes_only_with_the_data(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace, cluster: Cluster
) -> None:
    first = repository.commit(deployment("web", namespace.name), claim("data", namespace.name))
    deploy(first)
    assert deploy(repository.commit(deployment("web", namespace.name))).fine
    assert [each["metadata"]["name"] for each in namespace.get("pvc")["items"]] == ["data"]
    whole = of_commit(ENVIRONMENT, first)
    clean(cluster, whole, lambda _: None, data=False)
    assert namespace.get("deployments")["items"] == []
    assert len(claims(cluster, whole)) == 1
    clean(cluster, whole, lambda _: None, data=True)
    assert claims(cluster, whole) == []


@pytest.mark.parametrize(
    ("tag", "shown"),
    [("broken-pull", "pull"), ("broken-crash", "CrashLoopBackOff"), ("broken-hang", "not ready within")],
)
def test_a_release_that_never_becomes_ready_goes_back_and_says_why(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace, tag: str, shown: str
) -> None:
    good = repository.commit(
        deployment("web", namespace.name), service("web", namespace.name), settings("web", namespace.name, A="old")
    )
    deploy(good)
    bad = repository.commit(
        deployment("web", namespace.name, f"shop:{tag}"),
        service("web", namespace.name),
        settings("web", namespace.name, A="new"),
    )
    began = time.monotonic()
    with Endpoints(namespace, "web") as endpoints:
        outcome = deploy(bad)
    assert (outcome.result, outcome.back_to) == ("rolled-back", good)
    assert any(shown in reason and "Pod/web-" in reason for reason in outcome.reasons), outcome.reasons
    assert endpoints.fewest >= 2
    assert time.monotonic() - began < 120
    assert namespace.get("configmap", "web")["data"] == {"A": "old"}
    assert namespace.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:v1"


def test_a_failed_first_release_stays_for_a_look_and_says_so(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace
) -> None:
    outcome = deploy(repository.commit(deployment("web", namespace.name, "shop:broken-pull")))
    assert outcome.result == "failed"
    assert "nothing was good before" in outcome.reasons[-1]


def killed_while_waiting(cluster: Cluster, commit: str) -> None:
    """A client that is killed while it waits does nothing more: nothing catches this."""

    def die(text: str) -> None:
        if text.startswith("waiting"):
            raise SystemExit(9)

    found = of_commit(ENVIRONMENT, commit)
    with pytest.raises(SystemExit):
        run.deploy(cluster, found, die, within=WITHIN, show=lambda _: None)


def test_a_killed_client_run_again_completes_a_good_release(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace, cluster: Cluster
) -> None:
    deploy(repository.commit(deployment("web", namespace.name), settings("old", namespace.name, A="1")))
    new = repository.commit(deployment("web", namespace.name, "shop:v2"))
    killed_while_waiting(cluster, new)
    assert deploy(new).fine
    assert record.read(cluster, of_commit(ENVIRONMENT, new)).good == new
    assert "old" not in {each["metadata"]["name"] for each in namespace.get("configmaps")["items"]}


def test_a_killed_client_run_again_takes_a_bad_release_back(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace, cluster: Cluster
) -> None:
    good = repository.commit(deployment("web", namespace.name), service("web", namespace.name))
    deploy(good)
    bad = repository.commit(deployment("web", namespace.name, "shop:broken-pull"), service("web", namespace.name))
    with Endpoints(namespace, "web") as endpoints:
        killed_while_waiting(cluster, bad)
        outcome = deploy(bad)
    assert (outcome.result, outcome.back_to) == ("rolled-back", good)
    assert endpoints.fewest >= 2


@pytest.mark.parametrize(("tag", "result"), [("v2", "deployed"), ("broken-pull", "rolled-back")])
def test_an_api_server_that_restarts_in_the_middle_changes_no_outcome(
    repository: Repository, namespace: Namespace, cluster: Cluster, embedded: Embedded, tag: str, result: str
) -> None:
    def bring(commit: str, say: Callable[[str], None]) -> Outcome:
        return run.deploy(cluster, of_commit(ENVIRONMENT, commit), say, within=WITHIN, show=lambda _: None)

    def restart(text: str) -> None:
        if text.startswith("waiting") and not ended:
            ended.append(embedded.state.processes["kube-apiserver"].pid)
            os.kill(ended[0], signal.SIGKILL)

    ended: list[int] = []
    assert bring(repository.commit(deployment("web", namespace.name)), lambda _: None).result == "deployed"
    assert bring(repository.commit(deployment("web", namespace.name, f"shop:{tag}")), restart).result == result
    assert embedded.state.processes["kube-apiserver"].pid != ended[0]


def job(name: str, namespace: str, image: str) -> dict[str, object]:
    template = {"metadata": {"labels": {APP: name}}, "spec": pod(image) | {"restartPolicy": "Never"}}
    return made("batch/v1", "Job", name, namespace, spec={"template": template, "backoffLimit": 0})


def test_data_is_ready_before_what_comes_later_is_there(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace
) -> None:
    later = deployment("web", namespace.name)
    later["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "2"}
    first = deployment("data", namespace.name)
    first["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "1"}
    deploy(repository.commit(later, first))
    made_at = namespace.get("deployment", "web")["metadata"]["creationTimestamp"]
    conditions = {each["type"]: each for each in namespace.get("deployment", "data")["status"]["conditions"]}
    assert conditions["Available"]["lastTransitionTime"] <= made_at


def blue_green(namespace: str, image: str) -> list[dict[str, object]]:
    return [
        deployment("web", namespace, image, replicas=0),
        rollout("web", namespace),
        service("web", namespace),
        service("web-preview", namespace, "web"),
        autoscaler("web", namespace, "Rollout"),
    ]


def rolling(namespace: str, image: str) -> list[dict[str, object]]:
    return [
        deployment("web", namespace, image, replicas=None),
        service("web", namespace),
        autoscaler("web", namespace, "Deployment"),
    ]


def test_a_service_keeps_its_endpoints_when_blue_green_is_switched_on_and_off(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace
) -> None:
    deploy(repository.commit(*rolling(namespace.name, "shop:v1")))
    assert until(lambda: namespace.get("deployment", "web")["status"].get("readyReplicas") == 2)
    with Endpoints(namespace, "web") as endpoints:
        outcome = deploy(repository.commit(*blue_green(namespace.name, "shop:v1")))
        assert (outcome.result, outcome.reasons) == ("deployed", [])
        assert namespace.get("deployment", "web")["spec"]["replicas"] == 0
        assert deploy(repository.commit(*blue_green(namespace.name, "shop:v2"))).result == "deployed"
        outcome = deploy(repository.commit(*rolling(namespace.name, "shop:v2")))
        assert (outcome.result, outcome.reasons) == ("deployed", [])
        assert until(lambda: not namespace.get("replicasets", "--selector=rollouts-pod-template-hash")["items"])
        time.sleep(2)
    assert endpoints.fewest >= 2
    assert len(endpoints.counts) > 5
    assert namespace.get("service", "web")["spec"]["selector"] == {APP: "web"}
    assert namespace.get("deployment", "web")["status"]["readyReplicas"] == 2


def test_a_failing_preview_never_gets_the_traffic_and_the_old_release_comes_back(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace
) -> None:
    good = repository.commit(*blue_green(namespace.name, "shop:v1"))
    assert deploy(good).result == "deployed"
    with Endpoints(namespace, "web") as endpoints:
        outcome = deploy(repository.commit(*blue_green(namespace.name, "shop:broken-pull")))
    assert (outcome.result, outcome.back_to) == ("rolled-back", good)
    assert endpoints.fewest >= 2
    assert deploy(good).result == "unchanged"


def test_a_deploy_of_the_same_blue_green_release_leaves_the_selector_to_its_controller(
    repository: Repository, deploy: Callable[[str], Outcome], namespace: Namespace
) -> None:
    commit = repository.commit(*blue_green(namespace.name, "shop:v1"))
    deploy(commit)
    selector = namespace.get("service", "web")["spec"]["selector"]
    assert "rollouts-pod-template-hash" in selector
    assert deploy(commit).result == "unchanged"
    assert namespace.get("service", "web")["spec"]["selector"] == selector
