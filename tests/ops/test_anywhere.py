"""Every command works from any folder: an environment goes by its name everywhere, a path from where the person is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import trees

READING = ("render {}", "check {} --minor 1.34", "capacity {}")
NODES = "nodes: [{name: general, cpu: 8, memory: 32Gi}]\n"


def newstalk(tree: Path, folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line of the tree with the folder as working directory."""
    call = [sys.executable, "-c", "import ops.cli; ops.cli.main()", *command.split()]
    variables = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(call, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = trees.copy(tmp_path_factory.mktemp("anywhere"))
    trees.synthesize(tree)
    (tree / "deep" / "staging").mkdir(parents=True)  # a folder of an environment's name
    return tree


@pytest.mark.slow
@pytest.mark.parametrize("command", [*READING, "graph"])
def test_what_a_command_says_of_an_environment_does_not_depend_on_the_folder(command: str, tree: Path) -> None:
    here, there = (newstalk(tree, folder, command.format("staging")) for folder in (tree, tree / "deep"))
    assert (here.returncode, there.returncode) == (0, 0), here.stderr + there.stderr
    assert (there.stdout, there.stderr) == (here.stdout, here.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("command", READING)
def test_a_path_goes_from_the_working_directory(command: str, tree: Path) -> None:
    there = newstalk(tree, tree / "overlays", command.format("./staging"))
    elsewhere = newstalk(tree, tree / "deep", command.format("./staging"))
    assert there.returncode == 0, there.stderr
    assert elsewhere.returncode in (1, 2)
    assert "kustomization.yaml" in elsewhere.stderr


@pytest.mark.slow
def test_files_are_written_to_the_working_directory(tree: Path) -> None:
    folder = tree / "deep"
    for command, made in (("render staging -o out", "out/redis"), ("graph -o drawn.mmd", "drawn.mmd")):
        done = newstalk(tree, folder, command)
        assert done.returncode == 0, done.stderr
        assert (folder / made).exists()


@pytest.mark.slow
def test_files_are_read_from_the_working_directory(tree: Path) -> None:
    folder = tree / "deep"
    (folder / "nodes.yaml").write_text(NODES)
    (folder / "crds").mkdir()
    for command in ("capacity staging --nodes nodes.yaml", "check staging --minor 1.34 --crds crds"):
        done = newstalk(tree, folder, command)
        assert done.returncode == 0, done.stderr
        assert newstalk(tree, tree, command).returncode == 2


@pytest.mark.slow
def test_a_release_replaces_dist_from_inside_it(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    (tree / "dist" / "old").mkdir(parents=True)
    done = newstalk(tree, tree / "dist" / "old", "promote staging newstalk-ai/backend=v1.1.0-rc.9")
    assert done.returncode == 0, done.stderr
    assert not (tree / "dist" / "old").exists()
    assert "v1.1.0-rc.9" in (tree / "dist" / "summary.md").read_text()


@pytest.mark.slow
def test_dist_is_compared_from_any_folder(tree: Path) -> None:
    done = newstalk(tree, tree / "deep", "synth --check")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
