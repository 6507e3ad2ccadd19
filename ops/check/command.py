"""`newstalk check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops import terminal
from ops.options import Json, Targets
from ops.places import OVERLAYS, ROOT, WrongUse

if TYPE_CHECKING:
    from ops.check.run import Target

CRDS = ROOT / "imports" / "crds"


def check(
    targets: Targets = None,
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
    as_json: Json = False,
) -> None:
    """Say what is wrong with what environments render to, before a cluster does.

    Validates every object strictly against the schemas of each Kubernetes version and of its CRD, runs every rule,
    resolves every reference, and finds the entries of kustomizations that hit nothing. One line for each finding.

    With `--json`: `{"findings": [{"environment", "file", "object", "field", "problem", "remedy", "minors"}], "objects":
    {ENV: count}, "minors"}`. The `minors` of a finding are those in which it is wrong, none if it is wrong in any.

    Example: `newstalk check staging --minor 1.34`
    """
    from ops import render
    from ops.check import run

    versions = _minors(minor or [])
    chosen = [_target(name, root) for name in dict.fromkeys(targets or render.environments())]
    report = run.check(chosen, versions, [CRDS, *(crds or [])])
    if as_json:
        terminal.tell_json(report)
    else:
        for finding in report.findings:
            terminal.lines().print(finding.line(versions), style="red")
        looked = f"{sum(report.objects.values())} objects in {', '.join(report.objects) or 'no environment'}"
        count = len(report.findings)
        counted = f"{count} finding{'s' * (count > 1)}" if count else "nothing found"
        checked = versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"
        terminal.lines(stderr=True).print(f"{looked}, for Kubernetes {checked}: {counted}")
    raise typer.Exit(int(bool(report.findings)))


def _minors(wanted: list[str]) -> tuple[str, ...]:
    from ops.check import schemas

    shipped = schemas.minors()
    for minor in wanted:
        if minor not in shipped:
            raise WrongUse(f"--minor: {minor} is none of {', '.join(shipped)}")
    return tuple(minor for minor in shipped if minor in wanted or not wanted)


def _target(name: str, root: Path | None) -> "Target":
    from ops import render
    from ops.check.run import Target

    folder = render.folder(name).resolve()
    if folder.parent == OVERLAYS:
        name = folder.name
    bounds = root.resolve() if root else _repository(folder)
    if not folder.is_relative_to(bounds):
        raise WrongUse(f'--root: "{name}" is not inside {bounds}')
    return Target(name=name, folder=folder, root=bounds)


def _repository(folder: Path) -> Path:
    """This repository, or the git repository around a folder, or the folder alone."""
    if folder.is_relative_to(ROOT):
        return ROOT
    return next((around for around in (folder, *folder.parents) if (around / ".git").exists()), folder)
