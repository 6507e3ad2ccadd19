"""What every image keeps to: read from the Dockerfiles, held against the catalog, without an engine."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from catalog.machine import MACHINE
from catalog.platform import PLATFORM
from charts.model.machine import Build
from ops.places import OVERLAYS, ROOT
from tests.docker import dockerfiles
from tests.docker.dockerfiles import Dockerfile

BUILDS: Mapping[str, Build] = MACHINE.builds
FILES = {image: dockerfiles.read((ROOT / build.dockerfile).read_text()) for image, build in BUILDS.items()}
PINS: dict[str, list[dict[str, Any]]] = yaml.safe_load((ROOT / "pins.yaml").read_text())
BAKE = (ROOT / "docker" / "docker-bake.hcl").read_text()
THERE = [image for image, build in BUILDS.items() if (ROOT / build.context).is_dir()]
each_image = pytest.mark.parametrize("image", BUILDS)
each_file = pytest.mark.parametrize("file", FILES.values(), ids=FILES)
INSTALLERS = re.compile(r"\b(apt|apt-get|apk|dnf|microdnf|yum|pip|poetry|gcc|g\+\+|make)\b")


@each_image
def test_an_image_runs_as_whom_its_workloads_run(image: str) -> None:
    [user] = {(one.identity.uid, one.identity.gid) for one in PLATFORM.workloads if one.image == image and one.identity}
    assert FILES[image].final.last("USER") == f"{user[0]}:{user[1]}"
    assert user[0] > 0


@each_file
def test_nothing_after_the_user_needs_to_be_root(file: Dockerfile) -> None:
    after = [name for name, _ in file.final.said]
    assert {"RUN", "COPY", "ADD"}.isdisjoint(after[after.index("USER") :])


@each_file
def test_what_is_started_and_asked_is_no_shell_s_to_read(file: Dockerfile) -> None:
    check = re.sub(r"^(--\S+ )+\s*CMD ", "", file.final.last("HEALTHCHECK"))
    assert len(dockerfiles.exec_form(check)) > 0
    assert len(dockerfiles.exec_form(file.final.last("CMD"))) > 0
    for entry in file.final.of("ENTRYPOINT"):
        dockerfiles.exec_form(entry)


@each_image
def test_a_check_asks_a_port_that_the_image_serves(image: str) -> None:
    file = FILES[image]
    ports = set(file.final.last("EXPOSE").split())
    asked = re.findall(r"127\.0\.0\.1[:/](\d+)", file.final.last("HEALTHCHECK"))
    assert len(asked) == 1
    assert set(asked) <= ports
    served = {str(port.number) for one in PLATFORM.workloads if one.image == image for port in one.ports}
    assert ports <= served


@each_file
def test_the_runtime_installs_nothing(file: Dockerfile) -> None:
    assert [command for command in file.final.of("RUN") if INSTALLERS.search(command)] == []
    assert len(file.stages) > 1


@each_file
def test_packages_are_locked_by_hash_and_never_compiled(file: Dockerfile) -> None:
    commands = [rest for stage in file.stages for rest in stage.of("RUN") if re.search(r"\bpip .*install\b", rest)]
    assert [rest for rest in commands if not {"--require-hashes", "--only-binary=:all:"} <= set(rest.split())] == []


@each_file
def test_every_base_is_an_argument_a_version_and_listed(file: Dockerfile) -> None:
    listed = {pin["pin"]: pin["source"] for group in ("images", "bases") for pin in PINS[group]}
    assert {stage.base for stage in file.stages} == set(file.arguments.values())
    for base in file.arguments.values():
        assert listed[base]
        assert re.search(r":[^:/]*\d+\.\d+\.\d+[^:/]*$", base), base


def test_every_listed_base_is_built_on() -> None:
    assert {pin["pin"] for pin in PINS["bases"]} <= {
        base for file in FILES.values() for base in file.arguments.values()
    }


def test_what_is_fetched_is_listed_with_its_hash_and_checked() -> None:
    fetched = {image: stage for image, file in FILES.items() for stage in file.stages if stage.of("ADD")}
    for stage in fetched.values():
        [address] = re.findall(r"\$\{MAVEN\}/\S+", stage.last("ADD"))
        given = {name: value for name, _, value in (rest.partition("=") for rest in stage.of("ARG"))}
        [(artifact, digest)] = [(pin["pin"], pin["sha256"]) for pin in PINS["artifacts"]]
        group, name, version = artifact.split(":")
        place = f"{group.replace('.', '/')}/{name}/{version}/{name}-{version}.jar"
        assert re.sub(r"\$\{(\w+)\}", lambda found, given=given: given[found[1]], address).endswith(place)  # type: ignore[misc]
        assert digest in given.values()
        assert any("sha256sum" in rest for rest in stage.of("RUN"))
    assert len(fetched) == 1


@each_image
def test_labels_say_what_it_is_and_what_it_was_built_from(image: str) -> None:
    found = dockerfiles.labels(FILES[image].final)
    prefix = "org.opencontainers.image."
    assert found[f"{prefix}title"] == image
    assert (found[f"{prefix}version"], found[f"{prefix}revision"]) == ("$VERSION", "$REVISION")
    [argument] = FILES[image].arguments
    assert found[f"{prefix}base.name"] == f"${argument}"
    declared = {rest.partition("=")[0] for rest in FILES[image].final.of("ARG")}
    assert {argument, "VERSION", "REVISION"} <= declared


@each_image
def test_the_context_lets_in_what_is_copied_and_nothing_else(image: str) -> None:
    taken = {source for stage in FILES[image].stages for source in dockerfiles.sources(stage)}
    assert dockerfiles.allowed(ROOT / f"{BUILDS[image].dockerfile}.dockerignore") == taken


@pytest.mark.parametrize("image", THERE)
def test_what_is_copied_and_started_is_there(image: str) -> None:
    context = ROOT / BUILDS[image].context
    lacking = [
        source
        for stage in FILES[image].stages
        for source in dockerfiles.sources(stage)
        if not (context / source).exists()
    ]
    assert lacking == []
    match dockerfiles.exec_form(FILES[image].final.last("CMD")):
        case ["python", "-m", module]:
            assert (context / "src" / module / "__main__.py").is_file()


def test_bake_builds_what_the_environments_run_from_what_the_catalog_names() -> None:
    targets = {
        name: (context, dockerfile)
        for name, context, dockerfile in re.findall(
            r'target "([\w-]+)" \{[^}]*?context\s*= "(\S+)"\s+dockerfile = "(\S+)"', BAKE
        )
    }
    assert {f"newstalk-ai/{name}": context for name, (context, _) in targets.items()} == {
        image: build.context for image, build in BUILDS.items()
    }
    for name, (context, dockerfile) in targets.items():
        joined = PurePosixPath(context, dockerfile)
        assert (ROOT / joined).resolve() == ROOT / BUILDS[f"newstalk-ai/{name}"].dockerfile
        assert re.search(rf'tags\s*= \[tag\("{name}"\)\]', BAKE)
    [group] = re.findall(r"targets = \[(.*)\]", BAKE)
    assert set(re.findall(r'"(.+?)"', group)) == set(targets)
    for overlay in OVERLAYS.glob("*/kustomization.yaml"):
        ours = {image["name"] for image in yaml.safe_load(overlay.read_text())["images"]}
        assert {f"newstalk-ai/{name}" for name in targets} == ours


def test_bake_has_no_tag_of_its_own() -> None:
    [variable] = re.findall(r'variable "TAG" \{(.*?)\n\}', BAKE, re.DOTALL)
    assert re.search(r'default = ""\n', variable)
    assert 'TAG != "" && TAG != "latest"' in variable


def test_an_argument_of_the_catalog_s_builds_is_one_of_the_dockerfile_that_reads_a_lock() -> None:
    for image, build in BUILDS.items():
        declared = {rest.partition("=")[0] for stage in FILES[image].stages for rest in stage.of("ARG")}
        reads = any("requirements.txt" in rest for stage in FILES[image].stages for rest in stage.of("COPY"))
        assert not reads or set(build.arguments) <= declared
