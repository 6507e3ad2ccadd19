"""Whatever a repository holds, check ends in one line, soon and small, and reads and fetches nothing outside."""

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.places import ROOT
from tests.ops.check import small
from tests.ops.check.small import configmap, deployment, files

SECONDS = 10
MEMORY = 1024 * 1024  # KiB
OVERLAY = "overlay/kustomization.yaml"
BOMB = "\n".join(
    ["apiVersion: v1", "kind: ConfigMap", "metadata: {name: bomb}", "data:", "  a: &a [x, x, x, x, x, x, x, x, x]"]
    + [f"  {chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(9)]
)


def overlay(place: Path, **fields: object) -> Path:
    return small.write(place / "repository", files() | {OVERLAY: fields})


def add(place: Path, name: str, content: str | bytes) -> Path:
    """An overlay with one more resource."""
    repository = overlay(place, resources=["../base", name])
    (repository / "overlay" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return repository


def symlink(place: Path, target: str) -> Path:
    repository = overlay(place, resources=["../base", "linked"])
    (repository / "overlay" / "linked").symlink_to(target)
    return repository


def outside(place: Path) -> Path:
    (place / "secret.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: mine}\nstringData: {key: hunter2}\n"
    )
    return symlink(place, "../../secret.yaml")


def linked_kustomization(place: Path) -> Path:
    (place / "elsewhere.yaml").write_text("resources: []\n")
    repository = small.write(place / "repository", files())
    (repository / OVERLAY).unlink()
    (repository / OVERLAY).symlink_to("../../elsewhere.yaml")
    return repository


def deep_base(place: Path) -> Path:
    """Each layer builds on the next twice: two to the fortieth kustomizations."""
    repository = overlay(place, resources=["../layer0"])
    for index in range(40):
        for side in "ab":
            folder = repository / f"layer{index}" / side
            folder.mkdir(parents=True)
            (folder / "kustomization.yaml").write_text(f"namePrefix: {side}-\nresources: [../../layer{index + 1}]\n")
        (repository / f"layer{index}" / "kustomization.yaml").write_text("resources: [a, b]\n")
    (repository / "layer40").mkdir()
    (repository / "layer40" / "kustomization.yaml").write_text("resources: [../base]\n")
    return repository


def fifo(place: Path) -> Path:
    repository = overlay(place, resources=["../base", "pipe.yaml"])
    os.mkfifo(repository / "overlay" / "pipe.yaml")
    return repository


def loop(place: Path) -> Path:
    repository = overlay(place, resources=["../other"])
    (repository / "other").mkdir()
    (repository / "other" / "kustomization.yaml").write_text("resources: [../overlay]\n")
    return repository


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "aliases that multiply": (lambda place: add(place, "bomb.yaml", BOMB), "bomb.yaml expands by its aliases"),
    "an alias of itself": (lambda place: add(place, "self.yaml", "a: &a [*a]\n"), "self.yaml has an alias *a"),
    "aliases in a patch": (lambda place: overlay(place, patches=[{"patch": BOMB}]), "expands by its aliases"),
    "a kustomization of aliases": (lambda place: add(place, "kustomization.yaml", BOMB), "expands by its aliases"),
    "brackets without end": (lambda place: add(place, "deep.yaml", "[" * 200_000), "nested deeper"),
    "a file of 50 MB": (lambda place: add(place, "big.yaml", b"a: b\n" * 10_000_000), "47.7 MiB"),
    "a binary": (lambda place: add(place, "program", b"\x7fELF\x00\xff\xfe" * 1000), "program is no UTF-8 text"),
    "a text with NULs": (lambda place: add(place, "nul.yaml", b"a: \x00b\n"), "nul.yaml is no text"),
    "a missing base": (lambda place: overlay(place, resources=["../bass"]), '"../bass" does not exist; write ../base'),
    "a base that loops": (loop, "overlay -> other -> overlay"),
    "bases that multiply": (deep_base, "more than 2000 kustomizations"),
    "a link out of the repository": (outside, "leads out of repository/"),
    "a kustomization that is a link out": (linked_kustomization, "leads out of repository/"),
    "a link to a device": (lambda place: symlink(place, "/dev/zero"), "leads out of repository/"),
    "a link to itself": (lambda place: symlink(place, "linked"), "cannot be read"),
    "a pipe": (fifo, "is no file and no folder"),
    "a base outside": (lambda place: overlay(place, resources=["../../elsewhere"]), "leads out of repository/"),
    "a generator of a file outside": (
        lambda place: overlay(place, configMapGenerator=[{"name": "x", "files": ["../../secret"]}]),
        "leads out of repository/",
    ),
    "a chart": (lambda place: overlay(place, helmCharts=[{"name": "x", "repo": "x"}]), "rendered by helm"),
}  # fmt: skip
REMOTE = [
    "https://example.test/base?ref=v1",
    "http://example.test/base.yaml",
    "git@example.test:own/base.git",
    "ssh://git@example.test/own/base",
    "github.com/own/base?ref=v1",
    "git::https://example.test/own/base",
    "file:///etc",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_in_one_line(name: str, tmp_path: Path) -> None:
    make, said = HOSTILE[name]
    repository = make(tmp_path)
    began = time.monotonic()
    code, lines = small.check(repository / "overlay")
    assert time.monotonic() - began < SECONDS
    assert (code, len(lines)) == (1, 1), lines
    assert f"{OVERLAY}: Kustomization/overlay " in lines[0] or name in ("a base that loops", "bases that multiply")
    assert said in lines[0]
    assert "hunter2" not in lines[0]


@pytest.mark.parametrize("reference", REMOTE)
@pytest.mark.parametrize("field", ["resources", "components", "transformers", "generators", "crds", "configurations"])
def test_a_remote_reference_is_refused_wherever_it_stands(field: str, reference: str, tmp_path: Path) -> None:
    code, lines = small.check(overlay(tmp_path, **{field: [reference]}) / "overlay")
    assert (code, len(lines)) == (1, 1), lines
    assert f'{field}[0]: "{reference}" is remote; copy it into the repository' in lines[0]


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """An address, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", asked
    listening.shutdown()
    listening.server_close()


def test_nothing_is_fetched(server: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = server
    generator = {"apiVersion": "builtin", "kind": "ConfigMapGenerator", "metadata": {"name": "x"}, "name": "x"}
    inline = yaml.safe_dump({**generator, "files": [f"x={address}/inline", f"{address}/inline"]})
    ways: list[dict[str, Any]] = [
        {"resources": [f"{address}/resource.yaml"]},
        {"patches": [{"path": f"{address}/patch.yaml"}]},
        {"replacements": [{"path": f"{address}/replacement.yaml"}]},
        {"configMapGenerator": [{"name": "x", "files": [f"x={address}/key"]}]},
        {"generators": [inline]},
        {"openapi": {"path": f"{address}/schema.json"}},
    ]
    for index, fields in enumerate(ways):
        code, lines = small.check(overlay(tmp_path / str(index), **fields) / "overlay")
        assert (code, len(lines)) == (1, 1), lines
        assert "is remote" in lines[0]
    assert asked == []


def test_kustomize_itself_finds_no_git_to_start(tmp_path: Path) -> None:
    started, program = tmp_path / "started", tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho x > {started}\n")
    program.chmod(0o755)
    folder = overlay(tmp_path, resources=["https://example.test/own/base.git"]) / "overlay"
    code = f"import pathlib; from ops.check import kustomize; kustomize.build(pathlib.Path({str(folder)!r}), 1)"
    variables = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert "kustomize cannot build it" in done.stderr
    assert not started.exists()


def test_a_scrape_configuration_that_is_a_bomb_harms_nothing(tmp_path: Path) -> None:
    text = BOMB + "\nscrape_configs: *j\n"
    code, lines = small.check(small.write(tmp_path, files(configmap("scrape", {"x.yml": text}))) / "overlay")
    assert (code, lines) == (0, [])


LONG = 100_000  # at which a quadratic search takes minutes


@pytest.mark.parametrize(
    "more",
    [
        configmap("topics", {"topics": "news 3 1 " + "=" * LONG + " x"}),
        deployment("roles", env=[{"name": "KAFKA_PROCESS_ROLES", "value": "x" + " " * LONG + "x"}]),
        deployment("host", env=[{"name": "KAFKA_ZOOKEEPER_CONNECT", "value": "a" * LONG}]),
        deployment("amount", resources={"requests": {"cpu": "1" * LONG + "x"}}),
    ],
    ids=lambda each: each["metadata"]["name"],
)
def test_a_long_value_takes_no_longer_than_a_long_value(more: dict[str, Any], tmp_path: Path) -> None:
    if more["kind"] == "Deployment":
        more = {**more, "kind": "StatefulSet"}
    began = time.monotonic()
    small.check(small.write(tmp_path, files(more)) / "overlay")
    assert time.monotonic() - began < SECONDS


def test_a_name_with_escape_codes_is_printed_without_them(tmp_path: Path) -> None:
    code, lines = small.check(overlay(tmp_path, resources=["\x1b]0;owned\x07.yaml"]) / "overlay")
    assert (code, len(lines)) == (1, 1)
    assert "\x1b" not in lines[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["aliases that multiply", "a file of 50 MB", "brackets without end", "bases that multiply"]
)
def test_hostile_input_takes_less_than_a_gibibyte(name: str, tmp_path: Path) -> None:
    started = small.start(HOSTILE[name][0](tmp_path) / "overlay")
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    assert (started.returncode, used.ru_maxrss < MEMORY) == (1, True)
