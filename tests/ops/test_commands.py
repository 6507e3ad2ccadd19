"""What holds of every command: its help, its exit codes, its JSON, completion, colour, and what it leaves alone."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import cli
from ops.places import ROOT
from tests.ops.check import small
from tests.ops.check.small import configmap, deployment, files, of, service
from tests.ops.shape import conforms, documented

COMMANDS = [str(command.name) for command in cli.app.registered_commands]
PROGRAM = "import ops.cli; ops.cli.main()"


def run(*arguments: str, program: str = PROGRAM, **variables: str) -> subprocess.CompletedProcess[str]:
    """`newstalk` as a process of its own, on no terminal."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_says_the_exit_codes(command: str) -> None:
    shown = " ".join(CliRunner().invoke(cli.app, [command, "--help"]).stdout.split())
    assert f"Example: newstalk {command} " in shown
    assert "0 fine, 1 findings or a refusal, 2 wrong use" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("unknown",), "see `newstalk --help`"),
        (("rendr",), "render"),
        (("synth", "--unknown"), "see `newstalk synth --help`"),
        (("render",), "PATH|ENV"),
        (("render", "prod"), "local, staging, production"),
        (("check", "prod"), "local, staging, production"),
        (("capacity", "prod"), "local, staging, production"),
        (("check", "--minor", "1.1"), "1.30"),
        (("check", "staging", "--root", "docs"), "--root"),
        (("check", "--crds", "nowhere"), "--crds"),
        (("capacity", "--node", "a"), "NAME=cpu,memory"),
        (("capacity", "--nodes", "nowhere.yaml"), "nowhere.yaml"),
        (("graph", "--format", "png"), "svg"),
        (("graph", "--json", "--format", "svg"), "--format"),
        (("graph", "--json", "-o", "graph.json"), "--output"),
        (("observe", "prod"), "local, staging, production"),
        (("observe", "staging", "--prometheus", "file:///x"), "--prometheus"),
        (("promote", "staging"), "IMAGE=TAG"),
        (("promote", "staging", "newstalk-ai/backend"), "IMAGE=TAG"),
        (("promote", "staging", "newstalk-ai/unknown=v1"), "newstalk-ai/backend"),
        (("promote", "prod", "newstalk-ai/backend=v1"), "local, staging, production"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("as_json", [False, True], ids=["", "--json"])
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...],
    said: str,
    as_json: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["newstalk", *arguments, *(["--json"] if as_json and len(arguments) > 1 else [])])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    [line] = printed.err.splitlines()
    assert said in line


def told(command: str, *arguments: str) -> tuple[int, Any]:
    """Exit code and document; nothing else may be on standard output."""
    done = CliRunner().invoke(cli.app, [command, *arguments, "--json"], catch_exceptions=False)
    return done.exit_code, json.loads(done.stdout)


def fits(place: Path) -> Path:
    quota = of("v1", "ResourceQuota", "purse", spec={"hard": {"requests.cpu": "1"}})
    return small.write(place, files(quota)) / "overlay"


def wrong(place: Path) -> Path:
    """Something for check and for capacity."""
    misspelt = service(prots=[])
    quota = of("v1", "ResourceQuota", "purse", spec={"hard": {"requests.cpu": "1m"}})
    held = files(quota) | {"base/web.yaml": [deployment(), misspelt]}
    return small.write(place, held) / "overlay"


def broken(place: Path) -> Path:
    """What kustomize does not build."""
    return small.write(place, files() | {"overlay/kustomization.yaml": {"resources": ["../bass"]}}) / "overlay"


@pytest.mark.parametrize(
    ("command", "make", "code"),
    [
        ("check", fits, 0),
        ("check", wrong, 1),
        ("check", broken, 1),
        ("capacity", fits, 0),
        ("capacity", wrong, 1),
        ("render", fits, 0),
    ],
)
def test_json_has_the_documented_shape(command: str, make: Any, code: int, tmp_path: Path) -> None:
    ended, document = told(command, str(make(tmp_path)))
    conforms(documented(command), document)
    assert ended == code
    assert ("findings" in json.dumps(document)) == (command != "render")


def test_json_of_the_graph_has_the_documented_shape() -> None:
    code, document = told("graph")
    conforms(documented("graph"), document)
    assert (code, bool(document["nodes"] and document["flows"])) == (0, True)


