"""`newstalk preflight`, `deploy`, `rollback` and `try`."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops import terminal
from ops.options import Environment, Json, complete
from ops.places import OVERLAYS, ROOT, Refusal, WrongUse

if TYPE_CHECKING:
    from ops.deploy.difference import Change
    from ops.deploy.release import Release
    from ops.kubectl import Cluster

SHOWN = 8  # fields that are shown of one object that changes
WITHIN = 900.0  # seconds; a cluster may have to add nodes, and images to be pulled, before anything starts

Context = Annotated[str | None, typer.Option(metavar="NAME", help="Context of the kubeconfig; the current one.")]
Kubeconfig = Annotated[
    Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Kubeconfig; kubectl's own choice.")
]
Within = Annotated[float, typer.Option(min=1, metavar="SECONDS", help="How long each wave may take to be ready.")]


def preflight(
    environment: Environment, context: Context = None, kubeconfig: Kubeconfig = None, as_json: Json = False
) -> None:
    """List what a cluster lacks for an environment, and how to get it; nothing is changed.

    Version of the server, kinds that the objects have, storage and ingress classes, secrets and their keys, metrics,
    your permissions, room in the quotas beside what others run.

    With `--json`: `{"environment", "cluster", "needs": [{"what", "why", "remedy"}]}`.

    Example: `newstalk preflight production --context my-cluster`
    """
    from ops.deploy.preflight import missing
    from ops.deploy.release import of_tree

    cluster = cluster_of(environment, context, kubeconfig)
    needs = missing(cluster, of_tree(environment))
    if as_json:
        terminal.tell_json({"environment": environment, "cluster": cluster.name, "needs": needs})
    else:
        rows = [(need.what, need.why, need.remedy) for need in needs]
        if rows:
            terminal.table(("missing", "why", "remedy"), rows)
        say(f"{cluster.name} {'lacks ' + str(len(rows)) if rows else 'has all'} of what {environment} needs")
    raise typer.Exit(int(bool(needs)))


def deploy(
    environment: Environment,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    within: Within = WITHIN,
    build: Annotated[bool, typer.Option("--build", help="For one machine: build the images first.")] = False,
    skip_tests: Annotated[bool, typer.Option("--skip-tests", help="Do not check the environment first.")] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove what is deployed first; volumes and their data stay.")
    ] = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="With --clean: volumes too. Asks for the environment's name.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Bring a cluster to what this commit says of an environment; go back by itself when that does not work.

    Checks, looks whether the cluster has what is needed, shows the difference, applies on the server's side in waves
    (data before applications), waits until all is ready, removes what is no longer wanted (never a volume), and records
    the commit as good. When something does not become ready, the last good commit is applied again, whole.

    With `--json`: `{"environment", "commit", "result", "changes": [{"action", "title", "namespace", "fields"}],
    "reasons", "backTo"}`; `result` is unchanged, deployed, rolled-back or failed.

    Example: `newstalk deploy staging --context my-cluster`
    """
    from ops.deploy import clean as cleaning
    from ops.deploy.release import of_tree

    if build:
        raise Refusal("--build: a cluster pulls its images; build and push them first with `newstalk build --push`")
    if delete_data and not clean:
        raise WrongUse("--delete-data: goes with --clean, which it widens to volumes")
    cluster, release = cluster_of(environment, context, kubeconfig), of_tree(environment)
    if not skip_tests:
        say(f"checking {environment}")
        checked(environment)
    if clean and not dry_run:
        if delete_data:
            cleaning.confirm(cluster, release)
        cleaning.clean(cluster, release, say, data=delete_data)
    bring(cluster, release, within, dry_run=dry_run, as_json=as_json)


def rollback(
    environment: Environment,
    commit: Annotated[
        str | None, typer.Argument(metavar="[COMMIT]", help="What to go back to; the good commit before this one.")
    ] = None,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    within: Within = WITHIN,
    as_json: Json = False,
) -> None:
    """Bring a cluster back to an earlier commit's environment, whole, configuration included.

    With `--json`: the document of `newstalk deploy`.

    Example: `newstalk rollback production 1a2b3c4`
    """
    from ops.deploy import record
    from ops.deploy.release import of_commit

    cluster = cluster_of(environment, context, kubeconfig)
    wanted = commit or record.read(cluster, of_commit(environment, "HEAD")).before
    if wanted is None:
        raise Refusal(f"{environment}: no good commit before this one is recorded, name one")
    bring(cluster, of_commit(environment, wanted), within, as_json=as_json)


