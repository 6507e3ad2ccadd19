"""Alerts that parse, that fire when they should, and that tell a person what to do."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.places import ROOT
from tests.catalog.promtool import promtool, unscraped

ALERTS = sorted((ROOT / "catalog/files/alerts").glob("*.yml"))
PROMISES = sorted((ROOT / "tests/catalog/alerts").glob("*.test.yml"))
RUNBOOKS = ROOT / "docs/runbooks"
PAGES = "https://github.com/newstalk-ai/platform/blob/main/docs/runbooks/"

Rule = dict[str, Any]


def rules(file: Path) -> Iterator[Rule]:
    for group in yaml.safe_load(file.read_text())["groups"]:
        yield from group["rules"]


def alerts() -> Iterator[tuple[str, Rule]]:
    """(subject, alert) of every file."""
    for file in ALERTS:
        yield from ((file.stem, rule) for rule in rules(file) if "alert" in rule)


def fired() -> dict[tuple[str, str], list[set[str]]]:
    """{(alert, severity): the label names of each time a test expects it to fire}."""
    found: dict[tuple[str, str], list[set[str]]] = {}
    for file in PROMISES:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for expected in test["promql_expr_test"]:
                for sample in expected["exp_samples"]:
                    labels = dict(re.findall(r'(\w+)="([^"]*)"', sample["labels"]))
                    if "alertname" in labels:
                        found.setdefault((labels["alertname"], labels["severity"]), []).append(set(labels))
    return found


@pytest.mark.parametrize("file", ALERTS, ids=lambda file: file.stem)
def test_prometheus_takes_the_rules(file: Path) -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", file)


def test_prometheus_takes_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAIN", "newstalk-ai.com")
    promtool("check", "config", "--syntax-only", ROOT / "catalog/files/prometheus/prometheus.yml")


@pytest.mark.parametrize("file", PROMISES, ids=lambda file: file.name.removesuffix(".test.yml"))
def test_alerts_fire_and_stay_silent_as_promised(file: Path) -> None:
    promtool("test", "rules", file)


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    assert {(rule["alert"], rule["labels"]["severity"]) for _, rule in alerts()} == set(fired())


def test_every_alert_says_who_reacts_and_what_happened() -> None:
    for _, rule in alerts():
        assert rule["labels"]["severity"] in {"page", "ticket", "none"}, rule["alert"]
        assert {"summary", "description", "runbook_url"} == set(rule["annotations"]), rule["alert"]


def test_every_label_that_a_message_names_is_on_the_alert() -> None:
    """A label that an aggregation took away would leave a gap in the sentence."""
    on_all = {key: set.intersection(*times) for key, times in fired().items()}
    for _, rule in alerts():
        named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        missing = named - on_all[rule["alert"], rule["labels"]["severity"]]
        assert not missing, f"{rule['alert']}: no label {', '.join(missing)}"


def test_every_alert_leads_to_its_own_heading_in_the_runbook_of_its_subject() -> None:
    for subject, rule in alerts():
        name = rule["alert"]
        assert rule["annotations"]["runbook_url"] == f"{PAGES}{subject}.md#{name.lower()}"
        assert f"## {name}" in (RUNBOOKS / f"{subject}.md").read_text().splitlines()


def test_no_heading_in_a_runbook_outlives_its_alert() -> None:
    headings = {
        (file.stem, line.removeprefix("## "))
        for file in RUNBOOKS.glob("*.md")
        for line in file.read_text().splitlines()
        if line.startswith("## ")
    }
    assert headings == {(subject, rule["alert"]) for subject, rule in alerts()}


def test_links_between_runbooks_lead_somewhere() -> None:
    for file in RUNBOOKS.glob("*.md"):
        for page, anchor in re.findall(r"\]\(([\w-]+\.md)?(?:#(\w+))?\)", file.read_text()):
            text = (RUNBOOKS / page if page else file).read_text()
            assert not anchor or f"## {anchor}" in text.lower(), f"{file.name}: {page}#{anchor}"


def test_alerts_read_only_metrics_that_are_scraped_or_recorded() -> None:
    for file in ALERTS:
        recorded = {rule["record"] for rule in rules(file) if "record" in rule}
        for rule in rules(file):
            assert not unscraped(rule["expr"], recorded), f"{file.name}: {rule.get('alert', rule.get('record'))}"
