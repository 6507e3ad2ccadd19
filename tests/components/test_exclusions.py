"""Components that cannot stand beside each other are found, whichever of the two says so."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.exclusions import exclusions, of_folders
from ops.places import DIST


def saying(**excluded: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {f"excludes/{name}": why for name, why in excluded.items()}}}


def test_two_that_exclude_each_other_are_one_line_with_names_reason_and_remedy() -> None:
    [found] = exclusions({"sun": saying(rain="one dries, the other wets"), "rain": {}, "wind": {}})
    line = str(found)
    assert "\n" not in line
    assert all(part in line for part in ("sun", "rain", "one dries, the other wets", "keep one"))


@pytest.mark.parametrize("first", ["sun", "rain"])
def test_either_of_the_two_may_say_it(first: str) -> None:
    other = "rain" if first == "sun" else "sun"
    assert len(exclusions({first: saying(**{other: "not both"}), other: {}})) == 1


def test_what_both_say_is_said_once() -> None:
    both = {"sun": saying(rain="dry"), "rain": saying(sun="wet")}
    assert [{found.component, found.excluded} for found in exclusions(both)] == [{"sun", "rain"}]


def test_a_component_may_exclude_one_that_is_switched_off() -> None:
    assert exclusions({"sun": saying(rain="dry"), "wind": {}}) == []


@pytest.mark.parametrize("odd", [{}, {"metadata": None}, {"metadata": []}, {"metadata": {"annotations": ["x"]}}])
def test_a_component_that_says_nothing_of_the_kind_excludes_nothing(odd: dict[str, Any]) -> None:
    assert exclusions({"sun": odd, "rain": odd}) == []


def test_folders_are_known_by_their_names_however_they_are_reached(tmp_path: Path) -> None:
    for name, says in {"sun": saying(rain="dry"), "rain": {"kind": "Component"}}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(yaml.safe_dump(says))
    assert len(of_folders([tmp_path / "sun", tmp_path / "sun" / ".." / "rain"])) == 1


def test_what_a_component_excludes_is_a_component() -> None:
    folders = {path.name: path for path in (DIST / "components").iterdir()}
    for name, folder in folders.items():
        says = yaml.safe_load((folder / "kustomization.yaml").read_text())
        annotations = says.get("metadata", {}).get("annotations", {})
        excluded = {key.removeprefix("excludes/") for key in annotations if key.startswith("excludes/")}
        assert excluded <= folders.keys() - {name}
