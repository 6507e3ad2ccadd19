"""The command line. What a command needs is imported when it runs, so that help and completion come at once."""

import sys
import time
from typing import Annotated, NoReturn

import typer

from ops import terminal
from ops.build.command import build
from ops.capacity.command import capacity
from ops.check.command import check
from ops.cluster.command import app as cluster
from ops.deploy.command import attempt, deploy, preflight, rollback
from ops.graph.command import graph
from ops.observe.command import observe
from ops.options import EXITS, Ending, Environment, Folder, Json, Target, register
from ops.places import ROOT, Refusal

app = typer.Typer(
    cls=Ending,
    help="NewsTalk AI as typed values: synthesize, check, deploy, go back.",
    epilog=EXITS,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def synth(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; show how dist/ differs, exit 1 if it does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write dist/ from the catalog and the overlays.

    Everything is built beside dist/ and swapped in at the end: a synth that fails leaves dist/ as it was. Every rule
    reads every rendered environment.

    With `--json`: `{"out", "environments": [{"environment", "workloads": [{"layer", "workload", "image", "replicas",
    "cpu", "memory", "storage", "host", "callers"}]}], "differences": [{"file", "lines"}]}`. With `--check`, `out` is
    null; without it there are no differences.

    Example: `newstalk synth --check`
    """
    from ops import program, summary

    began = time.monotonic()
    told, differences = program.compare() if check else (program.synthesize(), [])
    if as_json:
        terminal.tell_json({**told, "differences": differences})
    elif not check:
        rows = {each["environment"]: [summary.Row(**row) for row in each["workloads"]] for each in told["environments"]}
        summary.tell(rows, told["out"], time.monotonic() - began)
    elif differences:
        for line in (line for each in differences for line in each.lines):
            terminal.lines().print(line, style={"+": "green", "-": "red"}.get(line[:1]))
        terminal.problems(["dist/ is not what the code writes: run `newstalk synth` and commit it"])
    raise typer.Exit(int(bool(differences)))


def render(target: Target, out: Folder = None, as_json: Json = False) -> None:
    """Render an environment, or any kustomization, to plain YAML.

    To standard output, or with `-o` to a folder per workload and a file per object, as in dist/environments.

    With `--json`: `{"target", "out", "objects": [{"file", "object": {FIELD: value}}]}`; `out` is null without `-o`.

    Example: `newstalk render staging -o staging`
    """
    from ops import render as rendering

    objects = rendering.render(rendering.folder(target))
    if out is not None:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise Refusal(f"{out} is not empty: name a folder that is new")
        rendering.write(objects, out)
    if as_json:
        files = [{"file": rendered.path, "object": rendered.manifest} for rendered in objects]
        terminal.tell_json({"target": target, "out": None if out is None else str(out), "objects": files})
    elif out is None:
        sys.stdout.write("---\n".join(rendered.text for rendered in objects))
    else:
        terminal.lines(stderr=True).print(f"{len(objects)} objects in {out}")


def promote(
    environment: Environment,
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE=TAG...", help="Images of the overlay, and their new tags.")
    ],
    as_json: Json = False,
) -> None:
    """Set image tags in an overlay and synthesize: a release is a commit.

    Refuses while pins.yaml holds a pin that was not looked up. If the synth fails, the overlay is as it was.

    With `--json`: `{"overlay", "images": {IMAGE: tag}}`.

    Example: `newstalk promote production newstalk-ai/backend=v1.4.0`
    """
    from ops import program
    from ops import promote as promoting
    from ops.synth import COMMITTED

    tags, overlay = promoting.parse(images), promoting.overlay(environment)
    where = str(overlay.relative_to(ROOT))
    before = overlay.read_text()
    after = promoting.retag(before, tags, where)
    if environment in COMMITTED and (pins := promoting.unverified()):
        lines = (f"pins.yaml: {pin} was not looked up: give its source before a release" for pin in pins)
        raise Refusal("\n".join(lines))
    overlay.write_text(after)
    try:
        program.synthesize()
    except BaseException:
        overlay.write_text(before)
        raise
    if as_json:
        terminal.tell_json({"overlay": where, "images": tags})
    else:
        terminal.lines(stderr=True).print(f"{where} and dist/ are ready to commit")


register(app, synth, build, check, capacity, graph, render, promote, preflight, deploy, rollback, observe)
app.command("try", epilog=EXITS)(attempt)
app.add_typer(cluster, name="cluster")


def main() -> NoReturn:
    """Runs the command that the arguments name; what is wrong with the arguments themselves is one line too."""
    try:
        code = app(prog_name="newstalk", standalone_mode=False)
    except typer.TyperException as wrong:
        context: typer.Context | None = getattr(wrong, "ctx", None)
        message = " ".join(wrong.format_message().split()).rstrip(".")
        if message and context:
            terminal.problems([f"{message}: see `{context.command_path} --help`"])
        code = 2
    sys.exit(code)
