"""Variants: what a workload says of its other form arrives, and nothing else changes."""

from pathlib import Path
from typing import Any

import pytest

import main
from charts import scrape
from charts.model import (
    Command,
    ConfigFiles,
    Health,
    Host,
    Metrics,
    ModelError,
    Platform,
    Port,
    Resources,
    Size,
    Stateful,
    Topic,
    Variant,
    Workload,
)
from ops.exclusions import of_folders
from tests.components.conftest import Objects, Overlay
from tests.platforms import container, platform, refusals, serving, tells, template, workload

OTHER = "solo"


def shop(**variant: Any) -> Platform:
    """A till that asks a ledger, a clerk that asks the till, and someone who watches them."""
    fields: dict[str, Any] = {"says": "the till keeps its own ledger.", "calls": (), "replaces": ("ledger",)}
    return platform(
        serving(
            "till",
            settings={"LEDGER": "ledger:8080", "LIMIT": "5", "SIZE": size},
            environment={"WHO": "till"},
            calls=("ledger:http",),
            run=Stateful(count=3),
            small=Size(count=1, resources=Resources(cpu="1m", memory="1Mi")),
            variants={OTHER: Variant(**fields | variant)},
        ),
        serving(
            "ledger",
            metrics=Metrics(port="http"),
            run=Stateful(count=3),
            small=Size(count=1),
            settings={"N": size},
            files=(ConfigFiles(name="pages", mount="/pages", files=lambda platform: {"n": size(platform)}),),
        ),
        serving("clerk", calls=("till:http",)),
        serving("watch", files=(ConfigFiles(name=scrape.MAP, mount="/scrape", files=scrape.files),)),
        scraper="watch",
    )


def size(platform: Platform) -> str:
    return str(platform["till"].run.maximum)


def owners(objects: Objects) -> set[str]:
    return {one["metadata"]["labels"]["app.kubernetes.io/name"] for one in objects.values()}


def changed(before: Objects, after: Objects) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def till(objects: Objects) -> Any:
    return container(objects["StatefulSet/till"])


def test_whoever_is_replaced_is_left_out_with_all_that_is_theirs(overlay: Overlay) -> None:
    place = shop()
    assert owners(overlay(place)) - owners(overlay(place, OTHER)) == {"ledger"}


def test_the_scraper_is_told_to_scrape_nothing_of_whoever_is_replaced(overlay: Overlay) -> None:
    place = shop()
    before, after = (overlay(place, *c)["ConfigMap/watch-scrape"]["data"] for c in ((), (OTHER,)))
    assert "job_name" in before["ledger.yml"]
    assert after["ledger.yml"] == scrape.text([])
    assert after.keys() == before.keys()


def test_the_network_forgets_whoever_is_replaced(overlay: Overlay) -> None:
    policies = {name: one for name, one in overlay(shop(), OTHER).items() if one["kind"] == "NetworkPolicy"}
    assert "ledger" not in str(policies)
    assert (
        "egress" not in policies["NetworkPolicy/till"]["spec"] or not policies["NetworkPolicy/till"]["spec"]["egress"]
    )


def test_nothing_else_changes(overlay: Overlay) -> None:
    place = shop(calls=None, replaces=(), command=("/till", "--alone"))
    before, after = overlay(place), overlay(place, OTHER)
    assert changed(before, after) == {"StatefulSet/till"}
    assert till(after) == till(before) | {"command": ["/till", "--alone"]}


def test_settings_are_added_and_changed_in_the_workload_s_own_map(overlay: Overlay) -> None:
    place = shop(settings={"LIMIT": "7", "ALONE": "yes"})
    before, after = (overlay(place, *c)["ConfigMap/till-config"] for c in ((), (OTHER,)))
    assert after["data"] == before["data"] | {"LIMIT": "7", "ALONE": "yes"}
    assert after["metadata"]["labels"] == before["metadata"]["labels"]


