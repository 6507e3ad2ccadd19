"""Synthesis for the tests of the library's shapes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from charts.model import Platform
from ops import node, render
from tests.platforms import Build, Objects, Synth, Write

node.use_pinned()  # before anything imports cdk8s, which starts Node


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Makes the objects of a platform's base, and those of workloads that components bring."""
    from charts import edge, folder, foundation, workload

    place = tmp_path_factory.mktemp("unwritten")

    def run(platform: Platform) -> Objects:
        app = folder.app(place)
        foundation.Foundation(app, platform)
        for one in platform.workloads:
            workload.WorkloadChart(app, one, platform)
        edge.EdgeChart(app, platform)
        return {f"{o['kind']}/{o['metadata']['name']}": o for chart in app.charts for o in chart.to_json()}

    return run


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Writes a platform's base, components and transformers into the folder that it returns; equal platforms once."""
    from charts import edge, folder, foundation, hosts, workload
    from charts.components import COMPONENTS

    place = tmp_path_factory.mktemp("written")
    known: list[tuple[Platform, Path]] = []

    def run(platform: Platform) -> Path:
        for other, written in known:
            if other == platform:
                return written
        out = place / str(len(known))
        base, components = folder.app(out / "base"), folder.app(out / "components")
        foundation.Foundation(base, platform)
        for one in platform.base:
            workload.WorkloadChart(base, one, platform)
        edge.EdgeChart(base, platform)
        for component in COMPONENTS:
            component(components, platform)
        folder.write(base)
        folder.write(components)
        folder.gather(base, platform)
        hosts.write(platform, out / "transformers")
        known.append((platform, out))
        return out

    return run


@pytest.fixture(scope="session")
def build(write: Write) -> Build:
    """Renders a platform's base with components and changed shared settings; equal ones once, so change none of it."""
    known: dict[Path, Objects] = {}

    def run(platform: Platform, components: Sequence[str] = (), **settings: str) -> Objects:
        literals = [f"{key}={value}" for key, value in settings.items()]
        overlay = write(platform) / "-".join(["overlay", *components, *literals])
        if overlay in known:
            return known[overlay]
        overlay.mkdir()
        [shared] = platform.settings
        kustomization = {
            "resources": ["../base"],
            "components": [f"../components/{name}" for name in components],
            "transformers": ["../transformers/hosts"] if platform.hosts else [],
            "configMapGenerator": [{"name": shared.name, "behavior": "merge", "literals": literals}],
        }
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        # A path is <workload>/<Kind>.<name without hash>.yaml.
        known[overlay] = {Path(one.path).stem.replace(".", "/", 1): one.manifest for one in render.render(overlay)}
        return known[overlay]

    return run
