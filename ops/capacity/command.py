"""`newstalk capacity`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops import terminal
from ops.capacity import FORM
from ops.options import Json, Targets
from ops.places import WrongUse

if TYPE_CHECKING:
    from ops.capacity.nodes import NodeType


def capacity(
    targets: Targets = None,
    node: Annotated[
        list[str] | None,
        typer.Option(
            "--node",
            metavar="TYPE",
            help=f"A type of machine, {FORM}; as many as needed without xCOUNT.",
        ),
    ] = None,
    nodes: Annotated[
        Path | None,
        typer.Option("--nodes", metavar="FILE", help="Types as YAML, with labels, taints, GPUs: docs/capacity.md."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Reckon whether environments fit their quotas and their nodes, and say what to change where they do not.

    At the minimum, at every autoscaler's maximum, and in a rollout of everything at that maximum: with each surge, and
    with a full second copy where it is blue-green. Jobs and CronJobs count as running, all at once, in all three.
    Pods that are still terminating are not counted.

    With `--json`: `{"fits", "environments": [{"environment", "fits", "resources": [{"namespace", "resource", "minimum",
    "maximum", "rollout", "quota", "hard", "fits"}], "perNode": [{"workload", "namespace", "requests": {RESOURCE:
    amount}, "limits": {RESOURCE: amount}}], "nodes": [{"types": [{"name", "allocatable": {RESOURCE: amount}, "count",
    "minimum", "maximum", "rollout", "provide"}], "lowerBound": {"minimum", "maximum", "rollout"}, "aboveLowerBound":
    {"minimum", "maximum", "rollout"}, "unused": {RESOURCE: amount}, "used": {RESOURCE: share}, "target", "findings":
    [{"object", "field", "problem", "remedy"}]}],
    "findings": [{"object", "field", "problem", "remedy"}], "notes"}]}`; docs/capacity.md says what each is.

    Example: `newstalk capacity production --node general=8,32Gix5`
    """
    from ops.capacity import run
    from ops.capacity.report import to_json
    from ops.capacity.table import screen

    reports = run.capacity(targets or [], given(node or [], nodes))
    if as_json:
        terminal.tell_json(to_json(reports))
    else:
        terminal.blocks().print(screen(reports))
        terminal.problems(f"{each.environment}: {finding.line}" for each in reports for finding in each.findings)
    raise typer.Exit(int(any(not report.fits for report in reports)))


def given(options: list[str], file: Path | None) -> "list[NodeType]":
    """The node types of the options and of the file. Raises WrongUse."""
    from ops.capacity.nodes import WrongNode, named_once, parse, read

    hint = "--node"
    try:
        types = [parse(option) for option in options]
        if file is not None:
            hint = "--nodes"
            types += read(file)
        named_once(types)
    except WrongNode as wrong:
        raise WrongUse(f"{hint}: {wrong}") from None
    return types
