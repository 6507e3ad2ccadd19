"""Everything pinned is in one list, with the place where it was looked up or a mark that it was not."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import promote
from ops.places import ROOT
from tests.conftest import Manifest

OURS = "newstalk-ai/"


@pytest.fixture(scope="module")
def pins() -> dict[str, list[dict[str, Any]]]:
    return dict(yaml.safe_load((ROOT / "pins.yaml").read_text()))


def images(value: object) -> set[str]:
    """Every value of a field `image`, at any depth."""
    if isinstance(value, dict):
        own = {value["image"]} if isinstance(value.get("image"), str) else set()
        return own.union(*map(images, value.values()))
    return set().union(*map(images, value)) if isinstance(value, list) else set()


def test_every_image_that_runs_is_listed_and_none_other(
    rendered: dict[str, list[Manifest]], pins: dict[str, list[dict[str, Any]]]
) -> None:
    used = {image for objects in rendered.values() for image in images(objects) if not image.startswith(OURS)}
    bases = {"docker.io/confluentinc/cp-kafka", "docker.io/apache/airflow"}  # what our own images are built on
    assert used == {entry["pin"] for entry in pins["images"] if entry["pin"].rpartition(":")[0] not in bases}


def test_every_action_is_listed_with_the_version_that_its_comment_names(pins: dict[str, list[dict[str, Any]]]) -> None:
    workflows = [path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.y*ml")]
    used = {found for text in workflows for found in re.findall(r"uses:\s*(\S+)\s+#\s*(\S+)", text)}
    assert len(used) > 0
    assert used <= {(entry["pin"], entry["version"]) for entry in pins["actions"]}


def test_a_pin_without_a_source_stops_a_release(tmp_path: Path) -> None:
    listed = tmp_path / "pins.yaml"
    listed.write_text('images:\n- {pin: "a:1", source: here}\n- {pin: "b:2", source: null}\n')
    assert promote.unverified(listed) == ["b:2"]
