"""`newstalk check`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops import render, secrets
from ops.check import run, schemas
from ops.check.source import NAMES
from ops.places import OVERLAYS, ROOT

CRDS = ROOT / "imports" / "crds"


def command(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH|ENV", help="Environments by name, or folders; all environments by default."),
    ] = None,
    minor: Annotated[
        list[str] | None,
        typer.Option(metavar="1.NN", help="A minor of Kubernetes to check for; may be repeated. All by default."),
    ] = None,
    crds: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", exists=True, file_okay=False, help="More CustomResourceDefinitions."),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", exists=True, file_okay=False, help="Read nothing outside; the git repository."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document: docs/check.md.")] = False,
) -> None:
    """Say what is wrong with what environments render to, before a cluster does.

    Validates every object strictly against the schemas of each Kubernetes version and of its CRD, runs every rule,
    resolves every reference, and finds the entries of kustomizations that hit nothing. One line for each finding.

    Example: `newstalk check staging --minor 1.34`
    """
    versions = _minors(minor or [])
    chosen = [_target(name, root) for name in dict.fromkeys(targets or render.environments())]
    report = run.check(chosen, versions, [CRDS, *(crds or [])])
    if as_json:
        entries = [finding.entry() for finding in report.findings]
        sys.stdout.write(
            json.dumps({"findings": entries, "objects": report.objects, "minors": versions}, indent=2) + "\n"
        )
    else:
        shown = Console(highlight=False, markup=False, soft_wrap=True)
        for finding in report.findings:
            shown.print(finding.line(versions), style="red")
        looked = f"{sum(report.objects.values())} objects in {', '.join(report.objects) or 'no environment'}"
        count = len(report.findings)
        counted = f"{count} finding{'s' * (count > 1)}" if count else "nothing found"
        checked = versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"{looked}, for Kubernetes {checked}: {counted}")
    raise typer.Exit(int(bool(report.findings)))


def _minors(wanted: list[str]) -> tuple[str, ...]:
    shipped = schemas.minors()
    for minor in wanted:
        if minor not in shipped:
            raise typer.BadParameter(f"{minor} is none of {', '.join(shipped)}", param_hint="--minor")
    return tuple(minor for minor in shipped if minor in wanted or not wanted)


def _target(name: str, root: Path | None) -> run.Target:
    """An environment, whose local secrets are made as synth makes them, or any folder with a kustomization."""
    folder = OVERLAYS / name if name in render.environments() else Path(name)
    if not any((folder / file).exists() for file in NAMES):
        known = ", ".join(render.environments())
        raise typer.BadParameter(f'"{name}" is no environment ({known}) and no folder with a kustomization.yaml')
    folder = folder.resolve()
    if folder.parent == OVERLAYS:
        name = folder.name
        secrets.make(folder)
    bounds = root.resolve() if root else _repository(folder)
    if not folder.is_relative_to(bounds):
        raise typer.BadParameter(f'"{name}" is not inside {bounds}', param_hint="--root")
    return run.Target(name=name, folder=folder, root=bounds)


def _repository(folder: Path) -> Path:
    """This repository, or the git repository around a folder, or the folder alone."""
    if folder.is_relative_to(ROOT):
        return ROOT
    return next((around for around in (folder, *folder.parents) if (around / ".git").exists()), folder)
