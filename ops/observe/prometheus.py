"""Asks a cluster's Prometheus for the figures that decide over a release, here of all pods."""

import json
import math
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlencode

from charts.model import Platform, Replicas, Watch
from charts.model.release import PODS
from ops.kubectl import Cluster, reasons
from ops.places import Refusal, tool

LISTENS = re.compile(r"Forwarding from (127\.0\.0\.1:\d+) ")
TIMEOUT = 10  # seconds for an answer


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`value`: None in silence."""

    workload: str
    name: str
    value: float | None
    most: int

    @property
    def fits(self) -> bool:
        return self.value is None or self.value <= self.most


def watches(platform: Platform) -> list[tuple[str, Watch]]:
    """(workload, what is watched of it) where releases are careful."""
    runs = [(workload.name, workload.run) for workload in platform.workloads]
    careful = [(name, run.release) for name, run in runs if isinstance(run, Replicas) and run.release]
    return [(name, watch) for name, release in careful for watch in release.watches]


def figures(platform: Platform, prometheus: str) -> list[Figure]:
    """What the Prometheus at an address says now. Raises Refusal."""
    return [
        Figure(
            workload=workload,
            name=watch.name,
            value=ask(prometheus, watch.query.replace(PODS, f"{workload}-.+")),
            most=watch.most,
        )
        for workload, watch in watches(platform)
    ]


def ask(prometheus: str, query: str) -> float | None:
    """The number that a query gives, the greatest of several; None where there is none. Raises Refusal.

    `prometheus`: begins with http:// or https://, which the caller sees to.
    """
    address = f"{prometheus.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:  # nosec B310
            samples = json.load(answer)["data"]["result"]
        numbers = [float(sample["value"][1]) for sample in samples]
    except (OSError, HTTPException, IndexError, KeyError, TypeError, ValueError) as failed:
        why = " ".join(str(failed).split())
        raise Refusal(f"{prometheus}: no answer that is Prometheus' ({why}), is it the right address?") from None
    return max((number for number in numbers if not math.isnan(number)), default=None)


@contextmanager
def forwarded(cluster: Cluster, namespace: str, service: str, port: int) -> Iterator[str]:
    """A Service's address on this machine while the context lasts. Raises Refusal.

    A forwarded port ends inside the pod, so no NetworkPolicy has to admit it; the API server's proxy would need one.
    """
    chosen = [f"--context={cluster.context}"] if cluster.context else []
    chosen += [f"--kubeconfig={cluster.kubeconfig}"] if cluster.kubeconfig else []
    command = [str(tool("kubectl")), *chosen, "port-forward", f"--namespace={namespace}", f"service/{service}"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, f":{port}"], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            found = LISTENS.match(process.stdout.readline()) if process.stdout else None
            if not found:
                said = process.stderr.read() if process.stderr else ""
                raise Refusal(f"{cluster.name}: service/{service} in {namespace}: {reasons(said)}")
            yield f"http://{found[1]}"
        finally:
            process.terminate()