def bring(
    cluster: "Cluster", release: "Release", within: float, *, dry_run: bool = False, as_json: bool = False
) -> None:
    from ops.deploy import record, run
    from ops.deploy.preflight import missing

    say(f"{release.environment}: {release.label} to {cluster.name}")
    if needs := missing(cluster, release):
        raise Refusal("\n".join(f"{release.environment}: {need.line}" for need in needs))
    if dry_run:
        changes = run.plan(cluster, release, record.read(cluster, release))
        show(changes)
        outcome = run.Outcome(
            environment=release.environment, commit=release.commit, result="unchanged", changes=changes
        )
    else:
        outcome = run.deploy(cluster, release, say, within=within, show=show)
    if as_json:
        terminal.tell_json(outcome)
    terminal.problems(f"{release.environment}: {reason}" for reason in outcome.reasons)
    said = f", back on {outcome.back_to[:10]}" if outcome.back_to else ""
    colour = "green" if outcome.fine else "red"
    terminal.lines(stderr=True).print(f"{release.environment}: {outcome.result}{said}", style=colour)
    raise typer.Exit(int(not outcome.fine))


def show(changes: "Sequence[Change]") -> None:
    console = terminal.lines(stderr=True)
    for change in changes:
        console.print(change.line, style={"created": "green", "pruned": "red"}.get(change.action))
        for field in change.fields[:SHOWN]:
            console.print(f"    {field}")
        if len(change.fields) > SHOWN:
            console.print(f"    and {len(change.fields) - SHOWN} fields more")
    if not changes:
        console.print("no object differs")


def say(text: str) -> None:
    terminal.lines(stderr=True).print(text)


def cluster_of(environment: str, context: str | None, kubeconfig: Path | None) -> "Cluster":
    from ops.kubectl import Cluster

    known(environment)
    return Cluster(context=context, kubeconfig=kubeconfig, manager=f"newstalk-{environment}")


def known(environment: str) -> None:
    from ops import render

    if environment not in render.environments():
        raise WrongUse(f'"{environment}" is no environment, there are {", ".join(render.environments())}')


def checked(environment: str) -> None:
    """Raises Refusal with what `newstalk check` finds."""
    from ops.check import run, schemas
    from ops.check.command import CRDS

    minors = schemas.minors()
    report = run.check([run.Target(name=environment, folder=OVERLAYS / environment, root=ROOT)], minors, [CRDS])
    if report.findings:
        raise Refusal("\n".join(finding.line(minors) for finding in report.findings))


def attempt(
    environment: Annotated[
        str, typer.Argument(metavar="[ENV]", help="An environment.", autocompletion=complete)
    ] = "staging",
    start_up: Annotated[float, typer.Option(min=0, help="Scales the time that pods take to become ready.")] = 0.1,
) -> None:
    """Deploy an environment to a cluster in processes of this machine, and keep it to look at until Ctrl-C.

    The control plane is real, the nodes are simulated; stand-ins take the place of secrets and stores. Ends by itself
    where there is no terminal. `newstalk cluster` has more.

    Example: `newstalk try staging`
    """
    from ops.cluster import command as clusters
    from ops.cluster import embedded
    from ops.deploy import run
    from ops.deploy.release import of_tree
    from ops.deploy.stand_ins import provide_outside

    known(environment)
    release = of_tree(environment)
    with embedded.cluster(clusters.place(f"try-{environment}"), start_up=start_up, say=say) as started:
        cluster = cluster_of(environment, None, started.kubeconfig)
        provide_outside(cluster, release)
        outcome = run.deploy(cluster, release, say, within=WITHIN, show=lambda _: None)
        terminal.problems(outcome.reasons)
        for space in release.namespaces:
            sys.stdout.write(cluster.run("get", "deployments,statefulsets,daemonsets,rollouts", "-n", space))
        say(f"export KUBECONFIG={started.kubeconfig}")
        if outcome.fine and sys.stdin.isatty():
            say("Ctrl-C ends it")
            with suppress(KeyboardInterrupt):
                while started.state.phase == "ready":
                    time.sleep(1)
    raise typer.Exit(int(not outcome.fine))
