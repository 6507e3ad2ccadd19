"""The graph as a Mermaid flowchart: a subgraph per layer, an edge per port with all who call it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from charts.model import Platform
from charts.topology.graph import CLUSTER, CONTROLLER, INTERNET, Flow, Graph, Kind, Node, graph_of, notes

# The ends beyond the platform by id. A workload's id begins with "w_", so it is none of them, nor a word of Mermaid's.
BEYOND = {CONTROLLER: "ingress", INTERNET: "internet", CLUSTER: "cluster"}


def mermaid(platform: Platform, scrapes: bool = False) -> str:
    """The platform's topology as a Mermaid flowchart.

    `scrapes`: draws them too; otherwise a box says where it is scraped. What no edge shows is in the description.
    """
    graph = graph_of(platform)
    drawn = graph.drawn(scrapes)
    return "\n".join(["flowchart LR", *(f"  {line}" for line in lines(graph, drawn, notes(graph, scrapes)))]) + "\n"


def lines(graph: Graph, drawn: list[Flow], said: list[str]) -> Iterator[str]:
    yield f"accTitle: {safe(graph.platform)}: topology"
    yield "accDescr {"
    yield from (f"  {safe(note)}" for note in said)
    yield "}"
    ends = {end for flow in drawn for end in (flow.source, flow.target)}
    for name, words in ((CONTROLLER, [f"in {graph.controller}", "from the internet"]), (INTERNET, []), (CLUSTER, [])):
        if name in ends:
            yield f"{BEYOND[name]}([{label(*words, title=name)}])"
    read = {flow.target: flow.at for flow in graph.of("scrape") if flow not in drawn}
    for number, (layer, nodes) in enumerate(graph.layers.items()):
        yield f"subgraph layer_{number}[{label(layer)}]"
        for node in nodes:
            yield f"  {box(node, read.get(node.name))}"
        yield "end"
    for (kind, target, what), sources in together(drawn).items():
        arrow = "-.->" if kind == "scrape" else "-->"
        yield f"{' & '.join(map(identifier, sources))} {arrow}|{label(*what)}| {identifier(target)}"
    if components := [identifier(node.name) for node in graph.nodes if node.component]:
        yield "classDef component stroke-dasharray:4 3"
        yield f"class {','.join(components)} component"


def identifier(end: str) -> str:
    return BEYOND.get(end) or f"w_{end.replace('-', '_')}"


def box(node: Node, read: str | None) -> str:
    """A workload, as a cylinder where it keeps anything. `read`: the port at which its metrics are."""
    rows = [node.runs, *node.kept]
    rows += [f"scraped at {read}"] if read else []
    rows += [f"component {node.component}"] if node.component else []
    words = label(*rows, title=node.name)
    return f"{identifier(node.name)}[({words})]" if node.storage else f"{identifier(node.name)}[{words}]"


def together(flows: Iterable[Flow]) -> dict[tuple[Kind, str, tuple[str, ...]], list[str]]:
    """{(kind, target, the lines on the edge): sources}: an edge says all ports that its source opens at its target."""
    opened: dict[tuple[Kind, str, str], list[str]] = defaultdict(list)
    for flow in flows:
        why = [f"{flow.why} to"] if flow.kind == "host" else [flow.why] if flow.why else []
        opened[flow.kind, flow.source, flow.target].append(" ".join([*why, flow.at]))
    found: dict[tuple[Kind, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (kind, source, target), what in opened.items():
        found[kind, target, tuple(what)].append(source)
    return found


def label(*rows: str, title: str = "") -> str:
    """A quoted text of some lines, the title in bold."""
    heading = [f"<b>{safe(title)}</b>"] if title else []
    return '"' + "<br/>".join([*heading, *map(safe, rows)]) + '"'


CODES = str.maketrans(
    {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "{": "#123;", "}": "#125;", "`": "#96;", "&": "#amp;"}
)
"""What Mermaid would read as its own, or a browser as markup; mermaid.js.org, "Entity codes to escape characters"."""


def safe(row: str) -> str:
    shown = "".join(letter if letter.isprintable() else " " for letter in row).translate(CODES)
    return "".join(letter if letter.isascii() else f"#{ord(letter)};" for letter in shown)
