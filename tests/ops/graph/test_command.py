"""`newstalk graph`, as a person or a program meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import main
from charts.topology.graph import graph_of
from charts.topology.mermaid import mermaid
from charts.topology.svg import svg
from ops.cli import app
from tests import trees


def newstalk(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["graph", *arguments])


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
    printed = newstalk(*arguments)
    assert (printed.exit_code, printed.stdout) == (0, expected)
    written = newstalk(*arguments, "-o", str(tmp_path / "drawing"))
    assert (written.exit_code, written.stdout) == (0, "")
    assert (tmp_path / "drawing").read_text(encoding="utf-8") == expected


def test_json_holds_every_node_and_flow() -> None:
    told = json.loads(newstalk("--json").stdout)
    graph = graph_of(main.platform())
    assert (len(told["nodes"]), len(told["flows"])) == (len(graph.nodes), len(graph.flows))


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    place = tmp_path / "missing" / "topology.svg"
    done = newstalk("-o", str(place))
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{place}: ")


def test_a_refused_catalog_is_told_line_by_line(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    path = tree / "catalog" / "application.py"
    path.write_text(path.read_text().replace('"langgraph-service:http"', '"langgraph-service:htp"'))
    command = ("-c", "import ops.cli; ops.cli.main()", "graph")
    done = trees.run(tree, *command)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads(trees.run(tree, *command, "--json").stdout) == {"refusals": lines}
    callers = ["fastapi-backend", "stream-processor", "smoke-test"]
    assert [line.split(":")[0] for line in lines] == [f"{caller}.calls" for caller in callers]
