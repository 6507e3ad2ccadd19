"""Folders of plain YAML that kustomize gathers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cdk8s_plus_27 import k8s
from constructs import Construct

from charts import folder
from charts.constructs.kube import emit
from charts.model import (
    ConfigFiles,
    Host,
    Metrics,
    ModelError,
    Permission,
    PerNode,
    Persistent,
    Platform,
    Stateful,
    Workload,
)
from ops import render
from tests.platforms import Write, platform, serving, tells, workload

HASH = re.compile(r"\bc8[0-9a-f]{6}\b")  # what cdk8s appends to names


def shop() -> Platform:
    agent = serving("agent", run=PerNode(), component="node-exporter", namespace="attic", metrics=Metrics(port="http"))
    scraper = serving("watcher", run=Stateful(), permissions=(Permission(resources=("pods",), verbs=("list",)),),
        files=(ConfigFiles(name="scrape", mount="/scrape", files={"self.yml": "{}\n"}),))  # fmt: skip
    volume = Persistent(name="till", mount="/till", size="1Gi", storage_class="shelf", claim="till-claim")
    web = serving(run=Stateful(), host=Host(name="www"), settings={"TAX": "7"}, volumes=(volume,))
    return platform(web, agent, scraper, scraper="watcher")


def objects(place: Path) -> dict[str, Any]:
    """{path below the place: manifest} of every object."""
    return {
        str(path.relative_to(place)): yaml.safe_load(path.read_text())
        for path in sorted(place.rglob("*.yaml"))
        if path.name[0].isupper() and path.parent.name != "patches"
    }


def words(value: Any) -> Iterator[str]:
    """Every key and value."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from words(one)
    else:
        yield str(value)


def test_every_object_is_a_file_of_its_kind_and_name_in_its_workloads_folder(write: Write) -> None:
    found = objects(write(shop()) / "base")
    assert {"web/StatefulSet.web.yaml", "watcher/Role.watcher.yaml", "foundation/Namespace.shop.yaml"} <= set(found)
    for path, manifest in found.items():
        place, _, file = path.partition("/")
        assert file == f"{manifest['kind']}.{manifest['metadata']['name']}.yaml"
        assert manifest["metadata"]["labels"]["app.kubernetes.io/name"] == place
        assert manifest["metadata"]["labels"]["app.kubernetes.io/part-of"] == "shop"


def test_names_labels_and_selectors_hold_no_hash_of_cdk8s(write: Write) -> None:
    for path, manifest in objects(write(shop())).items():
        assert [word for word in words(manifest) if "cdk8s" in word or HASH.search(word)] == [], path


def test_only_the_kustomization_names_the_namespace_of_the_base(write: Write) -> None:
    out = write(shop()) / "base"
    found = objects(out)
    assert [path for path, one in found.items() if "namespace" in one["metadata"]] == []
    assert yaml.safe_load((out / "kustomization.yaml").read_text())["namespace"] == "shop"


def test_every_object_of_a_component_names_its_namespace(write: Write) -> None:
    out = write(shop()) / "components"
    named = {path: one["metadata"].get("namespace") for path, one in objects(out).items()}
    wide = {path for path in named if Path(path).name.startswith(("Cluster", "Namespace."))}
    assert {path for path, name in named.items() if name is None} == wide
    assert named["node-exporter/DaemonSet.agent.yaml"] == named["node-exporter/ServiceAccount.agent.yaml"] == "attic"
    assert named["node-exporter/NetworkPolicy.watcher-to-agent.yaml"] == "shop"


def test_a_kustomization_gathers_every_file_of_its_folder_and_nothing_that_is_missing(write: Write) -> None:
    out = write(shop())
    for path in sorted(out.rglob("kustomization.yaml")):
        says = yaml.safe_load(path.read_text())
        files = [
            file for one in says.get("configMapGenerator", []) for file in one.get("files", []) + one.get("envs", [])
        ]
        files += says.get("resources", []) + says.get("configurations", [])
        files += [patch["path"] for patch in says.get("patches", [])]
        named = {(path.parent / file).resolve() for file in files}
        assert {one for one in named if not one.exists()} == set(), path
        there = {one.resolve() for one in path.parent.rglob("*") if one.is_file() and one != path}
        gathered = {folder for folder in named if folder.is_dir()}
        assert {one for one in there - named if not gathered & set(one.parents)} == set(), path


def test_a_component_says_what_it_is_for(write: Write) -> None:
    for path in sorted((write(shop()) / "components").glob("*/kustomization.yaml")):
        assert path.read_text().startswith(f"# {path.parent.name}: ")
        assert yaml.safe_load(path.read_text())["kind"] == "Component"


class Names(Construct):
    """Two of them make one object twice."""

    def __init__(self, scope: Construct, identity: str, one: Workload) -> None:
        super().__init__(scope, identity)
        emit(self, k8s.KubeServiceAccount, one)


def test_two_objects_that_would_share_a_file_are_refused_in_one_line(tmp_path: Path) -> None:
    one, app = workload(), folder.app(tmp_path)
    chart = folder.Folder(app, "web", platform(one))
    for identity in ("first", "second"):
        Names(chart, identity, one)
    with pytest.raises(ModelError) as caught:
        folder.write(app)
    [line] = caught.value.refusals
    assert tells(line, "web/ServiceAccount.web.yaml", "two objects")


def test_settings_become_keys_and_other_files_stay_files() -> None:
    generated = folder.Generated(name="web-config", files={"settings.env": "A=1\n", "menu/menu.txt": "soup\n"})
    assert generated.entry() == {"name": "web-config", "envs": ["settings.env"], "files": ["menu/menu.txt"]}


def test_a_map_may_add_to_anothers_and_keep_its_plain_name() -> None:
    merged = folder.Generated(name="menu", files={"menu.txt": ""}, merge=True).entry()
    named = folder.Generated(name="menu", files={"menu.txt": ""}, hashed=False).entry()
    assert (merged["behavior"], named["options"]) == ("merge", {"disableNameSuffixHash": True})


ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  template:
    spec:
      volumes: [{name: menu, configMap: {name: menu}}]
      containers:
      - name: web
        env: [{name: SOUP, valueFrom: {configMapKeyRef: {name: menu, key: soup}}}]
        envFrom: [{configMapRef: {name: menu}}, {secretRef: {name: keys}}]
"""


def test_custom_resources_follow_the_hashes_of_what_they_name(tmp_path: Path) -> None:
    folder.put(tmp_path / "rollout.yaml", ROLLOUT)
    folder.put(tmp_path / "references.yaml", yaml.safe_dump(folder.name_references()))
    kustomization = {
        "resources": ["rollout.yaml"],
        "configurations": ["references.yaml"],
        "configMapGenerator": [{"name": "menu", "literals": ["soup=leek"]}],
        "secretGenerator": [{"name": "keys", "literals": ["till=1"]}],
    }
    folder.put(tmp_path / "kustomization.yaml", yaml.safe_dump(kustomization))
    made = {one.kind: one.manifest for one in render.render(tmp_path)}
    menu, keys = (made[kind]["metadata"]["name"] for kind in ("ConfigMap", "Secret"))
    pod = made["Rollout"]["spec"]["template"]["spec"]
    [only], [volume] = pod["containers"], pod["volumes"]
    assert menu.startswith("menu-")
    assert volume["configMap"]["name"] == only["env"][0]["valueFrom"]["configMapKeyRef"]["name"] == menu
    assert only["envFrom"] == [{"configMapRef": {"name": menu}}, {"secretRef": {"name": keys}}]
