"""The pages that begin in a folder of the reader's own keep their word: what they say is written, run and compared."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests import pages, trees
from tests.pages import ELSEWHERE


@dataclass(kw_only=True)
class Tour:
    """A reader's folder, in which a page is taken at its word.

    `library`: the copy of this repository that it uses, `before`: that one's files at the beginning; `shown`: [(what a
    block shows, what there is)]; `ended`: [(exit code that the page tells, what was run)].
    """

    page: Path
    place: Path
    library: Path
    before: dict[str, bytes]
    shown: list[tuple[str, str]] = field(default_factory=list)
    ended: list[tuple[int, subprocess.CompletedProcess[str]]] = field(default_factory=list)

    def take(self) -> "Tour":
        begin, printed = "", ""
        for block in pages.blocks(self.page):
            match block.words:
                case {"tour": "begin"}:
                    begin = block.text
                case {"tour": _}:
                    done = self.run(begin + block.text)
                    printed = done.stdout + done.stderr
                    self.ended.append((int(block.words.get("exit", 0)), done))
                case {"file": _}:
                    pages.written(block, self.place)
                case {"prints": _}:
                    self.shown.append((block.text, printed))
                case {"shows": path}:
                    file = self.place / path
                    self.shown.append((block.text, file.read_text() if file.is_file() else f"{path} is missing"))
        return self

    def run(self, script: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        git = {f"GIT_{who}_{what}": "tour@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        # The tools are the repository's, the packages are the copy's.
        variables = {**os.environ, **git, "PYTHONPATH": str(self.library), "COLUMNS": "100"}
        command = ["sh", "-e", "-c", script]
        return subprocess.run(
            command,
            cwd=self.place / folder,
            env={**variables, "GIT_CONFIG_GLOBAL": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )


def sources(library: Path) -> dict[str, bytes]:
    return {path: text for path, text in trees.files(library).items() if "__pycache__" not in path}


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Tour:
    place = tmp_path_factory.mktemp("elsewhere")
    library = trees.copy(place)
    subprocess.run(["git", "init", "--quiet", place / "bakery"], check=True)
    (place / "bakery" / "newstalk").symlink_to(library)
    return Tour(page=ELSEWHERE[0], place=place / "bakery", library=library, before=sources(library)).take()


@pytest.fixture(scope="module")
def leaflet(bakery: Tour, tmp_path_factory: pytest.TempPathFactory) -> Tour:
    """The second page begins where the first ends."""
    place = tmp_path_factory.mktemp("beside") / "bakery"
    shutil.copytree(bakery.place, place, symlinks=True)
    return Tour(page=ELSEWHERE[1], place=place, library=bakery.library, before=bakery.before).take()


@pytest.fixture(params=["bakery", "leaflet"])
def tour(request: pytest.FixtureRequest) -> Tour:
    taken: Tour = request.getfixturevalue(request.param)
    return taken


def lines(text: str) -> str:
    """The text without the blanks that a table's lines end in, each line with a break on both sides."""
    return "\n".join(["", *(line.rstrip() for line in text.splitlines()), ""])


@pytest.mark.slow
def test_every_command_ends_as_the_page_says(tour: Tour) -> None:
    for code, done in tour.ended:
        assert done.returncode == code, f"{done.args[-1]}{done.stdout}{done.stderr}"
    assert len(tour.ended) > 2


@pytest.mark.slow
def test_what_the_page_shows_is_what_there_is(tour: Tour) -> None:
    for block, there in tour.shown:
        assert lines(block) in lines(there), there
    assert len(tour.shown) > 2


@pytest.mark.slow
def test_every_path_of_the_page_is_in_the_reader_s_folder(tour: Tour) -> None:
    here = {path.name for path in tour.place.iterdir()}
    words = {word.strip('"`') for token in pages.tokens(tour.page) if token.type in ("code_inline", "fence")
             for word in token.content.split()}  # fmt: skip
    paths = {word for word in words if word.partition("/")[0] in here and re.fullmatch(r"[\w.-]+/[\w./-]*", word)}
    assert {path for path in paths if not (tour.place / path).exists()} == set()
    assert len(paths) > 2


@pytest.mark.slow
def test_the_code_of_the_page_is_what_a_linter_wants(tour: Tour) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    code = sorted(path.name for path in tour.place.glob("*.py"))
    for arguments in (["check", "--select", "E,F,I,N,UP"], ["format", "--check"]):
        command = [*ruff, *arguments, "--isolated", "--no-cache", "--line-length", "120", *code]
        done = subprocess.run(command, cwd=tour.place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_another_platform_leaves_the_library_as_it_was(tour: Tour) -> None:
    assert trees.changed(tour.before, sources(tour.library)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["render {}", "check {} --minor 1.34", "capacity {}"])
def test_the_commands_that_read_take_another_platform_from_any_folder(command: str, bakery: Tour) -> None:
    here, there = (
        bakery.run(f". {bakery.place}/newstalk/.venv/bin/activate\nnewstalk {command.format(overlay)}", folder)
        for folder, overlay in ((".", "overlays/production"), ("dist/base", "../../overlays/production"))
    )
    assert (here.returncode, there.returncode) == (0, 0), here.stderr + there.stderr
    assert there.stdout.replace("../../overlays", "overlays") == here.stdout


@pytest.mark.slow
def test_a_platform_without_an_environment_is_refused_in_one_line(bakery: Tour, tmp_path: Path) -> None:
    place = tmp_path / "bakery"
    shutil.copytree(bakery.place, place, symlinks=True, ignore=shutil.ignore_patterns("overlays", "dist", ".git"))
    done = replace(bakery, place=place).run(". newstalk/.venv/bin/activate\npython -O main.py")
    assert done.returncode == 1
    assert done.stderr == f"{place}/overlays: no environment, have a folder with a kustomization.yaml for each\n"
    assert not (place / "dist").exists()
