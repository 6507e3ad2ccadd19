"""What is reckoned of a kustomization is what kustomize makes of it: an entry is said to hit nothing when it does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import render, secrets
from ops.check import images, kustomize
from ops.check.kustomization import Chain
from ops.check.objects import Item
from ops.check.source import Source
from ops.places import OVERLAYS, ROOT
from tests.ops.check import small
from tests.ops.check.small import Files, configmap, deployment, files, stateful

Seen = tuple[str, str, str, str, str, str]


def seen(manifest: Any, name: str) -> Seen:
    """All of an object that an entry of a kustomization can ask for."""
    found: list[str] = []
    images.mapped(manifest, lambda image: found.append(image) or image, frozenset())  # type: ignore[func-returns-value]
    metadata = manifest["metadata"]
    marks = {key: metadata.get("labels", {}).get(key) for key in sorted(metadata.get("labels") or {})}
    space = metadata.get("namespace", "")
    return manifest["apiVersion"], manifest["kind"], space, name, str(marks), str(sorted(found))


def reckoned(items: list[Item]) -> list[Seen]:
    return sorted(seen(item.manifest, item.id.name) for item in items)


def rendered(objects: list[render.Rendered]) -> Iterator[Seen]:
    for one in objects:
        hashed = one.kind in ("ConfigMap", "Secret", "Job")
        yield seen(one.manifest, render.HASH.sub("", one.name) if hashed else one.name)


@pytest.mark.parametrize("environment", render.environments())
def test_the_reckoning_of_an_environment_is_what_kustomize_renders(environment: str) -> None:
    secrets.make(OVERLAYS / environment)
    built = Chain(Source(ROOT)).follow(OVERLAYS / environment)
    assert reckoned(built.items) == sorted(rendered(kustomize.build(OVERLAYS / environment, 200)))
    assert (built.misses, built.opaque) == ([], False)


def patch(text: str, **entry: Any) -> dict[str, Any]:
    return {"patch": text, **entry}


def labelled(value: str) -> str:
    return f"- {{op: add, path: /metadata/labels/tier, value: {value}}}"


MORE = [*stateful("db", 1, "example.test/db:v1@sha256:" + "a" * 64), configmap("other", {"a": "b"})]
DELETE = "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, $patch: delete}"
RENAME = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: shop}}"
CONTAINERS = "[{name: web, image: 'one:1'}, {name: two, image: 'two:1'}]"
REIMAGE = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: any}}
spec: {{template: {{spec: {{containers: {CONTAINERS}}}}}}}
"""
LIST = {"apiVersion": "v1", "kind": "List", "items": [configmap("one", {}), configmap("two", {})]}
COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}

