"""Prometheus' scrape configuration from the workloads' metrics endpoints: one file per workload."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from charts import yamls
from charts.model import Platform, Workload
from charts.model.names import NAME

if TYPE_CHECKING:
    from charts.folder import Generated

MAP = "scrape"  # the scraper's configuration files of this name hold the scrape files
META = "__meta_kubernetes_"


def files(platform: Platform) -> dict[str, str]:
    """{"<workload>.yml": text} of the base's workloads; for `ConfigFiles(name=MAP, files=files)`."""
    return {f"{w.name}.yml": scrape_file(w) for w in platform.base if w.metrics}


def scrape_file(workload: Workload) -> str:
    """Finds the workload's pods by their label and keeps the port that serves its metrics."""
    metrics = workload.metrics
    if metrics is None:
        return text([])
    where: Mapping[str, Any] = {"names": [workload.namespace]} if workload.namespace else {"own_namespace": True}
    return text([{
        "job_name": workload.name,
        "metrics_path": metrics.path,
        "honor_labels": metrics.of_others,
        "kubernetes_sd_configs": [{
            "role": "pod",
            "namespaces": where,
            "selectors": [{"role": "pod", "label": f"{NAME}={workload.name}"}],
        }],
        "relabel_configs": [
            {"source_labels": [f"{META}pod_container_port_name"], "regex": metrics.port, "action": "keep"},
            {"source_labels": [f"{META}pod_phase"], "regex": "Pending|Succeeded|Failed", "action": "drop"},
            {"source_labels": [f"{META}namespace"], "target_label": "namespace"},
            {"source_labels": [f"{META}pod_name"], "target_label": "pod"},
            {"source_labels": [f"{META}pod_node_name"], "target_label": "node"},
        ],
    }])  # fmt: skip


def told(scraper: Workload, file: str, text: str) -> "list[Generated]":
    """One more scrape file for the scraper, none where it finds its targets by a configuration of its own."""
    from charts.folder import Generated  # only here: it starts Node, and the catalog imports this module

    read = any(files.name == MAP for files in scraper.files)
    return [Generated(name=f"{scraper.name}-{MAP}", files={f"{MAP}/{file}": text}, merge=True)] if read else []


def text(configurations: list[dict[str, Any]]) -> str:
    return yamls.text({"scrape_configs": configurations})
