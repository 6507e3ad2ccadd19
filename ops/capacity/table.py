"""Reports for a terminal."""

from collections.abc import Iterator, Sequence
from itertools import chain

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.capacity.amounts import SITUATIONS, Situation, show
from ops.capacity.fleet import TARGET, Fleet
from ops.capacity.nodes import RESERVE
from ops.capacity.quota import PER_CLASS, Line
from ops.capacity.report import Report


def screen(reports: Sequence[Report]) -> RenderableType:
    """Of each environment what is needed against what is allowed, and the nodes for it; then what was assumed."""
    remarks = {report.environment: [*on_every_node(report), *report.notes] for report in reports}
    every = dict.fromkeys(chain.from_iterable(remarks.values()))
    shared = [note for note in every if all(note in own for own in remarks.values())]
    parts: list[RenderableType] = []
    for report in reports:
        verdict = Text(" fits", "bold green") if report.fits else Text(" does not fit", "bold red")
        parts += ["", Text(report.environment, "bold") + verdict, needs(report)]
        parts += [nodes(report)] if report.fleets else []
        parts += [remark(note) for note in remarks[report.environment] if note not in shared]
    return Group(*parts, "", *map(remark, [*legend(reports), *shared]))


def remark(text: str) -> Text:
    return Text(f"\u00b7 {text}", "dim")


def table(*headings: str) -> Table:
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for index, heading in enumerate(headings):
        made.add_column(heading, justify="right" if index else "left", overflow="fold")
    return made


def needs(report: Report) -> Table:
    """A row per resource; a namespace leads its rows where there are several."""
    made = table("", *SITUATIONS, "quota", "left")
    spaces = dict.fromkeys(line.namespace for line in report.lines)
    for space in spaces:
        if len(spaces) > 1:
            made.add_row(Text(space or "no namespace", "bold"))
        for line in report.lines:
            if line.namespace == space:
                made.add_row(*cells(line), style="" if line.fits else "red")
    return made


def cells(line: Line) -> Iterator[str]:
    yield line.resource.replace(f"{PER_CLASS}requests.storage", " storage")
    for situation in SITUATIONS:
        yield show(line.resource, getattr(line, situation))
    yield "-" if line.hard is None else show(line.resource, line.hard)
    yield "-" if line.hard is None else show(line.resource, line.hard - line.most)


def nodes(report: Report) -> Table:
    """A row per node type, and of several in one cluster one for all."""
    made = table("nodes", *SITUATIONS, "provide", "unused", "used")
    for fleet in report.fleets:
        alone, style = len(fleet.pools) == 1, "red" if fleet.findings else ""
        for pool in fleet.pools:
            given = "" if pool.node.count is None else f" (of {pool.node.count})"
            counts = {situation: getattr(pool, situation) for situation in SITUATIONS}
            shown = [f"{count}{over(fleet, each) if alone else ''}" for each, count in counts.items()]
            rest = (unused(fleet), used(fleet)) if alone else ("", "")
            made.add_row(f"{pool.node.name}{given}", *shown, str(pool.provide), *rest, style=style)
        if not alone:
            totals = (f"{fleet.nodes(each)}{over(fleet, each)}" for each in SITUATIONS)
            provide = str(sum(pool.provide for pool in fleet.pools))
            made.add_row("together", *totals, provide, unused(fleet), used(fleet), style=style)
    return made


def over(fleet: Fleet, situation: Situation) -> str:
    """` (+17%)` above the lower bound; nothing where the packing meets it."""
    above = fleet.above(situation)
    return f" (+{above:.0%})" if above and above > 0 else ""


def unused(fleet: Fleet) -> str:
    return " ".join(show(name, amount) for name, amount in fleet.unused.items() if name != "pods")


def used(fleet: Fleet) -> str:
    return " ".join(f"{share:.0%}" for share in fleet.used.values())


def on_every_node(report: Report) -> Iterator[str]:
    for each in report.per_node:
        requests = " ".join(show(name, amount) for name, amount in each.requests.items())
        yield f"on every node that admits it: {each.title} {requests}"


def legend(reports: Sequence[Report]) -> Iterator[str]:
    types = {pool.node.name: pool.node for each in reports for fleet in each.fleets for pool in fleet.pools}
    if types:
        left = {name: node.allocatable for name, node in types.items()}
        sizes = (f"{name} {show('cpu', has['cpu'])} {show('memory', has['memory'])}" for name, has in left.items())
        yield f"cpu and memory of a node for pods: {', '.join(sizes)}"
        if any(node.reserved is None for node in types.values()):
            yield f"the system's reserve is {RESERVE}"
        yield (
            "(+n%): above the arithmetic lower bound; unused: on the nodes that the maximum needs; used: share of cpu "
            f"and memory requested at the maximum on those to provide, specified to be below {TARGET} %"
        )
