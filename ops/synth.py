"""Synthesizes dist/ beside the old one and swaps: a synth that fails leaves dist/ as it was."""

import difflib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from charts.model import ModelError, Platform
from ops import render, secrets, summary
from ops.places import DIST, OVERLAYS, ROOT, Refusal
from rules import RULES, Rule, complaints
from rules.secrets import secrets_hold_no_values

COMMITTED = ("production", "staging")  # the rest is rendered too, and checked, but holds what is nobody else's
SHOWN = 60  # lines of difference that --check prints for each file

Build = Callable[[Platform, Path], None]


def main(platform: Callable[[], Platform], build: Build) -> int:
    """Writes dist/, or the folder that `cdk8s synth` names. Exit code 0, or 1 with a line for each refusal."""
    console = Console(stderr=True)
    try:
        out = Path(os.environ.get("CDK8S_OUTDIR", DIST)).absolute()
        began = time.monotonic()
        rows = synthesize(platform, build, out, console)
        Console().print(summary.screen(rows))
        console.print(f"{shown(out)} written in {time.monotonic() - began:.1f} s", soft_wrap=True)
    except ModelError as refused:
        return complain(console, refused.refusals)
    except Refusal as refused:
        return complain(console, str(refused).splitlines())
    return 0


def complain(console: Console, lines: list[str]) -> int:
    for line in lines:
        console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    return 1


def synthesize(
    platform: Callable[[], Platform], build: Build, out: Path, console: Console
) -> dict[str, list[summary.Row]]:
    """Builds and renders everything in a workspace beside `out`, then puts it in `out`'s place.

    Raises ModelError and Refusal, with `out` as it was.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".synth-", dir=out.parent) as place:
        workspace = Path(place)
        with console.status("catalog -> base and components"):
            (workspace / "dist").mkdir()
            build(platform(), workspace / "dist")
        rows = finish(workspace, console)
        swap(workspace / "dist", out, workspace / "old")
    return rows


def finish(workspace: Path, console: Console) -> dict[str, list[summary.Row]]:
    """Renders every environment, lets the rules read it, and writes what is committed of it, and the summary."""
    for overlay in render.environments():
        if secrets.make(OVERLAYS / overlay):
            made = f"overlays/{overlay}/secrets.env made from its example, with random values; it is not committed"
            console.print(made, soft_wrap=True)
    shutil.copytree(OVERLAYS, workspace / "overlays")
    rows, wrong, readers = {}, [], []
    for environment in render.environments():
        with console.status(f"{environment}: rendering and rules"):
            objects = render.render(workspace / "overlays" / environment)
            manifests = [rendered.manifest for rendered in objects]
            wrong += [f"{environment}: {complaint}" for complaint in complaints(manifests, rules_for(environment))]
            if wrong:
                continue
            rows[environment] = summary.rows(manifests)
            if environment in COMMITTED:
                render.write(objects, workspace / "dist" / "environments" / environment)
                readers = summary.secret_readers(manifests)
    if wrong:
        raise Refusal("\n".join(wrong))
    (workspace / "dist" / "summary.md").write_text(summary.markdown(rows, readers))
    return rows


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


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def difference(committed: Path, fresh: Path) -> list[str]:
    """Unified differences between two trees, in both directions; empty when they are equal."""
    names = sorted({p.relative_to(tree) for tree in (committed, fresh) for p in tree.rglob("*") if p.is_file()})
    lines: list[str] = []
    for name in names:
        old, new = (lines_of(tree / name) for tree in (committed, fresh))
        if old == new:
            continue
        found = list(difflib.unified_diff(old or [], new or [], f"dist/{name}", f"fresh/{name}", lineterm=""))
        lines += found[:SHOWN] or [f"dist/{name}: {'missing' if old is None else 'stale'}"]
        lines += [f"  ... {len(found) - SHOWN} more lines"] if len(found) > SHOWN else []
    return lines


def lines_of(path: Path) -> list[str] | None:
    return path.read_text().splitlines() if path.is_file() else None
