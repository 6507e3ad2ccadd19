"""Reckons the capacity of environments."""

from collections.abc import Sequence

from ops import render
from ops.capacity.nodes import NodeType
from ops.capacity.report import Report, report


def capacity(targets: Sequence[str], nodes: Sequence[NodeType] = ()) -> list[Report]:
    """Renders each environment or kustomization, all environments if none is named. Raises Refusal, WrongUse."""
    chosen = {target: render.folder(target) for target in targets or render.environments()}
    return [
        report(target, [rendered.manifest for rendered in render.render(folder)], nodes)
        for target, folder in chosen.items()
    ]