def test_a_setting_that_is_taken_away_is_empty_in_the_pod_whatever_the_map_says(overlay: Overlay) -> None:
    env = till(overlay(shop(settings={"LEDGER": None}), OTHER))["env"]
    assert env == [{"name": "LEDGER", "value": ""}, {"name": "WHO", "value": "till"}]


def test_variables_are_those_of_the_variant(overlay: Overlay) -> None:
    env = till(overlay(shop(environment={"A": "1", "B": "$(A)2"}), OTHER))["env"]
    assert env == [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)2"}]


def test_a_port_is_added_to_container_and_service_and_admits_its_callers(overlay: Overlay) -> None:
    objects = overlay(shop(ports=(Port("vote", 9090),), calls=("till:vote",)), OTHER)
    assert [port["name"] for port in till(objects)["ports"]] == ["http", "vote"]
    assert [port["port"] for port in objects["Service/till"]["spec"]["ports"]] == [8080, 9090]
    own = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "till"}}}
    rules = [
        r for r in objects["NetworkPolicy/till"]["spec"]["ingress"] if r["ports"] == [{"port": 9090, "protocol": "TCP"}]
    ]
    assert [rule["from"] for rule in rules] == [[own]]


def test_files_are_mounted_from_a_map_of_the_workload_s_own(overlay: Overlay) -> None:
    files = ConfigFiles(name="rules", mount="/rules", files={"rules.txt": "be kind\n"})
    objects = overlay(shop(files=(files,)), OTHER)
    made = objects["ConfigMap/till-rules"]
    assert made["data"] == {"rules.txt": "be kind\n"}
    assert made["metadata"]["namespace"] == "shop"
    assert made["metadata"]["labels"]["app.kubernetes.io/name"] == "till"
    volumes = {v["name"]: v for v in template(objects["StatefulSet/till"])["spec"]["volumes"]}
    assert volumes["rules"]["configMap"]["name"] == made["metadata"]["name"]
    assert {"mountPath": "/rules", "name": "rules", "readOnly": True} in till(objects)["volumeMounts"]


def test_a_first_port_brings_a_service(overlay: Overlay) -> None:
    variant = Variant(says="it serves.", ports=(Port("http", 8080),))
    place = platform(workload("web", health=Health(alive=Command(("true",))), variants={OTHER: variant}))
    before, after = overlay(place), overlay(place, OTHER)
    assert after.keys() - before.keys() == {"Service/web"}
    made = after["Service/web"]
    assert (made["metadata"]["namespace"], made["metadata"]["labels"]["app.kubernetes.io/name"]) == ("shop", "web")
    assert [port["port"] for port in made["spec"]["ports"]] == [8080]


@pytest.mark.parametrize("variant", [{}, {"settings": {"SIZE": None, "LIMIT": "7"}, "command": ("/till",)}])
def test_the_variant_and_the_small_size_combine_in_either_order(variant: dict[str, Any], overlay: Overlay) -> None:
    place = shop(**variant)
    one, other = overlay(place, OTHER, "small"), overlay(place, "small", OTHER)
    assert one == other
    assert "ledger" not in owners(one)
    assert one["StatefulSet/till"]["spec"]["replicas"] == 1
    assert one["ConfigMap/till-config"]["data"]["SIZE"] == "1"


def test_the_component_s_heading_is_what_the_variant_says(tmp_path: Path) -> None:
    main.build(shop(), tmp_path)
    text = (tmp_path / "components" / OTHER / "kustomization.yaml").read_text()
    assert text.startswith("# solo: the till keeps its own ledger.\n")


def asking(name: str) -> Any:
    return lambda platform: platform[name].name


def varying(**fields: Any) -> Workload:
    return serving("till", settings={"A": "1"}, variants={OTHER: Variant(**{"says": "other.", **fields})})


