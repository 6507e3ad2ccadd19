"""Sixteen deliberate mistakes in the real catalog, or over the real dist/: one line each, naming object and field."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import main
from charts import folder
from charts.constructs.kube import emit
from charts.model import ModelError, Platform, Resources, Secret, Shutdown, Stateful
from ops import render
from ops.places import DIST
from rules import complaints

PLATFORM = main.platform()


def changed(name: str, **fields: Any) -> Platform:
    """The platform with one workload changed."""
    made = [dataclasses.replace(w, **fields) if w.name == name else w for w in PLATFORM.workloads]
    return dataclasses.replace(PLATFORM, workloads=tuple(made))


def backend(**fields: Any) -> Platform:
    return changed("fastapi-backend", **fields)


def run_of(name: str, **fields: Any) -> Any:
    return dataclasses.replace(PLATFORM[name].run, **fields)


def topic_of_one_partition() -> tuple[Any, ...]:
    return tuple(dataclasses.replace(topic, partitions=1) for topic in PLATFORM["kafka"].topics)


def renamed(name: str, to: str) -> Platform:
    workloads = tuple(dataclasses.replace(w, name=to) if w.name == name else w for w in PLATFORM.workloads)
    return dataclasses.replace(PLATFORM, workloads=workloads)


IN_THE_MODEL: dict[str, tuple[Callable[[], Platform], tuple[str, ...]]] = {
    "wrong port in calls": (lambda: backend(calls=("redis:sql",)), ("fastapi-backend.calls", "redis:sql")),
    "unknown secret key": (
        lambda: backend(environment={"KEY": Secret("NO_SUCH_KEY")}),
        ("fastapi-backend.environment.KEY", "NO_SUCH_KEY"),
    ),
    "request over limit": (
        lambda: backend(resources=Resources(cpu="3000m..2000m", memory="1Gi")),
        ("fastapi-backend.resources.cpu", "3000m", "2000m"),
    ),
    "two workloads with one host": (
        lambda: changed("grafana", host=PLATFORM["fastapi-backend"].host),
        ("host", "api", "fastapi-backend, grafana"),
    ),
    "invalid label": (lambda: backend(layer="not a label"), ("fastapi-backend.layer", "not a label")),
    "even ensemble": (lambda: changed("zookeeper", run=run_of("zookeeper", count=4)), ("zookeeper.run.count", "4")),
    "cycle in after": (
        lambda: changed("postgres", after=("fastapi-backend",)),
        (".after", "cycle", "postgres"),
    ),
    "NaN": (
        lambda: changed("grafana", run=Stateful(count=float("nan"))),  # type: ignore[arg-type]
        ("grafana.run.count", "nan"),
    ),
    "a 64-character name": (lambda: renamed("kafka-ui", "k" * 64), (f"{'k' * 64}.name", "64")),
    "grace under drain": (
        lambda: backend(shutdown=Shutdown(drain=60, grace=30)),
        ("fastapi-backend.shutdown.grace", "30", "60"),
    ),
    "single-writer volume with two replicas": (
        lambda: changed("postgres", run=Stateful(count=2)),
        ("postgres.volumes.data.access", "ReadWriteOnce", "2"),
    ),
    "too few partitions": (
        lambda: changed("kafka", topics=topic_of_one_partition()),
        ("stream-processor.run.autoscale.maximum", "partitions", "articles.raw"),
    ),
}


@pytest.mark.parametrize("mistake", IN_THE_MODEL)
def test_the_model_refuses_in_one_line(mistake: str) -> None:
    make, named = IN_THE_MODEL[mistake]
    with pytest.raises(ModelError) as refused:
        make()
    assert len(refused.value.refusals) == 1, refused.value.refusals
    assert all(part in refused.value.refusals[0] for part in named), refused.value.refusals[0]
    assert "\n" not in refused.value.refusals[0]


def patched(place: Path, **fields: Any) -> list[str]:
    """What the rules say of production's shape under an overlay that makes a mistake."""
    place = place / "overlays" / "own"
    place.mkdir(parents=True)
    (place.parent.parent / "dist").symlink_to(DIST)
    tags = [f"newstalk-ai/{name}" for name in ("backend", "langgraph", "stream-processor", "airflow", "kafka")]
    images = fields.pop("images", []) or [{"name": tag, "newTag": "v1"} for tag in tags]
    (place / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["../../dist/base"], "namespace": "newstalk-ai", "images": images, **fields})
    )
    return complaints([one.manifest for one in render.render(place)])


def json_patch(path: str, value: Any) -> list[dict[str, Any]]:
    change = yaml.safe_dump([{"op": "replace", "path": path, "value": value}])
    return [{"target": {"kind": "Deployment", "name": "fastapi-backend"}, "patch": change}]


POD = "/spec/template/spec"
IN_AN_OVERLAY: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "latest": (
        {"patches": json_patch(f"{POD}/containers/0/image", "newstalk-ai/other:latest")},
        ("Deployment/fastapi-backend", "image", "latest"),
    ),
    "root user": (
        {"patches": json_patch(f"{POD}/securityContext/runAsUser", 0)},
        ("Deployment/fastapi-backend", "runAsUser", "0"),
    ),
    "a Secret with a value": (
        {"secretGenerator": [{"name": "leak", "literals": ["PASSWORD=hunter2"]}]},
        ("Secret/leak", "data", "PASSWORD"),
    ),
}


def test_an_overlay_that_makes_no_mistake_draws_no_complaint(tmp_path: Path) -> None:
    assert patched(tmp_path) == []


@pytest.mark.parametrize("mistake", IN_AN_OVERLAY)
def test_the_rules_refuse_in_one_line(mistake: str, tmp_path: Path) -> None:
    fields, named = IN_AN_OVERLAY[mistake]
    found = patched(tmp_path, **fields)
    assert len(found) == 1, found
    assert all(part in found[0] for part in named), found[0]
    assert "hunter2" not in found[0]


def test_two_objects_in_one_file_are_refused_in_one_line(tmp_path: Path) -> None:
    from cdk8s_plus_27 import k8s

    app = folder.app(tmp_path)
    chart = folder.Folder(app, "twice", PLATFORM)
    other = folder.Folder(app, "other", PLATFORM)
    emit(chart, k8s.KubeServiceAccount, "twice", name="same")
    k8s.KubeServiceAccount(chart, "second", metadata=k8s.ObjectMeta(name="same", namespace="elsewhere"))
    emit(other, k8s.KubeServiceAccount, "other", name="same")
    with pytest.raises(ModelError) as refused:
        folder.write(app)
    assert len(refused.value.refusals) == 1
    assert "twice/ServiceAccount.same.yaml" in refused.value.refusals[0]
