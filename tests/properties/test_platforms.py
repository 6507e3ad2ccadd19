"""Whatever the model accepts is synthesized, rendered, found in order, and as open as it says."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, note, seed, settings

import main
from charts.model import ModelError, Platform, Workload
from ops.check import kustomize, run, schemas
from ops.check.command import CRDS
from ops.exclusions import of_folders
from ops.render import Rendered
from tests.platforms import platform
from tests.properties import chance, flows, policies

SHARDS = 4
ACCEPTED = 125  # platforms of each shard, so 500 altogether
DRAWN = 220  # at most; the model refuses about a quarter
CANARY = (4444, "TCP"), (53, "SCTP")  # ports that nobody has or calls


def accepted(drawn: chance.Drawn) -> Platform | None:
    """None when the model refuses it, which it does in one line for each mistake."""
    try:
        return platform(*(Workload(**fields) for fields in drawn.workloads), **drawn.platform)
    except ModelError as refused:
        lines = refused.refusals
    assert lines
    assert [line for line in lines if "\n" in line or ": " not in line] == []
    return None


def switched_on(wanted: list[str], dist: Path) -> list[str]:
    """As many of the components, in their order, as there are and can stand beside each other."""
    found: list[Path] = []
    for folder in (dist / "components" / name for name in wanted):
        if folder.is_dir() and not of_folders([*found, folder]):
            found.append(folder)
    return [folder.name for folder in found]


def overlay(drawn: Platform, components: list[str], root: Path) -> Path:
    """An environment of the platform, as it is in it: its components, its domain, a tag for images that have none."""
    transformer = "routes" if "gateway-api" in components else "hosts"
    untagged = sorted({one.image for one in flows.present(drawn, components) if ":" not in one.image})
    kustomization = {
        "resources": ["../../dist/base"],
        "components": [f"../../dist/components/{name}" for name in components],
        "transformers": [f"../../dist/transformers/{transformer}"] if drawn.hosts else [],
        "images": [{"name": image, "newTag": "v1"} for image in untagged],
        "configMapGenerator": [{"name": "shop-settings", "behavior": "merge", "literals": ["DOMAIN=a.example"]}],
    }
    folder = root / "overlays" / "some"
    folder.mkdir(parents=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


def checked(folder: Path, root: Path) -> tuple[list[str], list[policies.Manifest]]:
    """The lines that `check` finds wrong with an overlay, and the objects that it renders."""
    objects: list[Rendered] = []
    build: Callable[[Path, int], Sequence[Rendered]] = kustomize.build

    def kept(folder: Path, count: int) -> list[Rendered]:
        objects.extend(build(folder, count))
        return objects

    with patch.object(kustomize, "build", kept):
        report = run.check([run.Target(name="some", folder=folder, root=root)], schemas.minors(), [CRDS])
    return [finding.line(report.minors) for finding in report.findings], [one.manifest for one in objects]


def as_open_as_it_says(drawn: Platform, components: list[str], objects: list[policies.Manifest]) -> None:
    everyone = list(policies.pods(objects))
    here = flows.present(drawn, components)
    asking = [f"{drawn.name}/{one.smoke}" for one in flows.released(here, components)]
    assert sorted(end.title for end, _ in everyone) == sorted([*(flows.title(one, drawn) for one in here), *asking])
    ends = [*(end for end, at_node in everyone if not at_node), *flows.strangers(drawn, components)]
    expected = flows.expected(drawn, components)
    numbers = {*CANARY, *((number, protocol) for _, _, number, protocol in expected), *named_in(objects)}
    numbers |= {(port.number, port.protocol) for one in drawn.workloads for port in one.ports}
    found = policies.admitted(objects, ends, numbers)
    assert (sorted(found - expected), sorted(expected - found)) == ([], [])  # too open, too closed


def named_in(objects: list[policies.Manifest]) -> set[tuple[int, str]]:
    """The ports that policies name by number."""
    rules = [
        rule
        for one in objects
        if one["kind"] == "NetworkPolicy"
        for way in ("ingress", "egress")
        for rule in one["spec"].get(way) or ()
    ]
    ports = [port for rule in rules for port in rule.get("ports") or ()]
    return {(port["port"], port.get("protocol", "TCP")) for port in ports if isinstance(port.get("port"), int)}


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_the_model_accepts_renders_in_order_and_is_as_open_as_it_says(shard: int) -> None:
    looked_at: set[str] = set()

    @seed(shard)
    @settings(
        max_examples=DRAWN,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(chance.drawn())
    def holds(drawn: chance.Drawn) -> None:
        shop = accepted(drawn)
        if shop is None or len(looked_at) == ACCEPTED:
            return
        root = Path(tempfile.mkdtemp())
        try:
            main.build(shop, root / "dist")
            components = switched_on(drawn.components, root / "dist")
            note(f"components: {components}")
            for name in shop.variants:
                shop = shop.varied(name) if name in components else shop
            findings, objects = checked(overlay(shop, components, root), root)
            assert findings == []
            as_open_as_it_says(shop, components, objects)
        finally:
            shutil.rmtree(root)
        looked_at.add(repr(drawn))

    holds()
    assert len(looked_at) == ACCEPTED
