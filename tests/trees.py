"""Copies of the repository that a test may change, and what a synth of one writes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ops.places import ROOT

SOURCES = ("main.py", "cdk8s.yaml", "pins.yaml", "catalog", "charts", "imports", "ops", "overlays", "rules", "tools")


def copy(place: Path) -> Path:
    """The sources below `place`, with the tools that the repository has set up."""
    tree = place / "tree"
    tree.mkdir()
    for name in SOURCES:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        _ = (
            shutil.copytree(source, tree / name, ignore=ignored)
            if source.is_dir()
            else shutil.copy(source, tree / name)
        )
    for name in (".tools", ".venv"):
        (tree / name).symlink_to(ROOT / name)
    return tree


def run(tree: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in the tree, on the tree's own packages."""
    variables = {**os.environ, "PYTHONPATH": str(tree), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=tree, env=variables, capture_output=True, text=True, check=False)


def synthesize(tree: Path, *flags: str, **environment: str) -> dict[str, bytes]:
    """Runs the tree's program and returns the files of its dist/."""
    done = run(tree, *(flags or ("-O",)), "main.py", **environment)
    assert done.returncode == 0, done.stderr
    return files(tree / "dist")


def files(folder: Path) -> dict[str, bytes]:
    """{path below the folder: content}."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    """The paths that one has and the other has not, or has otherwise."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
