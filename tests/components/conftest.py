"""Overlays over made-up platforms, as kustomize renders them."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

import main
from charts.model import Platform
from ops import render

Objects = dict[str, Any]
"""{"Kind/name, its hash left off": manifest}"""
Overlay = Callable[..., Objects]


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    """Renders an overlay over a platform's base: its components by name, then other fields of the kustomization."""
    numbers, built = count(), dict[int, Path]()

    def run(platform: Platform, *components: str, **fields: Any) -> Objects:
        if id(platform) not in built:
            built[id(platform)] = tmp_path / str(next(numbers))
            main.build(platform, built[id(platform)] / "dist")
        folder = built[id(platform)] / "overlays" / str(next(numbers))
        folder.mkdir(parents=True)
        named = {"components": [f"../../dist/components/{name}" for name in components]}
        whole = {"resources": ["../../dist/base"], **named, **fields}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(whole))
        return {f"{one.kind}/{render.HASH.sub('', one.name)}": one.manifest for one in render.render(folder)}

    return run


def domain(name: str) -> dict[str, Any]:
    """The fields of an overlay that sets the domain, its transformer apart."""
    merged = {"name": "shop-settings", "behavior": "merge", "literals": [f"DOMAIN={name}"]}
    return {"configMapGenerator": [merged]}
