"""The SVG, read as a person reads it: boxes, texts in them, and lines that are followed from end to end."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings

import main
from charts.model import Outside, Platform
from charts.topology.colours import DARK, LIGHT, Colours
from charts.topology.graph import graph_of
from charts.topology.svg import svg
from ops.places import ROOT
from tests.charts.shop import shop
from tests.ops.graph.chance import platforms
from tests.platforms import platform, serving, workload

NAMESPACE = "{http://www.w3.org/2000/svg}"
LETTER = 0.61  # of the font size: a letter of DejaVu Sans Mono, the widest of the fonts, takes 0.602
COMMAND = re.compile(r"M(\d+) (\d+)(?:H(\d+)|V(\d+))")


@dataclass(frozen=True)
class Rect:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Rect") -> bool:
        """Whether they have more than an edge in common."""
        level = self.left < other.right and other.left < self.right
        return level and self.top < other.bottom and other.top < self.bottom

    def within(self, other: "Rect") -> bool:
        level = other.left <= self.left and self.right <= other.right
        return level and other.top <= self.top and self.bottom <= other.bottom


@dataclass(frozen=True)
class Text:
    words: str
    place: Rect


@dataclass
class Box:
    place: Rect
    texts: list[Text]

    @property
    def name(self) -> str:
        return self.texts[0].words

    def row(self, y: float) -> str:
        """The text nearest to a height."""
        return min(self.texts, key=lambda text: abs((text.place.top + text.place.bottom) / 2 - y)).words


@dataclass
class Line:
    """The parts of one net, as thin rectangles, and the tips of its arrows."""

    parts: list[Rect]
    tips: list[tuple[float, float]]


def number(element: Xml.Element, name: str) -> float:
    return float(element.attrib[name])


def rect(element: Xml.Element) -> Rect:
    x, y = number(element, "x"), number(element, "y")
    return Rect(x, y, x + number(element, "width"), y + number(element, "height"))


def text(element: Xml.Element) -> Text:
    """Letters reach 0.8 of the font size above the line that they stand on, and 0.25 below."""
    words, size = element.text or "", number(element, "font-size")
    x, y = number(element, "x"), number(element, "y")
    return Text(words, Rect(x, y - 0.8 * size, x + LETTER * size * len(words), y + 0.25 * size))


class Picture:
    """What an SVG shows."""

    def __init__(self, document: str) -> None:
        root = Xml.fromstring(document)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        self.page = Rect(0, 0, width, height)
        self.texts = [text(one) for one in root.iter(f"{NAMESPACE}text")]
        self.bands = [rect(one) for one in root.iter(f"{NAMESPACE}rect") if one.attrib["class"] == "band"]
        groups = root.findall(f"{NAMESPACE}g")
        self.boxes = [
            Box(rect(frame), [text(one) for one in group.iter(f"{NAMESPACE}text")])
            for group in groups
            for frame in group.findall(f"{NAMESPACE}rect")
        ]
        self.lines = [line(one) for one in groups if one.find(f"{NAMESPACE}title") is not None]

    def pairs(self) -> Counter[tuple[str, str, str]]:
        """(from, to, the row at which the arrow ends), by following the lines."""
        return Counter(pair for one in self.lines for pair in self.followed(one))

    def followed(self, line: Line) -> list[tuple[str, str, str]]:
        assert connected(line.parts)
        targets, leaving = [], []
        for box in self.boxes:
            frame = box.place
            here = [y for x, y in line.tips if x in (frame.left, frame.right) and frame.top < y < frame.bottom]
            targets += [(box.name, box.row(y)) for y in here]
            for part in line.parts:
                ends = {part.left, part.right} & {frame.left, frame.right}
                at_arrow = any(part.top == y for y in here)
                if ends and part.top == part.bottom and frame.top < part.top < frame.bottom and not at_arrow:
                    leaving.append((box.name, box.row(part.top)))
        assert len(targets) == len(line.tips)
        assert min(len(leaving), len(targets)) == 1 or len({name for name, _ in targets}) == 1
        return [(source, target, row) for source, _ in leaving for target, row in targets]


def line(group: Xml.Element) -> Line:
    drawn, *heads = [one.attrib["d"] for one in group.findall(f"{NAMESPACE}path")]
    parts = []
    for x, y, across, down in COMMAND.findall(drawn):
        ends = [float(across or x), float(x)], [float(down or y), float(y)]
        parts.append(Rect(min(ends[0]), min(ends[1]), max(ends[0]), max(ends[1])))
    tips = [(float(x), float(y)) for x, y in (re.findall(r"\d+", head)[:2] for head in heads)]
    return Line([*parts, *(Rect(x - 6, y, x + 6, y) for x, y in tips)], tips)


def touch(one: Rect, other: Rect) -> bool:
    level = one.left <= other.right and other.left <= one.right
    return level and one.top <= other.bottom and other.top <= one.bottom


def connected(parts: list[Rect]) -> bool:
    reached, left = [parts[0]], parts[1:]
    for one in reached:
        reached += [other for other in left if touch(one, other)]
        left = [other for other in left if not touch(one, other)]
    return not left


def share(one: Rect, other: Rect) -> bool:
    """Whether two lines run along each other, so that a reader cannot tell them apart."""
    across = one.top == one.bottom == other.top == other.bottom
    down = one.left == one.right == other.left == other.right
    return (across and one.left < other.right and other.left < one.right) or (
        down and one.top < other.bottom and other.top < one.bottom
    )


def expected(platform: Platform, scrapes: bool) -> Counter[tuple[str, str, str]]:
    """The flows that are drawn as lines: what a workload opens at itself is a sign in its box instead."""
    drawn = [flow for flow in graph_of(platform).drawn(scrapes) if flow.source != flow.target]
    return Counter(
        (flow.source, flow.target, f"{flow.number} {flow.why}" if flow.kind == "outside" else flow.at) for flow in drawn
    )


def is_legible(picture: Picture) -> None:
    """No text meets another or leaves its box, no box another, no line a box, a text or the course of another's."""
    assert [(a, b) for a, b in combinations(picture.texts, 2) if a.place.meets(b.place)] == []
    assert [one for one in picture.texts if not one.place.within(picture.page)] == []
    assert [one for box in picture.boxes for one in box.texts if not one.place.within(box.place)] == []
    assert [(a, b) for a, b in combinations(picture.boxes, 2) if a.place.meets(b.place)] == []
    assert [(a, b) for a, b in combinations(picture.bands, 2) if a.meets(b)] == []
    parts = [(number, part) for number, one in enumerate(picture.lines) for part in one.parts[: -len(one.tips)]]
    for _, part in parts:
        assert [box.name for box in picture.boxes if crosses(part, box.place)] == []
        assert [one for one in picture.texts if crosses(part, one.place)] == []
        assert part.within(picture.page)
    assert [(a, b) for (i, a), (j, b) in combinations(parts, 2) if i != j and share(a, b)] == []


