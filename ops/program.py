"""Runs main.py as a process of its own: the commands themselves never start Node."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ops.places import DIST, ROOT, Refusal
from ops.synth import Difference, difference


def synthesize(out: Path = DIST) -> dict[str, Any]:
    """What main.py tells as JSON, once it has written `out`. Raises Refusal, with `out` as it was.

    -O strips jsii's run-time type checks, which the type checker does.
    """
    environment = os.environ | {"CDK8S_OUTDIR": str(out)}
    command = [sys.executable, "-O", "main.py", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Refusal(f"main.py ended with exit code {done.returncode}: what is above says why") from None
    if refusals := told.get("refusals"):
        raise Refusal("\n".join(refusals))
    return told


def compare() -> tuple[dict[str, Any], list[Difference]]:
    """What main.py tells of a synth beside dist/, and how dist/ differs from it. Raises Refusal."""
    with tempfile.TemporaryDirectory(prefix=".check-", dir=ROOT) as place:
        fresh = Path(place) / "dist"
        return synthesize(fresh) | {"out": None}, difference(DIST, fresh)
