"""`newstalk build`, with programs on PATH that write down how they are called and build nothing."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.machine import MACHINE
from ops import cli
from ops.build import run as building
from tests.ops.shape import conforms, documented

IMAGES = list(MACHINE.builds)
DOCKER = """#!/bin/sh
echo "docker $*" >> "$CALLS"
case "$*" in
"buildx build "*":v1.0.0 "*)
    echo '#1 [internal] load build definition'
    echo '#4 [builder 1/2] FROM base'
    echo '#5 [runtime 2/2] COPY a b'
    echo '#5 CACHED'
    echo '#4 [builder 1/2] FROM base' ;;
"image inspect "*) echo 25000000 ;;
esac
case "$*" in *"${FAILS:-nothing}"*) echo 'no space left'; exit 3 ;; esac
"""
PODMAN = """#!/bin/sh
echo "podman $*" >> "$CALLS"
case "$*" in
build*) echo '[1/2] STEP 1/2: FROM base'; echo '[1/2] STEP 2/2: RUN a'; echo '--> Using cache 0123' ;;
image*) echo 1000 ;;
esac
"""
BUILDAH = """#!/bin/sh
echo "buildah $*" >> "$CALLS"
case "$*" in images*) echo '12.5 MB' ;; esac
"""
SCANNER = """#!/bin/sh
echo "$0 $*" >> "$CALLS"
case "$*" in *"${REFUSES:-nothing}"*) exit 1 ;; esac
"""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one call ended with and printed."""

    code: int
    out: str
    lines: list[str]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A repository with what images are built from. `programs`: all that is on PATH."""

    root: Path
    programs: Path
    newstalk: Callable[..., Told]

    def program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(text)
        path.chmod(0o755)

    def calls(self, beginning: str = "") -> list[str]:
        file = self.root / "calls"
        return [line for line in (file.read_text().splitlines() if file.exists() else []) if line.startswith(beginning)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    root, programs = tmp_path / "repository", tmp_path / "programs"
    programs.mkdir()
    for build in MACHINE.builds.values():
        (root / build.context).mkdir(parents=True, exist_ok=True)
        (root / build.dockerfile).parent.mkdir(parents=True, exist_ok=True)
        (root / build.dockerfile).write_text("FROM base\n")
    git = str(shutil.which("git"))
    for words in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@a", "commit", "--quiet", "--message=a"],
    ):
        subprocess.run([git, *words], cwd=root, check=True)
    (programs / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("CALLS", str(root / "calls"))
    for variable in ("REGISTRY", "PIP_CONFIG_FILE", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(building, "ROOT", root)
    monkeypatch.setattr(building, "LOGS", root / "out" / "build")

    def newstalk(*arguments: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["newstalk", "build", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return Told(code=int(str(ended.value.code)), out=printed.out, lines=printed.err.splitlines())

    return Place(root=root, programs=programs, newstalk=newstalk)


@pytest.mark.parametrize("parallel", [(), ("--parallel",)], ids=["", "--parallel"])
def test_every_image_is_built_and_only_then_is_any_pushed(place: Place, parallel: tuple[str, ...]) -> None:
    place.program("docker", DOCKER)
    told = place.newstalk("--tag", "v1.0.0", "--push", *parallel)
    assert told.code == 0, told.lines
    built, pushed = place.calls("docker buildx build"), place.calls("docker push")
    assert pushed == [f"docker push docker.io/{image}:v1.0.0" for image in IMAGES]
    assert len(built) == len(IMAGES)
    assert place.calls()[-len(pushed) :] == pushed


def test_one_after_the_other_comes_in_the_catalog_s_order(place: Place) -> None:
    place.program("docker", DOCKER)
    place.newstalk()
    named = [call.split(" --tag ")[1].split()[0] for call in place.calls("docker buildx build")]
    assert [name.rpartition(":")[0] for name in named] == [f"docker.io/{image}" for image in IMAGES]


def test_an_image_is_built_from_what_the_catalog_names(place: Place) -> None:
    place.program("docker", DOCKER)
    place.newstalk("--tag", "v1.0.0")
    for build, call in zip(MACHINE.builds.values(), place.calls("docker buildx build"), strict=True):
        assert f" --file {place.root / build.dockerfile} " in call
        assert call.endswith(f" {place.root / build.context}")
        for name, value in build.arguments.items():
            assert f" --build-arg {name}={value} " in call


def test_a_build_is_labelled_and_dated_by_its_commit(place: Place) -> None:
    place.program("docker", DOCKER)
    (place.root / "docker" / "changed").write_text("")
    place.newstalk("--tag", "v1.0.0")
    git = [str(place.programs / "git"), "show", "--no-patch", "--format=%H %ct"]
    commit, when = subprocess.run(git, cwd=place.root, capture_output=True, text=True, check=True).stdout.split()
    for call in place.calls("docker buildx build"):
        assert f"--build-arg VERSION=v1.0.0 --build-arg REVISION={commit}-changed " in call
        assert f"--build-arg SOURCE_DATE_EPOCH={when} " in call


def test_when_one_does_not_build_the_others_are_but_none_is_pushed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.program("docker", DOCKER)
    monkeypatch.setenv("FAILS", f"--tag docker.io/{IMAGES[1]}:")
    told = place.newstalk("--tag", "v1.0.0", "--push")
    assert told.code == 1
    assert len(place.calls("docker buildx build")) == len(IMAGES)
    assert place.calls("docker push") == []
    [line] = [line for line in told.lines if "no space left" in line]
    assert line.startswith(f"docker.io/{IMAGES[1]}:v1.0.0: docker ended with 3")
    log = line.rpartition(": see ")[2]
    assert "no space left" in (place.root / log).read_text()


def test_a_push_that_is_refused_ends_it_and_says_what_was_pushed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.program("docker", DOCKER)
    monkeypatch.setenv("FAILS", f"push docker.io/{IMAGES[1]}")
    told = place.newstalk("--tag", "v1.0.0", "--push")
    assert told.code == 1
    assert place.calls("docker push") == [f"docker push docker.io/{image}:v1.0.0" for image in IMAGES[:2]]
    assert f"docker.io/{IMAGES[1]}:v1.0.0: not pushed, no space left" in told.lines
    assert told.lines[-1] == f"pushed: docker.io/{IMAGES[0]}:v1.0.0"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tag", "latest"), "latest names no release"),
        (("--tag", "Latest"), "names no release"),
        (("--tag", "a/b"), "no tag"),
        (("--push",), "--tag"),
        (("--tag", "v1.0.0", "--push", "--dev"), "--dev"),
        (("--build-arg", "PYTHON"), "NAME=VALUE"),
        (("--unknown",), "see `newstalk build --help`"),
        (("staging",), "see `newstalk build --help`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_one_line_and_builds_nothing(place: Place, arguments: tuple[str, ...], said: str) -> None:
    place.program("docker", DOCKER)
    told = place.newstalk(*arguments)
    assert (told.code, told.out) == (2, "")
    [line] = told.lines
    assert said in line
    assert place.calls() == []


def test_without_an_engine_one_line_names_those_that_would_do(place: Place) -> None:
    told = place.newstalk()
    assert told.code == 1
    [line] = told.lines
    assert all(engine in line for engine in ("Docker", "podman", "buildah"))


def test_docker_without_buildx_is_none(place: Place) -> None:
    place.program("docker", "#!/bin/sh\nexit 1\n")
    place.program("podman", PODMAN)
    assert place.newstalk("--tag", "v1.0.0").code == 0
    assert len(place.calls("podman build")) == len(IMAGES)


@pytest.mark.parametrize(("name", "text"), [("podman", PODMAN), ("buildah", BUILDAH)])
def test_engines_without_buildkit_keep_checks_and_heed_the_dockerfile_s_ignore_file(
    place: Place, name: str, text: str
) -> None:
    place.program(name, text)
    assert place.newstalk("--tag", "v1.0.0").code == 0
    for build, call in zip(MACHINE.builds.values(), place.calls(f"{name} build"), strict=True):
        assert " --format docker " in call
        assert f" --ignorefile {place.root / build.dockerfile}.dockerignore " in call
        assert " --timestamp " in call


def test_what_is_missing_is_told_for_each_image_before_anything_is_built(place: Place) -> None:
    place.program("docker", DOCKER)
    missing = [MACHINE.builds[image].context for image in IMAGES[:2]]
    for context in missing:
        (place.root / context).rmdir()
    told = place.newstalk()
    assert told.code == 1
    assert [line.partition(":")[0] for line in told.lines] == missing
    assert place.calls() == []


@pytest.mark.parametrize(
    ("flag", "word"),
    [
        (("--no-cache",), "--no-cache"),
        (("--dev",), "--build-arg BUILD_ENV=development"),
        (("--build-arg", "PYTHON=mirror/python:3"), "--build-arg PYTHON=mirror/python:3"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_flag_reaches_every_build_and_is_not_there_unasked(place: Place, flag: tuple[str, ...], word: str) -> None:
    place.program("docker", DOCKER)
    place.newstalk(*flag)
    place.newstalk()
    there = [word in call.split("--build-arg BUILD_ENV=production")[-1] for call in place.calls("docker buildx build")]
    assert there == [True] * len(IMAGES) + [False] * len(IMAGES)


def test_pip_s_configuration_and_the_registry_come_from_the_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.program("docker", DOCKER)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/etc/own.conf")
    monkeypatch.setenv("REGISTRY", "registry.example:5000")
    place.newstalk("--tag", "v1.0.0")
    for image, call in zip(IMAGES, place.calls("docker buildx build"), strict=True):
        assert " --secret id=pip.conf,src=/etc/own.conf " in call
        assert f" --tag registry.example:5000/{image}:v1.0.0 " in call


def test_json_tells_size_time_and_cache_of_each_image_and_nothing_else(place: Place) -> None:
    place.program("docker", DOCKER)
    told = place.newstalk("--tag", "v1.0.0", "--json")
    document = json.loads(told.out)
    conforms(documented("build"), document)
    assert document["engine"] == "docker"
    assert [one["image"] for one in document["images"]] == [f"docker.io/{image}:v1.0.0" for image in IMAGES]
    for one in document["images"]:
        assert (one["size"], one["steps"], one["cached"], one["pushed"]) == (25_000_000, 2, 1, False)
        assert one["seconds"] >= 0
        assert (one["looked"], one["reasons"]) == ({}, [])


def test_a_size_in_words_is_bytes(place: Place) -> None:
    place.program("buildah", BUILDAH)
    document = json.loads(place.newstalk("--tag", "v1.0.0", "--json").out)
    assert {one["size"] for one in document["images"]} == {12_500_000}


def test_each_step_is_told_once_while_it_goes_on(place: Place) -> None:
    place.program("docker", DOCKER)
    told = place.newstalk("--tag", "v1.0.0")
    for image in IMAGES:
        short = image.rpartition("/")[2]
        assert told.lines.count(f"{short}: #4 [builder 1/2] FROM base") == 1
        assert told.lines.count(f"{short}: #5 [runtime 2/2] COPY a b") == 1


def test_who_looks_into_images_can_stop_a_push(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.program("docker", DOCKER)
    place.program("syft", SCANNER)
    place.program("grype", SCANNER)
    monkeypatch.setenv("REFUSES", f"docker:docker.io/{IMAGES[2]}:v1.0.0 --fail-on")
    told = place.newstalk("--tag", "v1.0.0", "--push", "--json")
    assert told.code == 1
    assert place.calls("docker push") == []
    looked = [one["looked"] for one in json.loads(told.out)["images"]]
    assert looked == [{"syft": True, "grype": index != 2} for index in range(len(IMAGES))]
    assert len([line for line in told.lines if line.startswith(f"docker.io/{IMAGES[2]}:v1.0.0: grype")]) == 1


def test_the_summary_names_each_image_and_that_nobody_looked_into_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    place.program("docker", DOCKER)
    told = place.newstalk("--tag", "v1.0.0")
    rows = told.out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == [f"docker.io/{image}:v1.0.0" for image in IMAGES]
    assert all("25 MB" in row and "1 of 2 steps" in row and "nobody" in row for row in rows)
