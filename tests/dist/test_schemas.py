"""Every object is one that the API server would take."""

import shutil
from pathlib import Path

import pytest
import yaml

from ops import render
from ops.places import OVERLAYS, ROOT
from tests import schemas
from tests.conftest import Manifest


def production_components() -> list[str]:
    return list(yaml.safe_load((OVERLAYS / "production" / "kustomization.yaml").read_text())["components"])


def production_without(component: str, place: Path) -> Path:
    """Production's overlay beside the real dist/, one component left out."""
    shutil.copytree(OVERLAYS / "production", place / "overlays" / "production")
    (place / "dist").symlink_to(ROOT / "dist")
    path = place / "overlays" / "production" / "kustomization.yaml"
    overlay = yaml.safe_load(path.read_text())
    overlay["components"].remove(component)
    path.write_text(yaml.safe_dump(overlay))
    return path.parent


def wrong(objects: list[Manifest], version: str) -> list[str]:
    return [complaint for one in objects for complaint in schemas.complaints(one, version)]


@pytest.mark.parametrize("version", schemas.minors())
def test_every_object_passes_the_strict_schemas_of(version: str, rendered: dict[str, list[Manifest]]) -> None:
    assert {name: wrong(objects, version) for name, objects in rendered.items()} == {name: [] for name in rendered}


@pytest.mark.parametrize("component", production_components())
def test_production_builds_and_passes_without_the_component(component: str, tmp_path: Path) -> None:
    objects = [one.manifest for one in render.render(production_without(component, tmp_path))]
    versions = schemas.minors()
    assert [complaint for version in (versions[0], versions[-1]) for complaint in wrong(objects, version)] == []


@pytest.mark.parametrize("version", [schemas.minors()[0], schemas.minors()[-1]])
def test_the_schemas_refuse_a_field_that_is_misspelt(version: str) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"prots": []}}
    assert [line for line in wrong([service], version) if "prots" in line]


def test_the_custom_schemas_refuse_a_field_that_is_misspelt() -> None:
    scaled = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "x"}}
    spec = {"scaleTargetRef": {"name": "x"}, "triggers": [], "minReplica": 1}
    assert [line for line in wrong([{**scaled, "spec": spec}], schemas.minors()[0]) if "minReplica" in line]
