"""Writes dist/, whether `newstalk synth`, `cdk8s synth` or `python main.py` runs it."""

import sys
from pathlib import Path

from ops import node, synth

node.use_pinned()  # before anything imports cdk8s, which starts Node

from charts import folder, hosts  # noqa: E402
from charts.components import COMPONENTS  # noqa: E402
from charts.edge import EdgeChart  # noqa: E402
from charts.foundation import Foundation  # noqa: E402
from charts.model import Platform  # noqa: E402
from charts.topology.mermaid import mermaid  # noqa: E402
from charts.topology.svg import svg  # noqa: E402
from charts.workload import WorkloadChart  # noqa: E402


def platform() -> Platform:
    from catalog.platform import PLATFORM  # a refusal of the catalog's is the caller's to show

    return PLATFORM


def build(platform: Platform, out: Path) -> None:
    """The plain YAML that overlays start from (base, components, transformers), and the topology as a picture."""
    base, components = folder.app(out / "base"), folder.app(out / "components")
    Foundation(base, platform)
    for workload in platform.base:
        WorkloadChart(base, workload, platform)
    EdgeChart(base, platform)
    for component in COMPONENTS:
        component(components, platform)
    folder.write(base)
    folder.write(components)
    folder.gather(base, platform)
    hosts.write(platform, out / "transformers")
    folder.put(out / "topology.svg", svg(platform))
    folder.put(out / "topology.mmd", mermaid(platform))


if __name__ == "__main__":
    sys.exit(synth.main(platform, build))
