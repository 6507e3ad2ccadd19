"""`newstalk graph`: the topology, for people and for programs."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops import terminal
from ops.options import Json
from ops.places import Refusal, WrongUse

if TYPE_CHECKING:
    from charts.model import Platform


class Format(StrEnum):
    MERMAID = "mermaid"
    SVG = "svg"


def graph(
    form: Annotated[Format | None, typer.Option("--format", help="How to draw it.", show_default="mermaid")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE.")] = None,
    scrapes: Annotated[bool, typer.Option("--scrapes", help="Draw the scrapes too, instead of listing them.")] = False,
    as_json: Json = False,
) -> None:
    """Draw the platform: layers, calls with their ports, what is reached from where, what is kept.

    With `--json`: `{"platform", "controller", "nodes": [{"name", "layer", "runs", "ports", "component", "storage":
    [{"volume", "count", "size", "storageClass"}]}], "flows": [{"kind", "source", "target", "port", "number",
    "protocol", "why", "component"}]}`. A flow is a connection that the policies admit; its kind is `call`, `host`,
    `outside`, `scrape` or `platform`, and `component` the one that it needs, or null.

    Example: `newstalk graph --format svg -o topology.svg`
    """
    if as_json and (form or scrapes or out):
        raise WrongUse("--json prints the whole graph: leave --format, --scrapes and --output out")
    described = platform()
    if as_json:
        from charts.topology.graph import graph_of

        terminal.tell_json(graph_of(described))
        return
    text = draw(described, form or Format.MERMAID, scrapes)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as failed:
        raise Refusal(f"{out}: cannot be written ({failed.strerror}), name a file in a folder that is there") from None


def draw(platform: "Platform", form: Format, scrapes: bool) -> str:
    from charts.topology.mermaid import mermaid
    from charts.topology.svg import svg

    return {Format.MERMAID: mermaid, Format.SVG: svg}[form](platform, scrapes)


def platform() -> "Platform":
    """The catalog's platform. Raises Refusal with all that the model refuses."""
    from charts.model import ModelError

    try:
        from catalog.platform import PLATFORM
    except ModelError as refused:
        raise Refusal(str(refused)) from None
    return PLATFORM
