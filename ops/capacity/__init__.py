"""Whether an environment fits: its quotas, its nodes, at the minimum, at every maximum and in a rollout."""

from collections.abc import Sequence

from ops import render as rendering
from ops.capacity.nodes import NodeType
from ops.capacity.report import Report, report

__all__ = ["NodeType", "Report", "capacity", "report"]


def capacity(targets: Sequence[str], nodes: Sequence[NodeType] = ()) -> list[Report]:
    """Renders each environment or kustomization, all environments if none is named. Raises Refusal."""
    chosen = {target: rendering.folder(target) for target in targets or rendering.environments()}
    return [
        report(target, [rendered.manifest for rendered in rendering.render(folder)], nodes)
        for target, folder in chosen.items()
    ]
