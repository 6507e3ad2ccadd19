"""Synthesizes dist/ beside the old one and swaps: a synth that fails leaves dist/ as it was."""

import difflib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from charts.model import ModelError, Platform
from ops import render, secrets, summary, terminal
from ops.places import Refusal
from rules import RULES, Rule, complaints
from rules.secrets import secrets_hold_no_values

COMMITTED = ("production", "staging")  # the rest is rendered too, and checked, but holds what is nobody else's
SHOWN = 60  # lines of difference that --check prints for each file

Build = Callable[[Platform, Path], None]
Environments = dict[str, list[Mapping[str, Any]]]
"""{committed environment: its objects}"""
Publish = Callable[[Platform, Environments, Path], None]


def main(platform: Callable[[], Platform], build: Build, root: Path, publish: Publish | None = None) -> int:
    """Writes `root`/dist, or the folder that `cdk8s synth` names, and renders each environment of `root`/overlays.

    `publish` adds what follows from the committed environments.
    Exit code 0, or 1 with a line for each refusal. With the argument `--json`, tells both as JSON.
    """
    console, as_json = Console(stderr=True), "--json" in sys.argv[1:]
    try:
        out = Path(os.environ.get("CDK8S_OUTDIR", root / "dist")).absolute()
        began = time.monotonic()
        rows = synthesize(platform, build, publish, root / "overlays", out, console)
    except ModelError as refused:
        terminal.refuse(refused.refusals, as_json)
        return 1
    except Refusal as refused:
        terminal.refuse(str(refused).splitlines(), as_json)
        return 1
    if as_json:
        environments = [{"environment": name, "workloads": found} for name, found in rows.items()]
        terminal.tell_json({"out": shown(out, root), "environments": environments})
    else:
        summary.tell(rows, shown(out, root), time.monotonic() - began)
    return 0


def synthesize(
    platform: Callable[[], Platform],
    build: Build,
    publish: Publish | None,
    overlays: Path,
    out: Path,
    console: Console,
) -> dict[str, list[summary.Row]]:
    """Builds and renders everything in a workspace beside `out`, then puts it in `out`'s place.

    Raises ModelError and Refusal, with `out` as it was.
    """
    if not render.environments(overlays):
        raise Refusal(f"{overlays}: no environment, have a folder with a kustomization.yaml for each")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".synth-", dir=out.parent) as place:
        workspace = Path(place)
        with console.status("catalog -> base and components"):
            (workspace / "dist").mkdir()
            build(described := platform(), workspace / "dist")
        rows, committed = finish(workspace, overlays, console)
        if publish is not None:
            publish(described, committed, workspace / "dist")
        swap(workspace / "dist", out, workspace / "old")
    return rows


def finish(workspace: Path, overlays: Path, console: Console) -> tuple[dict[str, list[summary.Row]], Environments]:
    """Renders every environment, lets the rules read it, and writes what is committed of it, and the summary."""
    environments = render.environments(overlays)
    for overlay in environments:
        if secrets.make(overlays / overlay):
            made = f"overlays/{overlay}/secrets.env made from its example, with random values; it is not committed"
            console.print(made, soft_wrap=True)
    shutil.copytree(overlays, workspace / "overlays")
    rows, wrong, readers = {}, [], []
    committed: Environments = {}
    for environment in environments:
        with console.status(f"{environment}: rendering and rules"):
            objects = render.render(workspace / "overlays" / environment)
            manifests = [rendered.manifest for rendered in objects]
            wrong += [f"{environment}: {complaint}" for complaint in complaints(manifests, rules_for(environment))]
            if wrong:
                continue
            rows[environment] = summary.rows(manifests)
            if environment in COMMITTED:
                render.write(objects, workspace / "dist" / "environments" / environment)
                readers, committed[environment] = summary.secret_readers(manifests), manifests
    if wrong:
        raise Refusal("\n".join(wrong))
    (workspace / "dist" / "summary.md").write_text(summary.markdown(rows, readers))
    return rows, committed


def rules_for(environment: str) -> list[Rule]:
    """All of them; only where nothing is committed may a Secret hold a value."""
    return [rule for rule in RULES if environment in COMMITTED or rule is not secrets_hold_no_values]


def swap(new: Path, out: Path, old: Path) -> None:
    """Puts `new` in `out`'s place; whatever interrupts it, `out` is there."""
    try:
        if out.exists():
            out.rename(old)
        new.rename(out)
    except BaseException:
        if old.exists() and not out.exists():
            old.rename(out)
        raise


def shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A file that differs, and how: the lines of a unified difference, or one that says it."""

    file: str
    lines: list[str]


def difference(committed: Path, fresh: Path) -> list[Difference]:
    """How two trees differ, in both directions; empty when they are equal."""
    names = sorted({p.relative_to(tree) for tree in (committed, fresh) for p in tree.rglob("*") if p.is_file()})
    differences = []
    for name in names:
        old, new = (lines_of(tree / name) for tree in (committed, fresh))
        if old == new:
            continue
        found = list(difflib.unified_diff(old or [], new or [], f"dist/{name}", f"fresh/{name}", lineterm=""))
        lines = found[:SHOWN] or [f"dist/{name}: {'missing' if old is None else 'stale'}"]
        lines += [f"  ... {len(found) - SHOWN} more lines"] if len(found) > SHOWN else []
        differences.append(Difference(file=f"dist/{name}", lines=lines))
    return differences


def lines_of(path: Path) -> list[str] | None:
    return path.read_text().splitlines() if path.is_file() else None
