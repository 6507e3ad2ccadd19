"""The graph as SVG: a band per layer, callers left of what they call."""

from collections.abc import Callable, Iterator
from xml.etree import ElementTree as Xml

from charts.model import Platform
from charts.topology.colours import style
from charts.topology.graph import Graph, graph_of, notes
from charts.topology.layout import Layout, arrange
from charts.topology.parts import ADVANCE, ICON, MARK, PADDING, SIZES, boxes, lines_of, measure, nets
from charts.topology.place import MARGIN
from charts.topology.shapes import GRID, Band, Box, Tree

FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
LINE = 16  # pixels from one note to the next
NARROWEST = 640  # pixels of a page, for the sake of the notes


def svg(platform: Platform, scrapes: bool = False) -> str:
    """The platform's topology as an SVG document. `scrapes`: draws them too, which are listed below otherwise."""
    graph = graph_of(platform)
    bands = [Band(name=name, title=measure(name, "band")) for name in graph.layers]
    return draw(graph, arrange(boxes(graph), nets(graph, scrapes), bands), notes(graph, scrapes))


def draw(graph: Graph, layout: Layout, said: list[str]) -> str:
    root = Xml.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font-family": FONTS})
    child(root, "title", text=f"{graph.platform}: topology")
    child(root, "style").text = style()
    paper = child(root, "rect", **{"class": "paper"})
    for band in layout.bands:
        rectangle(root, "band", band.x, band.y, band.width, band.height, 8)
        write(root, band.name, "band", band.x + PADDING, band.y + 21)
    for tree in sorted(layout.trees, key=lambda tree: tree.net.style not in ("scrape", "plain")):
        trace(root, tree)
    for one in layout.boxes:
        show(root, one)
    width = max(layout.width, NARROWEST)
    bottom = legend(root, width, layout.height + GRID)
    for line in (line for note in said for line in folded(note, width)):
        write(root, line, "note", MARGIN, bottom)
        bottom += LINE
    size = {"width": str(width), "height": str(bottom)}
    root.attrib |= {"viewBox": f"0 0 {width} {bottom}", **size}
    paper.attrib |= size
    Xml.indent(root)
    return str(Xml.tostring(root, encoding="us-ascii"), "us-ascii") + "\n"


def folded(note: str, width: int) -> Iterator[str]:
    """A note in lines that fit the width, all but the first a little in."""
    first, *more = lines_of(note, int((width - 2 * MARGIN) / (ADVANCE * SIZES["note"])) - 2)
    yield first
    yield from (f"\u00a0\u00a0{line}" for line in more)


def child(parent: Xml.Element, tag: str, text: str | None = None, **attributes: str) -> Xml.Element:
    made = Xml.SubElement(parent, tag, attributes)
    made.text = printable(text) if text is not None else None
    return made