KUSTOMIZATIONS: dict[str, Files] = {
    "names before and after a prefix": files(
        *MORE,
        namePrefix="a-",
        overlay={
            "nameSuffix": "-z",
            "patches": [
                patch(labelled("old"), target={"name": "web"}),
                patch(labelled("new"), target={"name": "a-db"}),
                patch(labelled("never"), target={"name": "web-z"}),
            ],
        },
    ),
    "namespaces before and after a change": files(
        *MORE,
        namespace="mall",
        overlay={
            "patches": [
                patch(labelled("old"), target={"namespace": "shop", "kind": "Service"}),
                patch(labelled("new"), target={"namespace": "mall", "kind": "Deploy.*"}),
                patch(labelled("never"), target={"namespace": "default"}),
            ]
        },
    ),
    "selectors by labels": files(
        *MORE,
        overlay={
            "labels": [{"pairs": {"late": "yes"}}],
            "patches": [
                patch(labelled("db"), target={"labelSelector": "app.kubernetes.io/name notin (web, api)"}),
                patch(labelled("none"), target={"labelSelector": "!app.kubernetes.io/name"}),
                patch(labelled("late"), target={"labelSelector": "late"}),
            ],
        },
    ),
    "an object that is deleted, then meant": files(
        *MORE, overlay={"patches": [patch(DELETE), patch(labelled("x"), target={"kind": "ConfigMap"})]}
    ),
    "an object that is renamed": files(
        overlay={
            "patches": [
                patch(RENAME, target={"kind": "Deployment"}, options={"allowNameChange": True}),
                patch(labelled("old"), target={"name": "web", "kind": "Deployment"}),
                patch(labelled("new"), target={"name": "shop"}),
            ]
        }
    ),
    "images by tag, digest and other names, one after the other": files(
        *MORE,
        images=[{"name": "example.test/db", "newName": "mirror.test:5000/db"}],
        overlay={
            "images": [
                {"name": "mirror.test:5000/db", "newTag": "v3"},
                {"name": "example.test/.*", "digest": "sha256:" + "b" * 64},
            ]
        },
    ),
    "containers that a patch changes and adds": files(
        overlay={
            "patches": [patch(REIMAGE, target={"name": "web", "kind": "Deployment"})],
            "images": [{"name": "one", "newTag": "2"}, {"name": "two", "newName": "three"}],
        }
    ),
    "components, one on what the other made": files(overlay={"components": ["../one", "../two"]})
    | {
        "one/kustomization.yaml": {**COMPONENT, "resources": ["api.yaml"], "namePrefix": "one-"},
        "one/api.yaml": deployment("api"),
        "two/kustomization.yaml": {**COMPONENT, "patches": [patch(labelled("x"), target={"name": "one-api"})]},
    },
    "lists, and generators that merge": files(
        namespace="shop",
        configMapGenerator=[{"name": "made", "literals": ["a=b"], "options": {"labels": {"made": "here"}}}],
        overlay={
            "resources": ["../base", "list.yaml"],
            "configMapGenerator": [{"name": "made", "behavior": "merge", "literals": ["a=c"]}],
        },
    )
    | {"overlay/list.yaml": LIST},
}  # fmt: skip


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_the_reckoning_is_what_kustomize_renders(name: str, tmp_path: Path) -> None:
    repository = small.write(tmp_path, KUSTOMIZATIONS[name])
    built = Chain(Source(repository)).follow(repository / "overlay")
    assert reckoned(built.items) == sorted(rendered(kustomize.build(repository / "overlay", 10)))


NEVER = {
    "names before and after a prefix": ["patches[2].target"],
    "namespaces before and after a change": ["patches[2].target"],
    "selectors by labels": ["patches[1].target", "patches[2].target"],
}


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_only_what_hits_nothing_is_said_to(name: str, tmp_path: Path) -> None:
    repository = small.write(tmp_path, KUSTOMIZATIONS[name])
    built = Chain(Source(repository)).follow(repository / "overlay")
    assert [miss.finding.field for miss in built.misses] == NEVER.get(name, [])


@pytest.mark.parametrize(
    ("field", "kind"), [("transformers", "ValueAddTransformer"), ("generators", "ConfigMapGenerator")]
)
def test_behind_a_plugin_that_is_not_followed_nothing_is_said(field: str, kind: str, tmp_path: Path) -> None:
    plugin = {"apiVersion": "builtin", "kind": kind, "metadata": {"name": "x"}, "value": "y"}
    overlay = {"images": [{"name": "nothing.test/x", "newTag": "v1"}]}
    held = files(overlay=overlay, **{field: ["plugin.yaml"]})
    repository = small.write(tmp_path, held | {"base/plugin.yaml": plugin})
    built = Chain(Source(repository)).follow(repository / "overlay")
    assert (built.misses, built.opaque) == ([], True)


def test_what_only_kustomize_can_tell_is_left_to_it(tmp_path: Path) -> None:
    """The patch hits what a plugin makes."""
    generator = {
        "apiVersion": "builtin",
        "kind": "ConfigMapGenerator",
        "metadata": {"name": "made"},
        "literals": ["a=b"],
    }
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made"}, "data": {"c": "d"}}
    overlay = {"generators": ["made.yaml"], "patches": [{"path": "patch.yaml"}], "namespace": "shop"}
    held = files(overlay=overlay) | {"overlay/made.yaml": generator, "overlay/patch.yaml": made}
    assert small.check(small.write(tmp_path, held) / "overlay") == (0, [])


def test_a_pattern_that_would_take_for_ever_is_not_judged(tmp_path: Path) -> None:
    target = {"kind": "Deployment", "name": "(a+)+b"}
    held = files(deployment("a" * 60), overlay={"patches": [patch(labelled("x"), target=target)]})
    repository = small.write(tmp_path, held)
    assert Chain(Source(repository)).follow(repository / "overlay").misses == []