MISTAKES: dict[str, tuple[tuple[Workload, ...], str, tuple[str, ...]]] = {
    "nothing said": ((varying(says=" "),), "till.variants.solo.says", ('""',)),
    "no name": (
        (serving("till", variants={"So Lo": Variant(says="x.")}),),
        "till.variants.So Lo",
        ('"So Lo"',),
    ),
    "a setting that is not there is emptied": (
        (varying(settings={"B": None}),),
        "till.variants.solo.settings.B",
        ("A",),
    ),
    "replaced twice": (
        (varying(replaces=("bin", "bin")), serving("bin")),
        "till.variants.solo.replaces",
        ('"bin"', "twice"),
    ),
    "nobody replaced": ((varying(replaces=("bin",)),), "till.variants.solo.replaces", ('"bin"', "till")),
    "itself replaced": ((varying(replaces=("till",)),), "till.variants.solo.replaces", ('"till"', "itself")),
    "one of a component replaced": (
        (varying(replaces=("bin",)), serving("bin", component="extra")),
        "till.variants.solo.replaces",
        ('"bin"', "extra"),
    ),
    "one with a host replaced": (
        (varying(replaces=("bin",)), serving("bin", host=Host(name="www"))),
        "till.variants.solo.replaces",
        ('"bin"', '"www"'),
    ),
    "one with topics replaced": (
        (varying(replaces=("bin",)), serving("bin", topics=(Topic(name="t", partitions=1, replication=1),))),
        "till.variants.solo.replaces",
        ('"bin"', "topics"),
    ),
    "one that is still called replaced": (
        (varying(replaces=("bin",)), serving("bin"), serving("clerk", calls=("bin:http",))),
        "clerk.calls",
        ('"bin:http"', 'variant "solo"'),
    ),
    "one that others wait for replaced": (
        (varying(replaces=("bin",)), serving("bin"), serving("clerk", after=("bin",))),
        "clerk.after",
        ('"bin"', 'variant "solo"'),
    ),
    "one of whom a setting is asked replaced": (
        (varying(replaces=("bin",)), serving("bin"), serving("clerk", settings={"BIN": asking("bin")})),
        "clerk.settings.BIN",
        ("'bin'", '"solo"'),
    ),
    "a port twice": ((varying(ports=(Port("http", 1),)),), "till.ports", ('"http"', 'variant "solo"')),
    "a setting that follows the size": (
        (
            serving(
                "till",
                run=Stateful(count=3),
                small=Size(count=1),
                variants={OTHER: Variant(says="x.", settings={"N": size})},
            ),
        ),
        "till.settings.N",
        ("solo", "size"),
    ),
    "a setting that the size changes too": (
        (
            serving(
                "till",
                run=Stateful(count=3),
                small=Size(count=1),
                settings={"N": size},
                variants={OTHER: Variant(says="x.", settings={"N": "7"})},
            ),
        ),
        "till.settings.N",
        ("solo", "size"),
    ),
    "in a component": (
        (serving("till", component="extra", variants={OTHER: Variant(says="x.")}),),
        "till.variants.solo",
        ("extra",),
    ),
    "the name of a component": ((varying(), serving("bin", component=OTHER)), "variants", ('"solo"',)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_variant_that_could_not_be_switched_on_is_refused_in_one_line(mistake: str) -> None:
    workloads, at, words = MISTAKES[mistake]
    [line] = refusals(*workloads)
    assert line.startswith(f"{at}: "), line
    assert "\n" not in line
    assert all(word in line for word in words), line


def test_two_variants_exclude_each_other(tmp_path: Path) -> None:
    both = {name: Variant(says="x.") for name in (OTHER, "pair")}
    main.build(platform(serving("till", variants=both)), tmp_path / "dist")
    [found] = of_folders(tmp_path / "dist" / "components" / name for name in both)
    assert {found.component, found.excluded} == set(both)


def test_a_variant_has_not_the_name_of_a_component(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        main.build(platform(serving("till", variants={"small": Variant(says="x.")})), tmp_path / "dist")
    [line] = caught.value.refusals
    assert tells(line, "variants", '"small"', "component")