def crosses(part: Rect, place: Rect) -> bool:
    level = part.left < place.right and place.left < part.right
    return level and part.top < place.bottom and place.top < part.bottom


@settings(max_examples=150, deadline=None)
@given(platforms())
def test_any_platform_is_drawn_legibly_and_reads_back_as_its_graph(platform: Platform) -> None:
    for scrapes in (False, True):
        picture = Picture(svg(platform, scrapes))
        is_legible(picture)
        assert picture.pairs() == expected(platform, scrapes)


@pytest.mark.parametrize("scrapes", [False, True])
@pytest.mark.parametrize("make", [main.platform, shop], ids=["newstalk", "shop"])
def test_the_picture_is_legible(make: Callable[[], Platform], scrapes: bool) -> None:
    is_legible(Picture(svg(make(), scrapes)))


def test_newstalk_is_drawn_in_letters_of_nine_pixels_on_a_page_of_1200() -> None:
    root = Xml.fromstring(svg(main.platform()))
    smallest = min(number(one, "font-size") for one in root.iter(f"{NAMESPACE}text"))
    assert smallest * 1200 / number(root, "width") >= 9


def test_layers_are_groups() -> None:
    picture = Picture(svg(main.platform()))
    names = {one.words: one.place for one in picture.texts}
    layers = graph_of(main.platform()).layers
    assert len(picture.bands) == len(layers)
    for layer, nodes in layers.items():
        [band] = [band for band in picture.bands if names[layer].within(band)]
        within = {box.name for box in picture.boxes if box.place.within(band)}
        assert within == {node.name for node in nodes}


def box_of(name: str, platform: Platform) -> Box:
    return next(box for box in Picture(svg(platform)).boxes if box.name == name)


