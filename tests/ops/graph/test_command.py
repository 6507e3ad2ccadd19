"""`newstalk graph`, as a person or a program meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import main
from charts.topology.graph import graph_of
from charts.topology.mermaid import mermaid
from charts.topology.svg import svg
from ops.graph.command import command
from ops.places import Refusal
from tests import trees

RUNNER = CliRunner()
APP = typer.Typer()
APP.command("graph")(command)


@pytest.mark.parametrize(
    ("arguments", "draw"),
    [
        ((), mermaid),
        (("--format", "mermaid"), mermaid),
        (("--format", "svg"), svg),
        (("--format", "svg", "--scrapes"), lambda platform: svg(platform, scrapes=True)),
        (("--scrapes",), lambda platform: mermaid(platform, scrapes=True)),
    ],
    ids=["as Mermaid unasked", "as Mermaid", "as SVG", "as SVG with scrapes", "as Mermaid with scrapes"],
)
def test_it_prints_or_writes_the_drawing(arguments: tuple[str, ...], draw: Callable[..., str], tmp_path: Path) -> None:
    expected = draw(main.platform())
    printed = RUNNER.invoke(APP, arguments)
    assert (printed.exit_code, printed.stdout) == (0, expected)
    written = RUNNER.invoke(APP, [*arguments, "-o", str(tmp_path / "drawing")])
    assert (written.exit_code, written.stdout) == (0, "")
    assert (tmp_path / "drawing").read_text(encoding="utf-8") == expected


def test_json_holds_every_node_and_flow_in_the_shape_that_help_tells() -> None:
    told = json.loads(RUNNER.invoke(APP, ["--json"]).stdout)
    graph = graph_of(main.platform())
    assert (len(told["nodes"]), len(told["flows"])) == (len(graph.nodes), len(graph.flows))
    kept = next(node for node in told["nodes"] if node["storage"])["storage"][0]
    keys = {*told, *told["nodes"][0], *kept, *told["flows"][0]}
    documented = command.__doc__ or ""
    assert {key for key in keys if f'"{key}"' not in documented} == set()


@pytest.mark.parametrize("arguments", [("--json", "--format", "svg"), ("--json", "--scrapes"), ("--format", "png")])
def test_wrong_use_ends_with_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert RUNNER.invoke(APP, arguments).exit_code == 2


def test_help_teaches_by_an_example() -> None:
    assert "newstalk graph --format svg" in RUNNER.invoke(APP, ["--help"]).stdout


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    place = tmp_path / "missing" / "topology.svg"
    refused = RUNNER.invoke(APP, ["-o", str(place)]).exception
    assert isinstance(refused, Refusal)
    assert str(refused).startswith(f"{place}: ")
    assert "\n" not in str(refused)


def test_a_refused_catalog_is_told_line_by_line(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    path = tree / "catalog" / "application.py"
    path.write_text(path.read_text().replace('"langgraph-service:http"', '"langgraph-service:htp"'))
    program = "from ops.graph.command import platform\nfrom ops.places import Refusal\n"
    program += "try:\n    platform()\nexcept Refusal as refused:\n    print(refused)"
    lines = trees.run(tree, "-c", program).stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["fastapi-backend.calls", "stream-processor.calls"]
