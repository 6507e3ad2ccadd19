"""The command line."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from ops import promote as promoting
from ops import render as rendering
from ops.capacity.command import capacity
from ops.check.command import command as check
from ops.graph.command import command as graph
from ops.places import DIST, ROOT, Refusal
from ops.synth import COMMITTED, difference

app = typer.Typer(
    help="NewsTalk AI as typed values: synthesize the plain YAML, render an environment, release an image.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check)
app.command("capacity")(capacity)
app.command("graph")(graph)
problems = Console(stderr=True, style="red", highlight=False, markup=False, soft_wrap=True)

Target = Annotated[
    str, typer.Argument(metavar="PATH|ENV", help="An environment by name, or a folder with a kustomization.")
]


@app.command()
def synth(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; show how dist/ differs, exit 1 if it does.")
    ] = False,
) -> None:
    """Write dist/ from the catalog and the overlays.

    Everything is built beside dist/ and swapped in at the end: a synth that fails leaves dist/ as it was. Every rule
    reads every rendered environment.

    Example: `newstalk synth --check`
    """
    if not check:
        raise typer.Exit(run_main(DIST))
    with tempfile.TemporaryDirectory(prefix=".check-", dir=ROOT) as place:
        fresh = Path(place) / "dist"
        with Console(stderr=True).status("building afresh, to compare"):
            code = run_main(fresh, quiet=True)
        lines = [] if code else difference(DIST, fresh)
    for line in lines:
        colour = {"+": "green", "-": "red"}.get(line[:1])
        Console(highlight=False, markup=False, soft_wrap=True).print(line, style=colour)
    if lines:
        problems.print("dist/ is not what the code writes: run `newstalk synth` and commit it")
    raise typer.Exit(code or bool(lines))


def run_main(out: Path, quiet: bool = False) -> int:
    """Runs main.py, `quiet` unless it fails; -O strips jsii's run-time type checks, which the type checker does."""
    environment = os.environ | {"CDK8S_OUTDIR": str(out)}
    command = [sys.executable, "-O", "main.py"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=quiet, text=True, check=False)
    if quiet and done.returncode:
        sys.stderr.write(done.stderr)
    return done.returncode


@app.command()
def render(
    target: Target,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="One file per object below DIR.")
    ] = None,
) -> None:
    """Render an environment, or any kustomization, to plain YAML.

    To standard output, or with `-o` to a folder per workload and a file per object, as in dist/environments.

    Example: `newstalk render staging -o /tmp/staging`
    """
    objects = rendering.render(rendering.folder(target))
    if out is None:
        sys.stdout.write("---\n".join(rendered.text for rendered in objects))
    elif out.exists() and any(out.iterdir()):
        raise Refusal(f"{out} is not empty: name a folder that is new")
    else:
        rendering.write(objects, out)
        Console(stderr=True).print(f"{len(objects)} objects in {out}")


@app.command()
def promote(
    environment: Annotated[str, typer.Argument(metavar="ENV", help="The environment that gets the release.")],
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE=TAG...", help="Images of the overlay, and their new tags.")
    ],
) -> None:
    """Set image tags in an overlay and synthesize: a release is a commit.

    Refuses while pins.yaml holds a pin that was not looked up. If the synth fails, the overlay is as it was.

    Example: `newstalk promote production newstalk-ai/backend=v1.4.0`
    """
    tags, overlay = promoting.parse(images), promoting.overlay(environment)
    if environment in COMMITTED and (pins := promoting.unverified()):
        raise Refusal(
            "\n".join(f"pins.yaml: {pin} was not looked up: give its source before a release" for pin in pins)
        )
    before = overlay.read_text()
    after = promoting.retag(before, tags, str(overlay.relative_to(ROOT)))
    overlay.write_text(after)
    code = 1
    try:
        code = run_main(DIST)
    finally:
        if code:
            overlay.write_text(before)
    if not code:
        Console(stderr=True).print(f"{overlay.relative_to(ROOT)} and dist/ are ready to commit")
    raise typer.Exit(code)


def main() -> NoReturn:
    """Exit codes: 0 fine, 1 findings or a refusal, 2 wrong use."""
    try:
        app()
    except Refusal as refusal:
        for line in str(refusal).splitlines():
            problems.print(line)
        sys.exit(1)
    sys.exit(0)
