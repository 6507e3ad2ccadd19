"""Writes dist/, whether `newstalk synth`, `cdk8s synth` or `python main.py` runs it."""

import sys
from pathlib import Path

from ops import node, synth

node.use_pinned()  # before anything imports cdk8s, which starts Node

from charts import folder  # noqa: E402
from charts.edge import EdgeChart  # noqa: E402
from charts.foundation import Foundation  # noqa: E402
from charts.model import Platform  # noqa: E402
from charts.workload import WorkloadChart  # noqa: E402

LOCAL = Path(__file__).parent / "overlays" / "local" / "kustomization.yaml"


def platform() -> Platform:
    from catalog.platform import PLATFORM  # a refusal of the catalog's is the caller's to show

    return PLATFORM


def build(platform: Platform, out: Path) -> None:
    """The plain YAML that overlays start from (base, components, transformers), and the topology as a picture."""
    from charts import hosts, waves
    from charts.topology.mermaid import mermaid
    from charts.topology.svg import svg

    base(platform, out / "base")
    components(platform, out / "components")
    hosts.write(platform, out / "transformers")
    waves.write(platform, out / "transformers")
    folder.put(out / "topology.svg", svg(platform))
    folder.put(out / "topology.mmd", mermaid(platform))


def base(platform: Platform, out: Path) -> None:
    app = folder.app(out)
    Foundation(app, platform)
    for workload in platform.base:
        WorkloadChart(app, workload, platform)
    EdgeChart(app, platform)
    folder.write(app)
    folder.gather(app, platform)


def components(platform: Platform, out: Path) -> None:
    from charts.components import COMPONENTS  # classes of custom resources, which take a while to import

    app = folder.app(out)
    for component in COMPONENTS:
        component(app, platform)
    folder.write(app)


def publish(platform: Platform, environments: synth.Environments, out: Path) -> None:
    """What follows from the rendered environments, and the same platform for one machine."""
    from catalog.machine import MACHINE
    from charts import compose, gitops

    gitops.write(platform, environments, out)
    compose.write(platform, MACHINE, compose.overlay(LOCAL), out)


if __name__ == "__main__":
    sys.exit(synth.main(platform, build, Path(__file__).parent, publish))
