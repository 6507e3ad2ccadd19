"""dist/ is there whatever happens."""

from pathlib import Path

import pytest

from ops.synth import difference, swap


def test_an_interrupted_swap_leaves_the_old_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, out, old = (tmp_path / name for name in ("new", "dist", "old"))
    out.mkdir()
    (out / "kept").touch()
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self == new:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        swap(new, out, old)
    assert [path.name for path in out.iterdir()] == ["kept"]


def test_a_swap_replaces_the_whole_tree(tmp_path: Path) -> None:
    new, out = tmp_path / "new", tmp_path / "dist"
    for folder, name in ((new, "fresh"), (out, "stale")):
        folder.mkdir()
        (folder / name).touch()
    swap(new, out, tmp_path / "old")
    assert [path.name for path in out.iterdir()] == ["fresh"]


@pytest.mark.parametrize(
    ("committed", "fresh", "shown"),
    [
        ({"a": "1\n"}, {"a": "1\n"}, []),
        ({"a": "1\n"}, {"a": "2\n"}, ["-1", "+2"]),
        ({"a": ""}, {}, ["dist/a: stale"]),
        ({}, {"a": ""}, ["dist/a: missing"]),
        ({"a": "1\n"}, {}, ["-1"]),
    ],
)
def test_a_difference_is_shown_in_both_directions(
    committed: dict[str, str], fresh: dict[str, str], shown: list[str], tmp_path: Path
) -> None:
    for name, files in (("dist", committed), ("fresh", fresh)):
        (tmp_path / name).mkdir()
        for path, text in files.items():
            (tmp_path / name / path).write_text(text)
    found = difference(tmp_path / "dist", tmp_path / "fresh")
    assert {each.file for each in found} == ({"dist/a"} if shown else set())
    assert [line for each in found for line in each.lines if not line.startswith(("---", "+++", "@@"))] == shown
