"""Every component over the real base: objects that the API server takes and that keep the rules."""

from pathlib import Path

import pytest
import yaml

from ops import render
from ops.exclusions import of_folders
from ops.places import DIST, OVERLAYS
from rules import complaints
from tests import schemas
from tests.conftest import Manifest

PRODUCTION = yaml.safe_load((OVERLAYS / "production" / "kustomization.yaml").read_text())
COMPONENTS = sorted(path.parent.name for path in (DIST / "components").glob("*/kustomization.yaml"))


def rendered(place: Path, *components: str) -> list[Manifest]:
    """The base with the components, and with production's images."""
    folder = place / "overlays" / "own"
    folder.mkdir(parents=True)
    (place / "dist").symlink_to(DIST)
    named = [f"../../dist/components/{name}" for name in components]
    whole = {"resources": ["../../dist/base"], "components": named, "images": PRODUCTION["images"]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(whole))
    return [one.manifest for one in render.render(folder)]


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_base_with_the_component_keeps_every_rule_and_schema(component: str, tmp_path: Path) -> None:
    objects = rendered(tmp_path, component)
    minors = schemas.minors()
    wrong = [line for minor in (minors[0], minors[-1]) for one in objects for line in schemas.complaints(one, minor)]
    assert (complaints(objects), wrong) == ([], [])


@pytest.mark.parametrize("edge", ["gateway-api", "f5-nginx"])
def test_production_with_another_edge_keeps_every_rule(edge: str, tmp_path: Path) -> None:
    chosen = [edge] + [Path(name).name for name in PRODUCTION["components"]]
    kept = [name for name in chosen if name == edge or not of_folders(DIST / "components" / n for n in (edge, name))]
    assert complaints(rendered(tmp_path, *kept)) == []


def test_the_environments_switch_on_no_two_components_that_exclude_each_other() -> None:
    for path in OVERLAYS.glob("*/kustomization.yaml"):
        names = yaml.safe_load(path.read_text())["components"]
        assert of_folders(path.parent / name for name in names) == []