@pytest.mark.parametrize("command", ["render", "capacity"])
def test_a_refusal_is_json_where_json_is_asked_for(command: str, tmp_path: Path) -> None:
    target = str(broken(tmp_path))
    code, document = told(command, target)
    as_lines = CliRunner().invoke(cli.app, [command, target])
    assert (code, as_lines.exit_code, as_lines.stdout) == (1, 1, "")
    assert document == {"refusals": as_lines.stderr.splitlines()}
    assert "bass" in document["refusals"][0]


def test_render_writes_the_files_that_its_json_names(tmp_path: Path) -> None:
    target, out = fits(tmp_path / "repository"), tmp_path / "out"
    _, document = told("render", str(target), "-o", str(out))
    assert {each["file"] for each in document["objects"]} == {
        str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()
    }
    assert document["out"] == str(out)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("newstalk render ", ["local", "staging", "production"]),
        ("newstalk render st", ["staging"]),
        ("newstalk check local pro", ["production"]),
        ("newstalk capacity s", ["staging"]),
        ("newstalk promote l", ["local"]),
        ("newstalk gr", ["graph"]),
    ],
)
def test_the_shell_completes_commands_and_environments(typed: str, offered: list[str]) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split(" ")) - 1)}
    done = run(_NEWSTALK_COMPLETE="complete_bash", **words)
    assert done.stdout.split() == offered


def test_completion_is_shown_to_install() -> None:
    shown = run("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert shown.returncode == 0
    assert "_NEWSTALK_COMPLETE=complete_bash" in shown.stdout


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """What a terminal of 24 bit colour gets to see."""
    terminal, end = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor", **variables}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, stdout=end, stderr=end, stdin=end, check=False)
    os.close(end)
    return b"".join(_read(terminal)).decode()


def _read(terminal: int) -> Iterator[bytes]:
    try:
        while found := os.read(terminal, 65536):
            yield found
    except OSError:  # how Linux says that the other end is closed
        os.close(terminal)


RED = "\x1b[31m"


def test_colour_is_for_terminals_without_no_color() -> None:
    assert RED in on_a_terminal("render", "prod")
    assert RED not in on_a_terminal("render", "prod", NO_COLOR="1")
    assert "\x1b" not in run("render", "prod", TERM="xterm-256color", COLORTERM="truecolor").stderr


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (("--help",), {"catalog", "charts", "jsonschema_rs", "rules", "yaml"}),
        (("check", "--help"), {"catalog", "charts", "jsonschema_rs", "rules", "yaml"}),
        (("graph",), {"jsonschema_rs", "rules"}),
        (("capacity", "staging"), {"catalog", "charts", "jsonschema_rs"}),
        (("render", "staging"), {"catalog", "charts", "jsonschema_rs"}),
        (("check", "staging", "--minor", "1.37"), {"catalog"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_imports_what_it_needs_and_never_starts_node(arguments: tuple[str, ...], unused: set[str]) -> None:
    program = "import sys, ops.cli\ntry:\n    ops.cli.main()\nfinally:\n    print('IMPORTED', *sys.modules)"
    done = run(*arguments, program=program)
    imported = set(done.stdout.rpartition("IMPORTED")[2].split())
    assert done.returncode == 0, done.stderr
    assert "ops.cli" in imported
    assert imported & ({"jsii", "cdk8s", "cdk8s_plus_27"} | unused) == set()


def test_a_long_plain_text_costs_no_more_than_reading_it(tmp_path: Path) -> None:
    """3.5 MB, below what check reads of a file, in the words of each rule that looks into texts."""
    beginnings = ("a 1 1 " + "=" * 1000, "- a: [b, *c] {d}\n" * 10, "scrape: x\n", "1" * 1000, "svc.shop:80/ " * 10)
    data = {f"k{index}": text * (700_000 // len(text)) for index, text in enumerate(beginnings)}
    folder = small.write(tmp_path, files(configmap("big", data))) / "overlay"
    for command in ("check", "capacity"):
        began = sum(os.times()[:2])
        assert CliRunner().invoke(cli.app, [command, str(folder), "--json"]).exit_code == 0
        assert sum(os.times()[:2]) - began < 2, command