def printable(text: str) -> str:
    """The text without what XML cannot hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def rectangle(parent: Xml.Element, kind: str, x: int, y: int, width: int, height: int, corner: int) -> None:
    place = {"x": x, "y": y, "width": width, "height": height, "rx": corner}
    child(parent, "rect", **{"class": kind}, **{name: str(value) for name, value in place.items()})


def write(parent: Xml.Element, text: str, kind: str, x: int, y: int) -> None:
    child(parent, "text", text, **{"class": kind, "x": str(x), "y": str(y), "font-size": str(SIZES[kind])})


def trace(root: Xml.Element, tree: Tree) -> None:
    """The lines of a tree, an arrow head at each port, a dot where lines part."""
    group = child(root, "g", **{"class": f"net {tree.net.style}"})
    child(group, "title", tree.net.name)
    child(group, "path", d=" ".join(strokes(tree)), fill="none")
    for end in tree.ends:
        if end.arrow:
            inward = 7 if end.side == "left" else -7
            child(group, "path", d=f"M{end.x} {end.y}l{-inward} -4v8z", **{"class": "head"})
    for x, y in joints(tree):
        child(group, "circle", cx=str(x), cy=str(y), r="2", **{"class": "head"})


def strokes(tree: Tree) -> Iterator[str]:
    for end in tree.ends:
        short = 6 * (1 if end.side == "left" else -1) if end.arrow else 0  # under the arrow head
        yield f"M{end.x - short} {end.y}H{tree.tracks[end.channel]}"
    for channel in tree.channels:
        top, bottom = tree.span(channel)
        if top != bottom:
            yield f"M{tree.tracks[channel]} {top}V{bottom}"
    if tree.corridor is not None:
        yield f"M{tree.tracks[tree.channels[0]]} {tree.lane}H{tree.tracks[tree.channels[-1]]}"


def joints(tree: Tree) -> list[tuple[int, int]]:
    """Where three lines or more meet."""
    found = []
    for channel in tree.channels:
        x, (top, bottom) = tree.tracks[channel], tree.span(channel)
        ys = {end.y for end in tree.ends if end.channel == channel}
        found += [(x, y) for y in sorted(ys) if top < y < bottom]
        inner = tree.channels[0] < channel < tree.channels[-1]
        if tree.corridor is not None and (inner or top < tree.lane < bottom):
            found.append((x, tree.lane))
    return found


def show(root: Xml.Element, one: Box) -> None:
    group = child(root, "g")
    rectangle(group, "box dashed" if one.dashed else "box", one.x, one.y, one.width, one.height, 4)
    for row in one.rows:
        x, y = one.x + PADDING, row.y + row.height // 2 + (6 if row.style == "title" else 4)
        if row.style == "storage":
            cylinder(group, x, row.y + row.height // 2)
            x += ICON
        write(group, row.text, row.style, x, y)
        for place, kind in enumerate(row.marks):
            middle = one.x + one.width - PADDING - MARK * place - 4
            MARKS[kind](group, middle, row.y + row.height // 2)


def cylinder(parent: Xml.Element, x: int, y: int) -> None:
    child(parent, "path", d=f"M{x} {y - 3}v6a4.5 2 0 0 0 9 0v-6a4.5 2 0 0 0 -9 0a4.5 2 0 0 0 9 0", **{"class": "sign"})


def dot(parent: Xml.Element, x: int, y: int) -> None:
    child(parent, "circle", cx=str(x), cy=str(y), r="3", **{"class": "dot"})


def loop(parent: Xml.Element, x: int, y: int) -> None:
    child(parent, "path", d=f"M{x + 3} {y - 3}a4 4 0 1 0 1 4m-3 -1l3 1l1 -3", **{"class": "sign"})


Sign = Callable[[Xml.Element, int, int], None]
"""Draws itself around x and y."""

MARKS: dict[str, Sign] = {"read": dot, "own": loop}


def legend(root: Xml.Element, width: int, y: int) -> int:
    """What the signs mean, in as many lines as it takes. Returns the y below it."""
    x = MARGIN
    for sign, meaning in LEGEND:
        wanted = 26 + measure(meaning, "note") + 2 * GRID
        if x > MARGIN and x + wanted > width:
            x, y = MARGIN, y + LINE
        sign(root, x, y - 4)
        write(root, meaning, "note", x + 26, y)
        x += wanted
    return y + LINE + GRID


def sample(root: Xml.Element, x: int, y: int) -> None:
    group = child(root, "g", **{"class": "net hue0"})
    child(group, "path", d=f"M{x} {y}h14", fill="none")
    child(group, "path", d=f"M{x + 20} {y}l-7 -4v8z", **{"class": "head"})


LEGEND: tuple[tuple[Sign, str], ...] = (
    (sample, "calls, a colour for each that several call"),
    (lambda root, x, y: dot(root, x + 10, y), "metrics are read here"),
    (lambda root, x, y: loop(root, x + 10, y), "open among its own pods"),
    (lambda root, x, y: cylinder(root, x + 5, y), "storage: size and class"),
    (lambda root, x, y: rectangle(root, "box dashed", x, y - 5, 20, 10, 2), "only with a component"),
)
