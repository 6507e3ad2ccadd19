"""The scraper finds every workload that has metrics, and nothing else."""

import yaml

from charts import scrape
from charts.model import ConfigFiles, Metrics, Stateful
from tests.charts.shop import shop
from tests.platforms import platform, serving, workload


def test_there_is_one_file_per_workload_with_metrics() -> None:
    assert set(scrape.files(shop())) == {"front.yml", "broker.yml", "watcher.yml"}


def test_a_file_keeps_the_port_of_the_metrics_of_the_workloads_pods() -> None:
    one = serving(metrics=Metrics(port="http", path="/numbers"))
    [job] = yaml.safe_load(scrape.files(platform(one))["web.yml"])["scrape_configs"]
    assert (job["job_name"], job["metrics_path"], job["honor_labels"]) == ("web", "/numbers", False)
    [found] = job["kubernetes_sd_configs"]
    assert found["namespaces"] == {"own_namespace": True}
    assert found["selectors"] == [{"role": "pod", "label": "app.kubernetes.io/name=web"}]
    kept = [rule for rule in job["relabel_configs"] if rule.get("action") == "keep"]
    assert [(rule["source_labels"], rule["regex"]) for rule in kept] == [
        (["__meta_kubernetes_pod_container_port_name"], "http")
    ]


def test_pods_that_ended_are_not_scraped() -> None:
    one = serving(metrics=Metrics(port="http"))
    [job] = yaml.safe_load(scrape.scrape_file(one))["scrape_configs"]
    [dropped] = [rule for rule in job["relabel_configs"] if rule.get("action") == "drop"]
    assert {"Succeeded", "Failed"} <= set(dropped["regex"].split("|"))


def test_who_tells_of_others_is_believed() -> None:
    one = serving(metrics=Metrics(port="http", of_others=True))
    assert yaml.safe_load(scrape.scrape_file(one))["scrape_configs"][0]["honor_labels"] is True


def test_without_metrics_there_is_nothing_to_scrape() -> None:
    assert yaml.safe_load(scrape.scrape_file(workload())) == {"scrape_configs": []}


def test_the_files_follow_the_platform_they_are_asked_of() -> None:
    read = ConfigFiles(name=scrape.MAP, mount="/scrape", files=scrape.files)
    watcher = workload("watcher", run=Stateful(), files=(read,))
    fewer, more = platform(watcher), platform(watcher, serving(metrics=Metrics(port="http")))
    assert [set(read.of(each)) for each in (fewer, more)] == [set(), {"web.yml"}]
