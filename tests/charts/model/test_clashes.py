"""Two objects of a kind that would have one name are refused, with both values that give it."""

from typing import Any

import pytest

from charts.model import ConfigFiles, Host, Metrics, Permission, Person, Settings, Topic, Variant, Workload
from tests.platforms import platform, refusals, serving, tells, workload

ASKING = (Permission(resources=("pods",), verbs=("list",)),)
TOPICS = (Topic(name="orders", partitions=1, replication=1),)


def files(name: str) -> ConfigFiles:
    return ConfigFiles(name=name, mount=f"/{name}", files={"a": "b"})


def maps(*names: str) -> tuple[Settings, ...]:
    return tuple(Settings(name=name, values={"DOMAIN": "shop.example"}) for name in names)


Clash = tuple[tuple[Workload, ...], dict[str, Any], str, tuple[str, ...]]
CLASHES: dict[str, Clash] = {
    "folder": ((workload("edge"),), {}, "edge.name", ("folder", '"edge"')),
    "policy": ((workload("allow-dns"),), {}, "allow-dns.name", ("NetworkPolicy",)),
    "policy of a component": (
        (serving("web", topics=TOPICS), workload("web-from-keda")),
        {},
        "web-from-keda.name",
        ("NetworkPolicy", "web.topics"),
    ),
    "policy of the edge": (
        (serving("web", host=Host(name="www")), workload("web-from-f5-nginx")),
        {},
        "web-from-f5-nginx.name",
        ("web.host",),
    ),
    "policy of the scraper": (
        (workload("web"), workload("web-to-kubelets")),
        {"scraper": "web"},
        "web-to-kubelets.name",
        ("web.name",),
    ),
    "policy of who is scraped": (
        (
            workload("eye"),
            serving("web", component="probes", namespace="attic", metrics=Metrics(port="http")),
            workload("eye-to-web"),
        ),
        {"scraper": "eye"},
        "eye-to-web.name",
        ("web.metrics",),
    ),
    "role": (
        (workload("viewer", permissions=ASKING),),
        {"people": (Person(role="viewer", group="g", rules=()),)},
        "viewer.permissions",
        ("Role", "people.viewer"),
    ),
    "route": ((serving("shop-door-redirect", host=Host(name="www")),), {}, "shop-door-redirect.host", ("HTTPRoute",)),
    "settings": (
        (workload("web", settings={"A": "b"}),),
        {"settings": maps("web-config")},
        "web.settings",
        ("ConfigMap", "settings.web-config"),
    ),
    "settings of a variant": (
        (workload("web", variants={"other": Variant(says="x.", settings={"A": "b"})}),),
        {"settings": maps("web-config")},
        "web.settings",
        ("settings.web-config",),
    ),
    "files": (
        (workload("web", files=(files("a-b"),)), workload("web-a", files=(files("b"),))),
        {},
        "web-a.files.b",
        ('"web-a-b"', "web.files.a-b"),
    ),
    "headers": ((workload("web"),), {"settings": maps("shop-headers")}, "settings.shop-headers", ("ConfigMap",)),
}


@pytest.mark.parametrize("clash", CLASHES.values(), ids=CLASHES)
def test_one_name_for_two_objects_is_refused(clash: Clash) -> None:
    workloads, fields, at, words = clash
    [line] = refusals(*workloads, **fields)
    assert tells(line, at, *words), line


def test_one_name_in_two_namespaces_or_of_two_kinds_is_admitted() -> None:
    brought = [workload(name, component="probes", namespace="attic") for name in ("edge", "allow-dns")]
    people = (Person(role="viewer", group="g", rules=()),)
    assert len(platform(workload("viewer"), *brought, people=people).workloads) == 3
