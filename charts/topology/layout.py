"""A drawing, laid out: the same for the same input, wherever it is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from charts.topology import place, route
from charts.topology.shapes import Band, Box, Net, Tree


@dataclass(kw_only=True)
class Layout:
    """`width`, `height`: of the whole, pixels."""

    boxes: list[Box]
    bands: list[Band]
    trees: list[Tree]
    width: int
    height: int


def arrange(boxes: Sequence[Box], nets: Sequence[Net], bands: Sequence[Band]) -> Layout:
    """Places the boxes and routes the nets.

    Twice: which corridor a line takes follows from where the boxes are, and how high it is from how many lines take it.
    """
    boxes, by_name = list(boxes), {box.name: box for box in boxes}
    heavy = [net for net in nets if not net.light]
    pairs = [(by_name[a], by_name[b]) for net in heavy for a, _ in net.sources for b, _ in net.targets]
    place.set_columns(boxes, pairs)
    order = place.band_order(boxes, pairs)
    bands = sorted(bands, key=lambda band: order.index(band.name))
    if bands:
        bands[0].above = 0
    trees = [tree for net in nets for tree in route.trees_of(net, by_name)]
    route.make_room(boxes, trees)
    place.set_order(boxes, bands, pairs)
    route.settle(trees)
    route.set_lanes(trees, bands)
    place.stack(boxes, bands)
    route.put_lanes(trees, bands)
    route.settle(trees)
    width = route.set_tracks(trees, boxes, bands)
    inner = [box for box in boxes if box.band is not None]
    for band in bands:
        band.x = min(box.x for box in inner) - route.BORDER
        band.width = max(box.x + box.width for box in inner) + route.BORDER - band.x
    floors = [*(box.y + box.height for box in boxes), *(band.y + band.height for band in bands)]
    lowest = max([*floors, *(tree.lane for tree in trees)], default=0)
    return Layout(boxes=boxes, bands=bands, trees=trees, width=width + place.MARGIN, height=lowest + place.MARGIN)
