"""`newstalk capacity`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.capacity import capacity as reckon
from ops.capacity.nodes import FORM, NodeType, WrongNode, named_once, parse, read
from ops.capacity.report import to_json
from ops.capacity.table import screen


def capacity(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH|ENV...", help="Environments, or folders with a kustomization; all environments."),
    ] = None,
    node: Annotated[
        list[str] | None,
        typer.Option("--node", metavar="TYPE", help=f"A type of machine, {FORM}; as many as needed without xCOUNT."),
    ] = None,
    nodes: Annotated[
        Path | None,
        typer.Option("--nodes", metavar="FILE", help="Types as YAML, with labels, taints, GPUs: docs/capacity.md."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON; docs/capacity.md has its shape.")] = False,
) -> None:
    """Reckon whether environments fit their quotas and their nodes, and say what to change where they do not.

    At the minimum, at every autoscaler's maximum, and in a rollout of everything at that maximum: with each surge, and
    with a full second copy where it is blue-green. Jobs and CronJobs count as running, all at once, in all three.
    Pods that are still terminating are not counted. Exit code 1 if something does not fit.

    Example: `newstalk capacity production --node general=8,32Gix5`
    """
    reports = reckon(targets or [], given(node or [], nodes))
    if as_json:
        sys.stdout.write(json.dumps(to_json(reports), indent=2) + "\n")
    else:
        Console(highlight=False, markup=False).print(screen(reports))
        problems = Console(stderr=True, style="red", highlight=False, markup=False, soft_wrap=True)
        for report in reports:
            for finding in report.findings:
                problems.print(f"{report.environment}: {finding.line}")
    raise typer.Exit(int(any(not report.fits for report in reports)))


def given(options: list[str], file: Path | None) -> list[NodeType]:
    """The node types of the options and of the file. Raises typer.BadParameter."""
    hint = "--node"
    try:
        types = [parse(option) for option in options]
        if file is not None:
            hint = "--nodes"
            types += read(file)
        named_once(types)
    except WrongNode as wrong:
        raise typer.BadParameter(str(wrong), param_hint=hint) from None
    return types
