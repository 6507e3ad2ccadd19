"""The Mermaid text, read back by the little of its grammar that it uses."""

import re
from dataclasses import replace

from hypothesis import given, settings

from charts.model import Outside, Platform
from charts.topology.graph import CLUSTER, CONTROLLER, INTERNET, graph_of
from charts.topology.mermaid import mermaid
from tests.charts.shop import shop
from tests.ops.graph.chance import platforms
from tests.platforms import platform, workload

ID = r"[a-z][a-z0-9_]*"
LABEL = r'"([^"]*)"'
NODE = re.compile(rf"({ID})(?:\[\({LABEL}\)\]|\(\[{LABEL}\]\)|\[{LABEL}\])")
EDGE = re.compile(rf"({ID}(?: & {ID})*) (-->|-\.->)\|{LABEL}\| ({ID})")
GROUP = re.compile(rf"subgraph {ID}\[{LABEL}\]")
STYLE = re.compile(rf"classDef \w+ [\w:-]+(?: \d+)*|class {ID}(?:,{ID})* \w+")
ENTITY = re.compile(r"#(\d+|quot|lt|gt|amp);")
NAMED = {"quot": '"', "lt": "<", "gt": ">", "amp": "&"}


def plain(label: str) -> str:
    """A label as it is shown."""
    return ENTITY.sub(lambda code: NAMED.get(code[1]) or chr(int(code[1])), re.sub(r"</?b>", "", label))


class Flowchart:
    """The nodes by id, each with its group and its lines, the edges, and the description."""

    def __init__(self, text: str) -> None:
        self.nodes: dict[str, tuple[str | None, list[str]]] = {}
        self.edges: list[tuple[str, str, list[str]]] = []
        heading, *lines = text.removesuffix("\n").split("\n")
        assert heading == "flowchart LR"
        whole = "\n".join(line.strip() for line in lines)
        described = re.fullmatch(r"accTitle: [^\n]+\naccDescr \{\n([^{}]*)\n\}\n?(.*)", whole, re.DOTALL)
        assert described
        self.description, group = plain(described[1]), None
        for line in described[2].splitlines():
            if opened := GROUP.fullmatch(line):
                assert group is None
                group = plain(opened[1])
            elif line == "end":
                assert group is not None
                group = None
            elif node := NODE.fullmatch(line):
                assert node[1] not in self.nodes
                words = next(words for words in node.groups()[1:] if words is not None)
                self.nodes[node[1]] = group, [plain(row) for row in words.split("<br/>")]
            elif edge := EDGE.fullmatch(line):
                rows = [plain(row) for row in edge[3].split("<br/>")]
                self.edges += [(source, edge[4], rows) for source in edge[1].split(" & ")]
            else:
                assert STYLE.fullmatch(line), line
        assert group is None
        assert {end for source, target, _ in self.edges for end in (source, target)} <= set(self.nodes)

    def name(self, identifier: str) -> str:
        return self.nodes[identifier][1][0]

    @property
    def pairs(self) -> list[tuple[str, str, str]]:
        """(source, target, port and why) of each line on an edge."""
        return [(self.name(a), self.name(b), row) for a, b, rows in self.edges for row in rows]


def expected(platform: Platform, scrapes: bool) -> list[tuple[str, str, str]]:
    found = []
    for flow in graph_of(platform).drawn(scrapes):
        before = {"host": f"{flow.why} to ", "outside": f"{flow.why} "}.get(flow.kind, "")
        found.append((flow.source, flow.target, before + flow.at))
    return found


@settings(max_examples=60, deadline=None)
@given(platforms())
def test_what_is_drawn_is_the_graph_and_nothing_else(platform: Platform) -> None:
    for scrapes in (False, True):
        chart = Flowchart(mermaid(platform, scrapes))
        assert sorted(chart.pairs) == sorted(expected(platform, scrapes))
        beyond = {end for flow in graph_of(platform).drawn(scrapes) for end in (flow.source, flow.target)}
        groups = {chart.name(identifier): group for identifier, (group, _) in chart.nodes.items()}
        layers: dict[str, str | None] = {workload.name: workload.layer for workload in platform.workloads}
        assert groups == layers | {end: None for end in (CONTROLLER, INTERNET, CLUSTER) if end in beyond}


def test_a_box_says_what_it_runs_keeps_and_where_it_is_scraped() -> None:
    nodes = dict(rows for rows in ((rows[0], rows[1:]) for _, rows in Flowchart(mermaid(shop())).nodes.values()))
    assert nodes["broker"] == [
        "3 pods",
        "log 3 \u00d7 3Gi shelf",
        "index 3 \u00d7 3Gi shelf",
        "scraped at metrics 9090",
    ]
    assert nodes["agent"] == ["a pod on every node", "scraped at metrics 9090", "component node-exporter"]


def test_what_is_not_drawn_is_in_the_description() -> None:
    described = Flowchart(mermaid(shop())).description
    graph = graph_of(shop())
    undrawn = [flow for flow in graph.flows if flow not in graph.drawn(scrapes=False)]
    assert undrawn
    for flow in undrawn:
        lines = [line for line in described.splitlines() if line.startswith(flow.source) and flow.target in line]
        assert any(str(flow.number) in line for line in lines), flow


def test_names_that_mermaid_reserves_are_names() -> None:
    calls = ("end:http", "graph:http", "x:http")
    reserved = [replace(shop()["till"], name=name, calls=calls, host=None) for name in ("end", "graph", "x", "class")]
    chart = Flowchart(mermaid(platform(*reserved)))
    assert {chart.name(identifier) for identifier in chart.nodes} == {"end", "graph", "x", "class"}
    assert not {"end", "graph", "class", "subgraph", "style"} & set(chart.nodes)


def test_a_reason_may_hold_what_mermaid_reads_as_its_own() -> None:
    why = 'the "bank" #35; <b> `x` | {y} & z \u6f22'
    text = mermaid(platform(workload(calls=(Outside(port=443, why=why),))))
    assert text.isascii()
    chart = Flowchart(text)
    assert chart.pairs == [("web", INTERNET, f"{why} 443")]
