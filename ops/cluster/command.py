"""`newstalk cluster`: up, down, status."""

import re
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from ops import terminal
from ops.options import EXITS, Json
from ops.places import TOOLS, Refusal, WrongUse

FOLDER = TOOLS.parent / "clusters"
NAME = re.compile("[a-z0-9][a-z0-9-]*")

app = typer.Typer(
    help="A Kubernetes cluster in processes of this machine, to try a release on: no Docker, no cloud.",
    epilog=EXITS,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
Name = Annotated[str, typer.Argument(metavar="[NAME]", help="Several clusters may be up, each by its name.")]


@app.command(epilog=EXITS)
def up(
    name: Name = "default",
    start_up: Annotated[
        float, typer.Option(min=0, help="Scales the time that pods take to become ready: 0.1 is a tenth.")
    ] = 1,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready; `down` ends it.")] = False,
) -> None:
    """Start a cluster, and run it until Ctrl-C.

    Its API server, controllers and scheduler are real; nodes and pods are simulated. Prints the path of its kubeconfig.

    Example: `newstalk cluster up --detach --start-up 0.1`
    """
    from ops.cluster import embedded

    if detach:
        started = embedded.detached(place(name), start_up=start_up, say=say)
        sys.stdout.write(f"{started.kubeconfig}\n")
        return
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with embedded.cluster(place(name), start_up=start_up, say=say) as started:
            sys.stdout.write(f"{started.kubeconfig}\n")
            sys.stdout.flush()
            say("ready; Ctrl-C ends it")
            while (now := started.state).phase == "ready":
                time.sleep(1)
            if now.phase == "failed":
                raise Refusal(f"the cluster failed: {now.doing}")
    except KeyboardInterrupt:
        say("ended")


@app.command(epilog=EXITS)
def down(name: Name = "default") -> None:
    """End a cluster and remove all it had.

    Example: `newstalk cluster down`
    """
    from ops.cluster import embedded

    say("ended" if embedded.down(place(name)) else f"there is no cluster {name}")


@app.command(epilog=EXITS)
def status(name: Name = "default", as_json: Json = False) -> None:
    """Say whether a cluster is up, and where; exit code 1 if it is not ready.

    With `--json`: `{"phase", "doing", "startUp", "server", "kubeconfig", "prometheus", "supervisor", "processes":
    {PART: {"pid", "restarts"}}}`; `phase` is `starting`, `ready`, `failed` or `absent`, and `doing` what is waited for,
    or why it failed.

    Example: `newstalk cluster status --json`
    """
    from ops.cluster import state

    found = state.read(place(name))
    if as_json:
        terminal.tell_json(found)
    else:
        terminal.lines().print(f"{found.phase}{': ' if found.doing else ''}{found.doing}")
        if found.phase == "ready":
            table = {"server": found.server, "kubeconfig": found.kubeconfig, "prometheus": found.prometheus}
            for part, process in found.processes.items():
                table[part] = f"process {process.pid}, restarted {process.restarts} times"
            for label, value in table.items():
                terminal.lines().print(f"{label:24}{value}")
    raise typer.Exit(int(found.phase != "ready"))


def place(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise WrongUse(f'"{name}" is no name of a cluster: write small letters, digits and hyphens')
    return FOLDER / name


def say(text: str) -> None:
    terminal.lines(stderr=True).print(text)


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
