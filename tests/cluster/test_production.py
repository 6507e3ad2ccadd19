"""Production's own objects: releases that fail go back in time, blue-green promotes what is good and nothing else."""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops import render
from ops.cluster.embedded import Cluster as Embedded
from ops.deploy import release, run
from ops.deploy.release import Release, of_commit
from ops.deploy.run import Outcome
from ops.deploy.stand_ins import provide_outside
from ops.kubectl import Cluster
from ops.places import OVERLAYS
from rules.reading import Manifest, at, kind, mapping
from tests.cluster.conftest import Endpoints, Namespace
from tests.cluster.releases import Repository

NAME = "app.kubernetes.io/name"
SPACE, BACKEND = "newstalk-ai", "fastapi-backend"
IMAGE = "newstalk-ai/backend"
FEWEST = 3  # the specification's replicas of the backend
BACK_WITHIN = 120  # seconds, the bound that the platform promises
PARTS = ("foundation", BACKEND, "prometheus")  # enough for a release of the backend


@pytest.fixture(scope="module")
def production() -> tuple[Manifest, ...]:
    return tuple(one.manifest for one in render.render(OVERLAYS / "production"))


@pytest.fixture
def cluster(embedded: Embedded) -> Iterator[Cluster]:
    yield Cluster(kubeconfig=embedded.kubeconfig, manager="newstalk-production")
    embedded.answer()
    embedded.kubectl("delete", "namespace", SPACE, f"{SPACE}-nodes", "--ignore-not-found")


@pytest.fixture
def deploy(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Sequence[Manifest]], Outcome]:
    """Commits the objects to a repository of the test's own, and deploys the commit."""
    repository = Repository(tmp_path / "repository", "production")
    monkeypatch.setattr(release, "ROOT", repository.folder)

    def bring(objects: Sequence[Manifest]) -> Outcome:
        found = of_commit("production", repository.commit(*objects))
        provide_outside(cluster, found)
        return run.deploy(cluster, found, lambda _: None, within=300, show=lambda _: None)

    return bring


def tagged(objects: Sequence[Manifest], tag: str, *kinds: str) -> list[dict[str, Any]]:
    """The objects with another tag of the backend in these kinds, or in all."""
    found: list[dict[str, Any]] = []
    for each in objects:
        one = copy.deepcopy(dict(each))
        if kind(one) in (kinds or ("AnalysisTemplate", "CronJob", "Deployment")):
            retag(one, tag)
        found.append(one)
    return found


def retag(value: Any, tag: str) -> None:
    if isinstance(value, dict):
        if str(value.get("image", "")).startswith(f"{IMAGE}:"):
            value["image"] = f"{IMAGE}:{tag}"
        for inner in value.values():
            retag(inner, tag)
    elif isinstance(value, list):
        for inner in value:
            retag(inner, tag)


def quick(objects: Sequence[Manifest]) -> list[dict[str, Any]]:
    """What a release of the backend needs, its figures looked at every second instead of every half minute."""
    found = [copy.deepcopy(dict(each)) for each in objects if mapping(each, "metadata.labels").get(NAME) in PARTS]
    for each in found:
        for metric in at(each, "spec.metrics") or () if kind(each) == "AnalysisTemplate" else ():
            if "interval" in metric:
                metric.update(interval="1s", initialDelay="1s", count=3)
    return found


@pytest.mark.parametrize("tag", ["broken-pull", "broken-crash", "broken-hang"])
def test_production_is_back_in_time_on_the_release_before_one_that_never_becomes_ready(
    tag: str, production: Sequence[Manifest], deploy: Callable[[Sequence[Manifest]], Outcome], embedded: Embedded
) -> None:
    assert deploy(production).result == "deployed"
    began = time.monotonic()
    with Endpoints(Namespace(embedded, SPACE), BACKEND) as endpoints:
        outcome = deploy(tagged(production, tag))
    took = time.monotonic() - began
    assert (outcome.result, len(outcome.reasons) > 0) == ("rolled-back", True)
    assert any(BACKEND in reason for reason in outcome.reasons)
    assert endpoints.fewest >= FEWEST
    assert endpoints.unready == 0
    assert took < BACK_WITHIN


def test_blue_green_promotes_on_a_healthy_preview_and_never_leads_readers_to_an_unready_pod(
    production: Sequence[Manifest], deploy: Callable[[Sequence[Manifest]], Outcome], embedded: Embedded
) -> None:
    assert deploy(quick(production)).result == "deployed"
    with Endpoints(Namespace(embedded, SPACE), BACKEND) as endpoints:
        outcome = deploy(tagged(quick(production), "v2"))
    assert (outcome.result, outcome.reasons) == ("deployed", [])
    assert endpoints.fewest >= FEWEST
    assert endpoints.unready == 0
    assert images(embedded) == {f"{IMAGE}:v2"}


def images(embedded: Embedded) -> set[str]:
    """Of the pods that readers of the backend are led to."""
    space = Namespace(embedded, SPACE)
    selector = space.get("service", BACKEND)["spec"]["selector"]
    wanted = ",".join(f"{label}={value}" for label, value in selector.items())
    return {each["spec"]["containers"][0]["image"] for each in space.get("pods", f"--selector={wanted}")["items"]}


def test_blue_green_aborts_when_the_smoke_test_of_the_preview_fails(
    production: Sequence[Manifest], deploy: Callable[[Sequence[Manifest]], Outcome], embedded: Embedded
) -> None:
    old = tagged(quick(production), "v1")
    assert deploy(old).result == "deployed"
    new = tagged(tagged(old, "v2", "Deployment"), "broken-crash", "AnalysisTemplate")
    with Endpoints(Namespace(embedded, SPACE), BACKEND) as endpoints:
        outcome = deploy(new)
    assert outcome.result == "rolled-back"
    assert endpoints.unready == 0
    assert endpoints.fewest >= FEWEST
    assert images(embedded) == {f"{IMAGE}:v1"}


@pytest.mark.parametrize("metric", ["http_requests_total", "http_request_duration_seconds"])
def test_blue_green_goes_back_when_figures_after_the_switch_are_bad(
    metric: str, production: Sequence[Manifest], deploy: Callable[[Sequence[Manifest]], Outcome], embedded: Embedded
) -> None:
    old = tagged(quick(production), "v1")
    assert deploy(old).result == "deployed"
    embedded.answer({metric: 1000.0})
    with Endpoints(Namespace(embedded, SPACE), BACKEND) as endpoints:
        outcome = deploy(tagged(old, "v2"))
    assert outcome.result == "rolled-back"
    assert endpoints.fewest >= FEWEST
    assert endpoints.unready == 0
    assert images(embedded) == {f"{IMAGE}:v1"}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_commit_before_is_upgraded_without_an_immutable_field(environment: str, cluster: Cluster) -> None:
    now = of_commit(environment, "HEAD")
    for found in (before(now), now):
        provide_outside(cluster, found)
        outcome = run.deploy(cluster, found, lambda _: None, within=300, show=lambda _: None)
        assert (outcome.result, outcome.reasons) == ("deployed", [])


def before(now: Release) -> Release:
    """The last commit whose objects are others; in a clone without history, these with another tag."""
    history = release.git("log", "--format=%H", "--", f"dist/environments/{now.environment}").decode().split()
    for commit in history:
        found = of_commit(now.environment, commit)
        if found.objects != now.objects:
            return found
    return replace(now, commit=None, objects=tuple(tagged(now.objects, "v0.0.1")))
