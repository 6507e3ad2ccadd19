"""`newstalk graph`: the topology, for people and for programs."""

import dataclasses
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from charts.model import ModelError, Platform
from charts.topology.graph import graph_of
from charts.topology.mermaid import mermaid
from charts.topology.svg import svg
from ops import node
from ops.places import Refusal


class Format(StrEnum):
    MERMAID = "mermaid"
    SVG = "svg"


DRAWINGS = {Format.MERMAID: mermaid, Format.SVG: svg}


def command(
    form: Annotated[Format | None, typer.Option("--format", help="How to draw it.", show_default="mermaid")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE.")] = None,
    scrapes: Annotated[bool, typer.Option("--scrapes", help="Draw the scrapes too, instead of listing them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the graph instead of a drawing.")] = False,
) -> None:
    """Draw the platform: layers, calls with their ports, what is reached from where, what is kept.

    With `--json`: `{"platform", "controller", "nodes": [{"name", "layer", "runs", "ports", "component", "storage":
    [{"volume", "count", "size", "storage_class"}]}], "flows": [{"kind", "source", "target", "port", "number",
    "protocol", "why", "component"}]}`. A flow is a connection that the policies admit; its kind is `call`, `host`,
    `outside`, `scrape` or `platform`, and `component` the one that it needs, or null.

    Example: `newstalk graph --format svg -o topology.svg`
    """
    if as_json and (form or scrapes):
        raise typer.BadParameter("--json prints the whole graph: leave --format and --scrapes out")
    described = platform()
    if as_json:
        text = json.dumps(dataclasses.asdict(graph_of(described)), indent=2) + "\n"
    else:
        text = DRAWINGS[form or Format.MERMAID](described, scrapes)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as failed:
        raise Refusal(f"{out}: cannot be written ({failed.strerror}), name a file in a folder that is there") from None


def platform() -> Platform:
    """The catalog's platform. Raises Refusal with all that the model refuses."""
    node.use_pinned()  # the catalog imports cdk8s, which starts Node
    try:
        from catalog.platform import PLATFORM
    except ModelError as refused:
        raise Refusal(str(refused)) from None
    return PLATFORM