def test_a_box_says_what_it_runs_serves_and_keeps() -> None:
    rows = [text.words for text in box_of("broker", shop()).texts]
    assert rows == [
        "broker",
        "3 pods",
        "client 6000",
        "peer 6001",
        "metrics 9090",
        "log 3 \u00d7 3Gi shelf",
        "index 3 \u00d7 3Gi shelf",
    ]
    assert [text.words for text in box_of("agent", shop()).texts][1:3] == [
        "a pod on every node",
        "component node-exporter",
    ]


def signs(kind: str, platform: Platform) -> list[tuple[str, str]]:
    """(box, row) of each sign of a kind behind a row."""
    picture, found = Picture(svg(platform)), []
    for group in Xml.fromstring(svg(platform)).findall(f"{NAMESPACE}g"):
        for one in group.iter():
            y = one.get("cy") or (re.findall(r"-?[\d.]+", one.get("d", "")) or [""] * 2)[1]
            x = one.get("cx") or (re.findall(r"-?[\d.]+", one.get("d", "")) or [""])[0]
            if one.get("class") == kind:
                [box] = [box for box in picture.boxes if Rect(float(x), float(y), float(x), float(y)).within(box.place)]
                if float(x) > (box.place.left + box.place.right) / 2:
                    found.append((box.name, box.row(float(y))))
    return sorted(found)


def test_what_is_scraped_and_what_is_open_among_its_own_pods_bears_a_sign() -> None:
    flows = graph_of(shop()).flows
    scraped = sorted((flow.target, flow.at) for flow in flows if flow.kind == "scrape")
    own = sorted((flow.target, flow.at) for flow in flows if flow.kind == "call" and flow.source == flow.target)
    assert (signs("dot", shop()), signs("sign", shop())) == (scraped, own)


def test_what_is_not_drawn_is_said_below() -> None:
    picture = Picture(svg(shop()))
    lowest = max(box.place.bottom for box in picture.boxes)
    said = " ".join(text.words.strip() for text in picture.texts if text.place.top > lowest)
    sentences = said.replace(". ", ".\n").splitlines()
    undrawn = [flow for flow in graph_of(shop()).flows if flow not in graph_of(shop()).drawn(scrapes=False)]
    assert undrawn
    for flow in undrawn:
        assert any(
            {flow.source, flow.target, str(flow.number)}
            <= {w for w in (flow.source, flow.target, str(flow.number)) if w in line}
            for line in sentences
        ), flow


def luminance(colour: str) -> float:
    """Relative luminance, www.w3.org/TR/WCAG21."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_lines_stand_out_from_the_paper(colours: Colours) -> None:
    grounds = (colours.paper, colours.band)
    assert [ink for ink in (colours.ink, colours.dim) for ground in grounds if contrast(ink, ground) < 4.5] == []
    assert [hue for hue in (*colours.hues, colours.edge) for ground in grounds if contrast(hue, ground) < 3] == []


def test_the_document_brings_its_own_paper_for_light_and_dark() -> None:
    picture = svg(shop())
    papers = re.findall(r"rect\.paper{fill:(#\w+)}", picture)
    assert papers == [LIGHT.paper, DARK.paper]
    assert picture.index(LIGHT.paper) < picture.index("prefers-color-scheme: dark") < picture.index(DARK.paper)


def test_a_reason_may_hold_what_xml_cannot() -> None:
    why = "a <b> & \x00\x1b \ud800 \u6f22\u5b57"
    rows = box_of("the internet", platform(workload(calls=(Outside(port=443, why=why),)))).texts
    assert "<b> &" in " ".join(row.words for row in rows)
    assert "\u6f22\u5b57" in " ".join(row.words for row in rows)


def test_it_is_the_same_in_whatever_encoding_it_is_written() -> None:
    assert svg(shop()).isascii()


def test_nothing_but_the_platform_decides_how_it_looks() -> None:
    program = (
        "from tests.charts.shop import shop; from charts.topology.svg import svg; print(svg(shop(), True), end='')"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "1"}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == svg(shop(), scrapes=True)


def test_a_thousand_workloads_are_drawn() -> None:
    chain = [serving(f"w{place}", calls=(f"w{place - 1}:http",) if place else ()) for place in range(1000)]
    assert svg(platform(*chain)).count('class="net') == len(chain) - 1 + 1  # one is the legend's
