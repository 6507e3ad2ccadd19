"""Prometheus' own tool, as tests of alerts and dashboards call it."""

import re
import subprocess
from pathlib import Path

from ops.places import ROOT

PROMTOOL = ROOT / ".tools" / "bin" / "promtool"

# The jobs that Prometheus scrapes, by what the names of their metrics begin with.
JOBS = {
    "airflow_": "statsd-exporter",
    "alertmanager_": "alertmanager",
    "container_": "kubelet",
    "http_": "the application's services",
    "kafka_consumergroup_": "kafka-exporter",
    "kafka_controller_": "kafka",
    "kafka_network_": "kafka",
    "kafka_server_": "kafka",
    "kube_": "kube-state-metrics",
    "kubelet_": "kubelet",
    "newstalk_": "the application's services",
    "node_": "node-exporter",
    "pg_": "postgres-exporter",
    "prometheus_": "prometheus",
    "redis_": "redis-exporter",
}
BUILT_IN = {"ALERTS", "up"}


def promtool(*arguments: str | Path) -> str:
    """What it prints; its complaint fails the test."""
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"promtool {arguments[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def metrics(expression: str) -> set[str]:
    """The metrics that an expression reads. A parser sets a label on each of its selectors, so that all show braces."""
    marked = promtool("--experimental", "promql", "label-matchers", "set", expression, "marked", "yes")
    return set(re.findall(r"([a-zA-Z_:][\w:]*){[^}]*marked=", marked))


def unscraped(expression: str, recorded: set[str]) -> set[str]:
    """The metrics of an expression that no job has and no rule records."""
    read = metrics(expression)
    assert read or "vector(" in expression, f"reads no metric: {expression}"
    return {name for name in read - BUILT_IN - recorded if not name.startswith(tuple(JOBS))}
