"""What is drawn of a graph: a box for each node, whose rows say what it serves and keeps, and nets for the flows."""

import math
from collections import defaultdict
from collections.abc import Iterator
from unicodedata import east_asian_width

from charts.topology.colours import LIGHT
from charts.topology.graph import CLUSTER, CONTROLLER, INTERNET, Flow, Graph, Node
from charts.topology.shapes import GRID, Box, Net, Row

ADVANCE = 0.61  # of the font size: the width of a letter in the fonts of `svg`, at most
SIZES = {"title": 12, "band": 13, "plain": 11, "dim": 11, "storage": 11, "note": 11}
PADDING = 9  # pixels between the border of a box and its text
ICON = 15  # pixels that the sign of a storage row takes
MARK = 13  # pixels that each sign behind a row takes
WRAP = 24  # letters of a reason in one row


def measure(text: str, style: str) -> int:
    """The pixels that a line of text takes at most."""
    cells = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
    return math.ceil(cells * ADVANCE * SIZES[style])


def boxes(graph: Graph) -> list[Box]:
    """A box per workload, and those of the ends beyond the platform that it has."""
    found = [box(node.name, node.layer, rows(node, graph), dashed=node.component is not None) for node in graph.nodes]
    if hosts := graph.of("host"):
        said = [Row(text=f"in {graph.controller}", style="dim"), Row(text="from the internet to", style="dim")]
        said += [row for flow in hosts for row in wrapped(flow.why, pin(flow))]
        found.append(box(CONTROLLER, None, said, entry=True))
    for target in (INTERNET, CLUSTER):
        said = [row for flow in reasons(graph, target) for row in wrapped(f"{flow.number} {flow.why}", pin(flow))]
        if said:
            found.append(box(target, None, said))
    return found


def box(name: str, band: str | None, said: list[Row], entry: bool = False, dashed: bool = False) -> Box:
    lines = [Row(text=name, style="title", height=3 * GRID), *said]
    width = max(wide(row) for row in lines) + 2 * PADDING
    return Box(name=name, band=band, rows=lines, width=width, entry=entry, dashed=dashed)


def wide(row: Row) -> int:
    return measure(row.text, row.style) + (ICON if row.style == "storage" else 0) + MARK * len(row.marks)


def reasons(graph: Graph, target: str) -> list[Flow]:
    """The calls to an end beyond the platform, one for each port and reason."""
    return list({pin(flow): flow for flow in graph.of("outside") if flow.target == target}.values())


def wrapped(text: str, name: str) -> Iterator[Row]:
    """The rows of a text, the first being the pin."""
    first, *more = lines_of(text, WRAP)
    yield Row(text=first, pin=name)
    yield from (Row(text=line, style="dim") for line in more)


def lines_of(text: str, most: int) -> list[str]:
    """The text in lines of at most that many letters, where its words allow."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def rows(node: Node, graph: Graph) -> list[Row]:
    """How it runs, each port that anything reaches, what it keeps."""
    found = [Row(text=node.runs, style="dim")]
    if node.component:
        found.append(Row(text=f"component {node.component}", style="dim"))
    for port in node.ports:
        flows = [flow for flow in graph.flows if flow.target == node.name and flow.at == port]
        own = any(flow.source == node.name and flow.kind == "call" for flow in flows)
        read = any(flow.kind == "scrape" for flow in flows)
        if flows:
            found.append(Row(text=port, pin=port, marks=("read",) * read + ("own",) * own))
    found += [Row(text=kept, style="storage") for kept in node.kept]
    return found


def pin(flow: Flow) -> str:
    """The row that a line comes to: the port, and beyond the platform why too."""
    return f"{flow.number} {flow.why}" if flow.kind == "outside" else flow.why if flow.kind == "host" else flow.at


def nets(graph: Graph, scrapes: bool) -> list[Net]:
    """A net per port that is called, per host, per reason to leave; one for all that a scraper reads."""
    callers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for flow in graph.of("call", "outside"):
        if flow.source != flow.target:
            callers[flow.target, pin(flow)].append(flow.source)
    called: dict[str, set[str]] = defaultdict(set)
    for (target, _), sources in callers.items():
        called[target] |= set(sources)
    common = sorted((target for target in called if len(called[target]) > 1), key=lambda one: (-len(called[one]), one))
    styles = {target: f"hue{place % len(LIGHT.hues)}" for place, target in enumerate(common)}
    found = [
        Net(
            name=f"{', '.join(sources)} to {target}: {at}",
            sources=tuple((source, None) for source in sources),
            targets=((target, at),),
            style=styles.get(target, "plain"),
        )
        for (target, at), sources in callers.items()
    ]
    found += [
        Net(
            name=f"{flow.why} to {flow.target}: {flow.at}",
            sources=((CONTROLLER, flow.why),),
            targets=((flow.target, flow.at),),
            style="host",
        )
        for flow in graph.of("host")
    ]
    read = [flow for flow in graph.of("scrape") if flow.source != flow.target]
    if read and scrapes:
        name = f"{read[0].source} reads {', '.join(flow.target for flow in read)}"
        targets = tuple((flow.target, flow.at) for flow in read)
        found.append(Net(name=name, sources=((read[0].source, None),), targets=targets, style="scrape", light=True))
    return found
