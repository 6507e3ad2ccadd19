"""The README keeps its word: its tour is executed step by step, and its commands are there."""

import ast
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.places import ROOT
from tests import pages, trees
from tests.pages import Block

README = ROOT / "README.md"
COMMITTED = ("production", "staging")
PICTURES = ("dist/topology.mmd", "dist/topology.svg")


def blocks(step: str) -> list[Block]:
    """The blocks of a step of the tour, in order."""
    return [block for block in pages.blocks(README) if block.words.get("tour") == step]


Files = Mapping[str, bytes]
"""{path: content} of what git would commit."""


class Tour:
    """A copy of the repository, all of it committed, in which the tour is taken."""

    def __init__(self, place: Path) -> None:
        self.tree = trees.copy(place)
        trees.synthesize(self.tree)
        (self.tree / ".gitignore").write_text("/.venv\n/.tools\n__pycache__/\nsecrets.env\n")
        self.run("git init --quiet && git add --all && git commit --quiet --message start")
        self.begin = "".join(block.text for block in blocks("begin"))

    def take(self, step: str) -> Files:
        """Edits and runs what the README says; returns the files afterwards."""
        for block in blocks(step):
            if "file" in block.words:
                pages.written(block, self.tree)
            else:
                self.run(self.begin + block.text)
        return self.files()

    def run(self, script: str) -> None:
        git = {f"GIT_{who}_{what}": "tour@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        # The tools are the repository's, the packages are the copy's.
        variables = {**os.environ, **git, "PYTHONPATH": str(self.tree), "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["sh", "-e", "-c", script], cwd=self.tree, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def files(self) -> Files:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=self.tree, capture_output=True, text=True, check=True).stdout.splitlines()
        return {name: (self.tree / name).read_bytes() for name in listed if (self.tree / name).is_file()}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Files]:
    """{step: the files after it}, the steps taken one after the other as a reader takes them."""
    tour = Tour(tmp_path_factory.mktemp("tour"))
    found = {"before": tour.files()}
    for step in ("service", "environment", "release", "end"):
        found[step] = tour.take(step)
    return found


def example() -> tuple[str, set[str]]:
    """The name of the README's service and the workloads that it calls."""
    (call,) = [node for node in ast.walk(ast.parse(blocks("service")[0].text)) if isinstance(node, ast.Call)
               and isinstance(node.func, ast.Name) and node.func.id == "Workload"]  # fmt: skip
    values = {field.arg: field.value for field in call.keywords}
    return ast.literal_eval(values["name"]), {name.split(":")[0] for name in ast.literal_eval(values["calls"])}


def without(name: str, policy: dict[str, Any]) -> dict[str, Any]:
    """A NetworkPolicy that does not admit the workload."""
    for rule in policy["spec"]["ingress"]:
        rule["from"] = [peer for peer in rule["from"] if name not in str(peer)]
    return policy


@pytest.mark.slow
def test_the_example_service_touches_one_file_and_adds_one_folder_per_environment(states: dict[str, Files]) -> None:
    name, _ = example()
    before, after = states["before"], states["service"]
    sources = {path for path in trees.changed(before, after) if not path.startswith("dist/")}
    new = {str(Path(path).parent) for path in after.keys() - before.keys()}
    assert sources == {"catalog/application.py"}
    assert new == {f"dist/base/{name}", *(f"dist/environments/{environment}/{name}" for environment in COMMITTED)}
    assert before.keys() - after.keys() == set()


@pytest.mark.slow
def test_all_else_that_the_example_service_changes_follows_from_its_calls(states: dict[str, Files]) -> None:
    name, called = example()
    before, after = states["before"], states["service"]
    changed = {path for path in before if path.startswith("dist/") and before[path] != after[path]}
    places = ["base", *(f"environments/{environment}" for environment in COMMITTED)]
    policies = {f"dist/{place}/{callee}/NetworkPolicy.{callee}.yaml" for place in places for callee in called}
    waves = "dist/transformers/sync-waves/waves.yaml"  # where each workload has its place
    one_machine = "dist/compose/compose.yaml"
    assert changed == policies | {"dist/base/kustomization.yaml", "dist/summary.md", waves, one_machine, *PICTURES}
    for path in policies:
        old, new = yaml.safe_load(before[path]), yaml.safe_load(after[path])
        assert without(name, new) == old, path
    gathered = after["dist/base/kustomization.yaml"].decode().replace(f"- {name}\n", "")
    assert gathered == before["dist/base/kustomization.yaml"].decode()


@pytest.mark.slow
def test_the_change_of_an_environment_changes_what_reads_the_setting_and_no_other_environment(
    states: dict[str, Files],
) -> None:
    before, after = states["service"], states["environment"]
    (block,) = [block for block in blocks("environment") if "file" in block.words]
    environment = Path(block.words["file"]).parent.name
    rendered = {path: text.decode() for path, text in before.items() if f"environments/{environment}/" in path}
    hash_of = re.compile(r"newstalk-ai-environment-[a-z0-9]{10}")
    readers = {path for path, text in rendered.items() if hash_of.search(text) or "kind: Ingress\n" in text}
    assert trees.changed(before, after) == {block.words["file"], "dist/summary.md", *readers}
    assert len(readers) > 2


@pytest.mark.slow
def test_the_release_changes_the_tag_and_the_pods_that_bear_it(states: dict[str, Files]) -> None:
    before, after = states["environment"], states["release"]
    (image, tag), (environment, workload) = ("newstalk-ai/backend", "v1.1.0-rc.1"), ("staging", "fastapi-backend")
    overlay = f"overlays/{environment}/kustomization.yaml"
    deployment = f"dist/environments/{environment}/{workload}/Deployment.{workload}.yaml"
    smoke_test = f"dist/environments/{environment}/smoke-test/CronJob.smoke-test.yaml"  # asks in the backend's image
    assert trees.changed(before, after) == {overlay, deployment, smoke_test, "dist/summary.md"}
    assert f"image: {image}:{tag}\n" in after[deployment].decode()
    assert len(set(after[overlay].splitlines()) - set(before[overlay].splitlines())) == 1


@pytest.mark.slow
def test_the_tour_leaves_nothing_behind(states: dict[str, Files]) -> None:
    assert trees.changed(states["before"], states["end"]) == set()


def commands() -> set[str]:
    """Each line of a shell block, and each command in running text that is ours."""
    lines = {line for block in pages.blocks(README) if "sh" in block.words for line in block.text.splitlines()}
    spans = {token.content for token in pages.tokens(README) if token.type == "code_inline"}
    ours = {part.strip() for span in spans for part in span.split("|")}
    return lines | {part for part in ours if re.match(r"(make|newstalk|\.tools/bin/\w+) \w", part)}


def explanation(program: str, verb: str) -> str:
    """What `PROGRAM VERB --help` prints, without colours and line breaks."""
    command = [str(program), verb, "--help"]
    plain = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, env=plain, check=False)
    assert done.returncode == 0, f"{verb}: {done.stderr}"
    return done.stdout


@pytest.mark.parametrize("command", sorted(commands()))
def test_the_command_exists(command: str) -> None:
    program, *arguments = shlex.split(command)
    match program:
        case "make":
            rules = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
            assert set(arguments) <= set(rules)
        case "newstalk":
            verb, *rest = arguments
            options = [word for word in rest if word.startswith("-")]
            helped = explanation(str(ROOT / ".venv/bin/newstalk"), verb)
            assert [option for option in options if option not in helped] == []
        case "." | "source":
            assert (ROOT / arguments[0]).is_file()
        case _ if "/" in program:
            assert os.access(ROOT / program, os.X_OK)
        case _:
            assert shutil.which(program)


def test_the_readme_fits_on_two_screens() -> None:
    assert len(README.read_text().splitlines()) <= 200
