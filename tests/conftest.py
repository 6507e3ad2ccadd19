"""What many tests read: the environments as rendered from the committed dist/."""

from collections.abc import Mapping
from typing import Any

import pytest

from ops import render, secrets
from ops.places import OVERLAYS

Manifest = Mapping[str, Any]


@pytest.fixture(scope="session")
def rendered() -> dict[str, list[Manifest]]:
    """{environment: its objects}."""
    secrets.make(OVERLAYS / "local")
    return {name: [one.manifest for one in render.render(OVERLAYS / name)] for name in render.environments()}
