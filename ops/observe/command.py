"""`newstalk observe`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ops import terminal
from ops.deploy.command import Context, Kubeconfig, cluster_of
from ops.options import Environment, Json
from ops.places import ROOT, WrongUse

if TYPE_CHECKING:
    from ops.observe.prometheus import Figure


def observe(
    environment: Environment,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    prometheus: Annotated[
        str | None, typer.Option(metavar="URL", help="Address of Prometheus; the environment's own, by port-forward.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask Prometheus for error rate and latency, and fail where one is above its bound.

    Queries and bounds are those that decide over a blue-green release, here of all pods. Silence, such as of a service
    that nobody asks, is good.

    With `--json`: `{"environment", "prometheus", "figures": [{"workload", "name", "value", "most"}]}`; `value` is null
    in silence, and a finding above `most`.

    Example: `newstalk observe production --context my-cluster`
    """
    from ops.deploy.release import Release, read
    from ops.graph.command import platform
    from ops.observe.prometheus import figures, forwarded

    cluster, described = cluster_of(environment, context, kubeconfig), platform()
    if prometheus is None:
        objects = read(environment, ROOT, "the working tree")
        namespace = Release(environment=environment, commit=None, objects=objects).namespace
        scraper = described[str(described.scraper)]
        with forwarded(cluster, namespace, scraper.name, scraper.port(None).number) as address:
            found = figures(described, address)
    elif prometheus.startswith(("http://", "https://")):
        found = figures(described, prometheus)
    else:
        raise WrongUse(f'--prometheus: "{prometheus}" begins with neither http:// nor https://')
    if as_json:
        terminal.tell_json({"environment": environment, "prometheus": prometheus, "figures": found})
    else:
        rows = [(figure.workload, figure.name, number(figure.value), str(figure.most)) for figure in found]
        terminal.table(("workload", "figure", "now", "at most"), rows)
        terminal.problems(f"{environment}: {problem(figure)}" for figure in found if not figure.fits)
    raise typer.Exit(int(not all(figure.fits for figure in found)))


def number(value: float | None) -> str:
    return "silence" if value is None else f"{value:.3g}"


def problem(figure: "Figure") -> str:
    runbook = "go back by `newstalk rollback`, or see docs/runbooks"
    return f"{figure.workload}: {figure.name} {number(figure.value)} is above {figure.most}: {runbook}"
