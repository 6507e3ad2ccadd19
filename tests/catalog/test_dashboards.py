"""Dashboards that Grafana loads and whose queries Prometheus can answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ops.places import ROOT
from tests.catalog.promtool import unscraped

FILES = ROOT / "catalog/files"
DASHBOARDS = {file.stem: json.loads(file.read_text()) for file in sorted((FILES / "dashboards").glob("*.json"))}
RECORDED = {
    rule["record"]
    for file in (FILES / "alerts").glob("*.yml")
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
    if "record" in rule
}
COLUMNS = 24  # of Grafana's grid

Panel = dict[str, Any]

every_dashboard = pytest.mark.parametrize("name", DASHBOARDS)


def panels(name: str) -> Iterator[Panel]:
    yield from DASHBOARDS[name]["panels"]


def test_dashboards_are_those_of_the_specification() -> None:
    assert set(DASHBOARDS) == {"system-overview", "application-performance", "infrastructure", "business-kpis"}


def test_no_two_dashboards_share_a_uid_or_a_title() -> None:
    """Of two with one uid, Grafana's provisioning shows neither change."""
    assert len({board["uid"] for board in DASHBOARDS.values()}) == len(DASHBOARDS)
    assert len({board["title"] for board in DASHBOARDS.values()}) == len(DASHBOARDS)


@every_dashboard
def test_every_query_parses_and_reads_what_is_scraped_or_recorded(name: str) -> None:
    for panel in panels(name):
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            assert not unscraped(expression, RECORDED), f"{panel['title']}: {target['expr']}"


@every_dashboard
def test_every_panel_asks_the_provisioned_datasource(name: str) -> None:
    provisioned = yaml.safe_load((FILES / "grafana/datasources.yml").read_text())["datasources"]
    known = [{"type": source["type"], "uid": source["uid"]} for source in provisioned]
    assert all(panel["datasource"] in known for panel in panels(name))


@every_dashboard
def test_every_panel_has_a_unit_and_a_base_threshold(name: str) -> None:
    for panel in panels(name):
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"], panel["title"]
        assert defaults["thresholds"]["steps"][0]["value"] is None, panel["title"]


@every_dashboard
def test_panels_neither_overlap_nor_leave_the_grid(name: str) -> None:
    taken: dict[tuple[int, int], int] = {}
    for panel in panels(name):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS, panel["title"]
        for column in range(place["x"], place["x"] + place["w"]):
            for line in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((column, line), panel["id"]) == panel["id"], panel["title"]


@every_dashboard
def test_ids_in_a_dashboard_differ(name: str) -> None:
    ids = [panel["id"] for panel in panels(name)]
    targets = [[target["refId"] for target in panel["targets"]] for panel in panels(name)]
    assert all(len(set(some)) == len(some) for some in (ids, *targets))
