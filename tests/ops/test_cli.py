"""The commands, as a person meets them: what they write, what they refuse, and in how many lines."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from ops.places import DIST
from tests import trees
from tests.ops.shape import conforms, documented


def newstalk(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return trees.run(tree, "-c", "import ops.cli; ops.cli.main()", *arguments)


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = trees.copy(tmp_path_factory.mktemp("synthesized"))
    trees.synthesize(tree)
    return tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = trees.copy(tmp_path)
    (tree / "dist").mkdir()
    (tree / "dist" / "kept.yaml").write_text("kept: true\n")
    return tree


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_refused_platform_is_one_line_and_leaves_dist_as_it_was(tree: Path) -> None:
    edit(tree / "catalog" / "application.py", '"postgres:sql", "redis:redis"', '"postgres:sqll", "redis:redis"')
    done = newstalk(tree, "synth")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert 'fastapi-backend.calls: "postgres:sqll"' in done.stderr
    assert trees.files(tree / "dist") == {"kept.yaml": b"kept: true\n"}


def test_a_rule_broken_by_an_overlay_names_the_environment_and_leaves_dist_as_it_was(tree: Path) -> None:
    edit(tree / "overlays" / "staging" / "kustomization.yaml", "newTag: v1.0.0-rc.1", "newTag: latest")
    done = newstalk(tree, "synth")
    assert done.returncode == 1
    assert all(line.startswith("staging: ") and "latest" in line for line in done.stderr.splitlines()), done.stderr
    assert trees.files(tree / "dist") == {"kept.yaml": b"kept: true\n"}


def test_an_overlay_that_kustomize_refuses_is_one_line_that_names_it(tree: Path) -> None:
    edit(tree / "overlays" / "production" / "kustomization.yaml", "components/keda", "components/kedaa")
    done = newstalk(tree, "synth")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "local/secrets.env" not in line]
    assert [line.split(":")[0] for line in lines] == ["production"]
    assert trees.files(tree / "dist") == {"kept.yaml": b"kept: true\n"}


def test_a_failing_synth_leaves_no_workspace_behind(tree: Path) -> None:
    edit(tree / "catalog" / "application.py", "maximum=10", "maximum=1")
    newstalk(tree, "synth")
    assert [path.name for path in tree.iterdir() if path.name.startswith((".synth", ".check"))] == []


def test_check_passes_on_what_synth_wrote_and_changes_nothing(synthesized: Path) -> None:
    before = trees.files(synthesized / "dist")
    done = newstalk(synthesized, "synth", "--check")
    assert (done.returncode, done.stdout) == (0, "")
    assert trees.files(synthesized / "dist") == before


def test_json_tells_what_a_synth_wrote_and_nothing_else(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    done = newstalk(tree, "synth", "--json")
    told = json.loads(done.stdout)
    conforms(documented("synth"), told)
    assert (done.returncode, told["out"], told["differences"]) == (0, "dist", [])
    assert [each["environment"] for each in told["environments"]] == ["local", "staging", "production"]
    assert all(each["workloads"] for each in told["environments"])
    (tree / "dist" / "stray.yaml").write_text("stray: true\n")
    done = newstalk(tree, "synth", "--check", "--json")
    told = json.loads(done.stdout)
    conforms(documented("synth"), told)
    assert (done.returncode, told["out"]) == (1, None)
    assert [each["file"] for each in told["differences"]] == ["dist/stray.yaml"]


@pytest.mark.parametrize("option", [(), ("--check",)], ids=["synth", "synth --check"])
def test_a_refused_platform_is_json_where_json_is_asked_for(option: tuple[str, ...], tree: Path) -> None:
    edit(tree / "catalog" / "application.py", '"postgres:sql", "redis:redis"', '"postgres:sqll", "redis:redis"')
    done = newstalk(tree, "synth", "--json", *option)
    assert (done.returncode, done.stderr) == (1, "")
    [line] = json.loads(done.stdout)["refusals"]
    assert 'fastapi-backend.calls: "postgres:sqll"' in line


def test_a_catalog_that_is_no_python_still_ends_in_json(tree: Path) -> None:
    edit(tree / "catalog" / "platform.py", "PLATFORM = ", "PLATFORM = = ")
    done = newstalk(tree, "synth", "--json")
    assert (done.returncode, list(json.loads(done.stdout))) == (1, ["refusals"])
    assert "SyntaxError" in done.stderr


def test_check_shows_drift_in_both_directions(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    trees.synthesize(tree)
    edited = tree / "dist" / "base" / "redis" / "Service.redis.yaml"
    edit(edited, "6379", "6380")
    (tree / "dist" / "stray.yaml").write_text("stray: true\n")
    (tree / "dist" / "base" / "grafana" / "settings.env").unlink()
    done = newstalk(tree, "synth", "--check")
    assert done.returncode == 1
    assert any(line.startswith("-") and "6380" in line for line in done.stdout.splitlines())
    assert any(line.startswith("+") and "6379" in line for line in done.stdout.splitlines())
    assert {"dist/stray.yaml", "fresh/base/grafana/settings.env"} <= set(done.stdout.split())
    assert "6380" in edited.read_text()


def test_render_writes_what_is_committed(synthesized: Path, tmp_path: Path) -> None:
    done = newstalk(synthesized, "render", "production", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert trees.changed(trees.files(tmp_path / "out"), trees.files(DIST / "environments" / "production")) == set()


def test_render_prints_yaml_that_loads(synthesized: Path) -> None:
    done = newstalk(synthesized, "render", "staging")
    kinds = {document["kind"] for document in yaml.safe_load_all(done.stdout)}
    assert {"Deployment", "StatefulSet", "ScaledObject"} <= kinds


def test_render_refuses_a_folder_that_holds_something(synthesized: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = newstalk(synthesized, "render", "staging", "-o", str(tmp_path))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_promote_changes_one_line_of_the_overlay_and_every_pod_of_the_image(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    before = trees.synthesize(tree)
    overlay = tree / "overlays" / "staging" / "kustomization.yaml"
    lines = overlay.read_text().splitlines()
    done = newstalk(tree, "promote", "staging", "newstalk-ai/backend=v1.1.0-rc.7", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    conforms(documented("promote"), told)
    assert told["images"] == {"newstalk-ai/backend": "v1.1.0-rc.7"}
    new = overlay.read_text().splitlines()
    assert [(old, now) for old, now in zip(lines, new, strict=True) if old != now] == [
        ("  newTag: v1.0.0-rc.1", "  newTag: v1.1.0-rc.7")
    ]
    changed = trees.changed(before, trees.files(tree / "dist"))
    bearers = {"fastapi-backend/Deployment.fastapi-backend.yaml", "smoke-test/CronJob.smoke-test.yaml"}
    assert changed == {*(f"environments/staging/{path}" for path in bearers), "summary.md"}


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("newstalk-ai/backend", "IMAGE=TAG"),
        ("newstalk-ai/backend=latest", "latest"),
        ("newstalk-ai/backend=not a tag", "IMAGE=TAG"),
        ("newstalk-ai/unknown=v1", "newstalk-ai/backend"),
    ],
)
def test_promote_refuses_in_one_line_and_changes_nothing(assignment: str, said: str, synthesized: Path) -> None:
    before = trees.files(synthesized / "overlays")
    done = newstalk(synthesized, "promote", "production", assignment)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert trees.files(synthesized / "overlays") == before


def test_promote_refuses_while_a_pin_was_not_looked_up(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    (tree / "pins.yaml").write_text('images:\n  - {pin: "docker.io/library/redis:8.0.0", source: null}\n')
    done = newstalk(tree, "promote", "production", "newstalk-ai/backend=v2")
    assert done.returncode == 1
    assert "docker.io/library/redis:8.0.0" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    as_json = newstalk(tree, "promote", "production", "newstalk-ai/backend=v2", "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)) == (1, {"refusals": done.stderr.splitlines()})


def test_promote_puts_the_overlay_back_when_the_synth_fails(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    edit(tree / "catalog" / "application.py", "maximum=10", "maximum=1")
    before = trees.files(tree / "overlays")
    done = newstalk(tree, "promote", "staging", "newstalk-ai/backend=v2")
    assert done.returncode == 1
    assert trees.files(tree / "overlays") == before


def test_a_missing_tool_is_one_line_that_says_how_to_get_it(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    (tree / ".tools").unlink()
    done = newstalk(tree, "synth")
    lines = [line for line in done.stderr.splitlines() if "secrets.env" not in line]
    assert done.returncode == 1
    assert len(lines) == 1
    assert "make tools" in lines[0]
