"""What is wrong with a platform as a whole is refused in one line: path, value, bound."""

from dataclasses import replace
from typing import Any

import pytest

from charts.model import (
    Autoscale,
    ContainerBounds,
    Host,
    ModelError,
    Once,
    Outside,
    PerNode,
    Persistent,
    Person,
    Port,
    QueueLag,
    Quota,
    Replicas,
    Resources,
    Secret,
    SecretFiles,
    Settings,
    Shared,
    Shutdown,
    Size,
    Stateful,
    Topic,
    Workload,
)
from charts.model.run import Run
from tests.platforms import platform, refusals, serving, tells, workload

BEYOND = 2**53 + 1
PERSON = Person(role="viewer", group="viewers", rules=())
QUOTA = Quota(requests_cpu="1", requests_memory="1Gi", limits_cpu="1", limits_memory="1Gi", storage="1Gi", pods=1)


DOORS = tuple(serving(name, host=Host(name="shop")) for name in "ab")


def claiming(name: str) -> Workload:
    volume = Persistent(name="v", mount="/v", size="1Gi", storage_class="shelf", claim="till")
    return workload(name, run=Stateful(), volumes=(volume,))


def broker(name: str) -> Workload:
    return serving(name, topics=(Topic(name="orders", partitions=1, replication=1),))


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        (("shelf:http",), ('"shelf:http"', "db, migration, web")),
        (("db:sql",), ('"db:sql"', "db", "http")),
        (("db",), ('"db:"', "http")),
        (("migration:http",), ('"migration:http"', "runs to an end")),
        (("db:http", "db:http"), ('"db:http"', "twice")),
    ],
)
def test_a_call_names_a_port_that_serves(calls: tuple[str, ...], words: tuple[str, ...]) -> None:
    [line] = refusals(workload(calls=calls), serving("db"), serving("migration", run=Once()))
    assert tells(line, "web.calls", *words), line


def test_the_base_calls_no_component() -> None:
    [line] = refusals(workload(calls=("probe:http",)), serving("probe", component="probes"))
    assert tells(line, "web.calls", '"probe:http"', "probes", "the base")


def test_a_component_calls_no_base() -> None:
    [line] = refusals(workload("probe", component="probes", calls=("web:http",)), serving())
    assert tells(line, "probe.calls", '"web:http"', "probes", "the base")


def test_calls_within_a_component_and_of_each_other_are_admitted() -> None:
    one, other = serving("one", calls=("other:http",)), serving("other", calls=("one:http",))
    probes = [replace(each, component="probes") for each in (one, other)]
    assert [len(platform(*pair).workloads) for pair in ((one, other), probes)] == [2, 2]


@pytest.mark.parametrize(
    ("workloads", "path", "words"),
    [
        ((workload("db"), workload("db")), "db.name", ('"db"',)),
        ((*DOORS, serving("c", host=Host(name="till")), workload("d")), "host", ('"shop" is served by a, b, keep',)),
        ((claiming("a"), claiming("b")), "volumes", ('"till"',)),
        ((broker("a"), broker("b")), "topics", ('"orders"',)),
    ],
)
def test_what_must_be_one_of_a_kind_is(workloads: tuple[Workload, ...], path: str, words: tuple[str, ...]) -> None:
    [line] = refusals(*workloads)
    assert tells(line, path, *words), line


def test_a_setting_stands_in_one_map() -> None:
    maps = tuple(Settings(name=name, values={"TAX": "7"}) for name in ("a", "b"))
    [line] = refusals(workload(), settings=maps)
    assert tells(line, "settings", '"TAX"')


def test_a_map_of_settings_has_a_name_of_its_own() -> None:
    maps = tuple(Settings(name="rates", values={key: "7"}) for key in ("TAX", "TOLL"))
    [line] = refusals(workload(), settings=maps)
    assert tells(line, "settings", '"rates"')


def test_a_shared_setting_is_a_variable() -> None:
    [line] = refusals(workload(), settings=(Settings(name="rates", values={"a tax": "7"}),))
    assert tells(line, "settings.rates", '"a tax"')


def test_a_platform_is_a_namespace() -> None:
    [line] = refusals(workload(), name="The_Shop")
    assert tells(line, "name", '"The_Shop"')


@pytest.mark.parametrize("value", ["two\nlines", 7, True, None])
def test_a_setting_is_text_of_one_line(value: Any) -> None:
    [line] = refusals(workload(), settings=(Settings(name="rates", values={"TAX": value}),))
    assert tells(line, "settings.rates.TAX", "text", repr(value))


@pytest.mark.parametrize(
    ("after", "circle"),
    [
        ({"a": ("a",)}, "a before a"),
        ({"a": ("b",), "b": ("a",)}, "a before b before a"),
        ({"a": ("b",), "b": ("c",), "c": ("a",)}, "a before c before b before a"),
    ],
)
def test_the_order_has_no_cycle(after: dict[str, tuple[str, ...]], circle: str) -> None:
    [line] = refusals(*(workload(name, after=earlier) for name, earlier in after.items()))
    at, _, rest = line.partition(".after: a cycle, ")
    assert rest.startswith(f"{at} before ")
    turns = rest.split(" before ")[:-1]
    assert " before ".join([*turns[turns.index("a") :], *turns[: turns.index("a")], "a"]) == circle


def test_a_diamond_is_no_cycle() -> None:
    order: dict[str, tuple[str, ...]] = {"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}
    assert len(platform(*(workload(name, after=earlier) for name, earlier in order.items())).workloads) == len(order)


def test_the_order_names_workloads() -> None:
    [line] = refusals(workload("a", after=("z",)), workload("b"))
    assert tells(line, "a.after", '"z"', "a, b")


def test_a_claim_for_each_pod_is_nobody_elses() -> None:
    volume = Persistent(name="v", mount="/v", size="1Gi", storage_class="shelf")
    members = [workload(name, run=Stateful(count=2), volumes=(volume,)) for name in "ab"]
    assert list(platform(*members).workloads) == members


def test_the_scraper_is_a_workload() -> None:
    [line] = refusals(workload("a"), scraper="watcher")
    assert tells(line, "scraper", '"watcher"', "a")


def test_a_known_scraper_is_admitted() -> None:
    assert platform(workload("watcher"), scraper="watcher").scraper == "watcher"


def test_the_scraper_is_in_the_base() -> None:
    [line] = refusals(workload("watcher", component="probes"), scraper="watcher")
    assert tells(line, "scraper", "watcher", "probes", "base")


@pytest.mark.parametrize(
    "fields", [{"ports": (), "health": None}, {"run": Once()}, {"component": "probes"}], ids=["mute", "ends", "brought"]
)
def test_topics_are_asked_for_at_a_port_of_the_base(fields: dict[str, Any]) -> None:
    [line] = refusals(replace(broker("broker"), **fields))
    assert tells(line, "broker.topics", "base", "port")


@pytest.mark.parametrize(
    ("value", "where"),
    [(Shared("CURRENCY"), "environment.X"), (Secret("PASSWORD"), "environment.X"), (None, "volumes.keys")],
)
def test_another_namespace_cannot_read_the_platforms_settings_and_secret(value: Any, where: str) -> None:
    reading: dict[str, Any] = {"environment": {"X": value}}
    if value is None:
        reading = {"volumes": (SecretFiles(name="keys", mount="/keys", keys=("PASSWORD",)),)}
    [line] = refusals(workload(component="probes", namespace="attic", **reading))
    assert tells(line, f"web.{where}", "shop", "attic")


def test_a_namespace_of_its_own_is_another_than_the_platforms() -> None:
    [line] = refusals(workload(component="probes", namespace="shop"))
    assert tells(line, "web.namespace", "shop", "platform's own")


def test_two_roles_of_people_have_two_names() -> None:
    [line] = refusals(workload(), people=(PERSON, PERSON))
    assert tells(line, "people", '"viewer"')


def test_hosts_need_the_domain() -> None:
    [line] = refusals(serving(host=Host(name="shop")), domain="ZONE")
    assert tells(line, "domain", "ZONE", "web.host")


def test_without_hosts_no_domain_is_needed() -> None:
    assert platform(serving(), domain="ZONE").hosts == []


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"requests_cpu": "2"}, "quota.requests_cpu", ("limits_cpu=1", "2")),
        ({"requests_memory": "2Gi"}, "quota.requests_memory", ("limits_memory=1Gi", "2Gi")),
        ({"pods": 0}, "quota.pods", ("1", "0")),
        ({"storage": "0"}, "quota.storage", ("above 0", "0")),
        ({"limits_cpu": "many"}, "quota.limits_cpu", ('"many"', "no quantity")),
        ({"requests_memory": "2GB"}, "quota.requests_memory", ('"2GB"', "no quantity")),
    ],
)
def test_the_quota_is_within_itself(fields: dict[str, Any], path: str, words: tuple[str, ...]) -> None:
    [line] = refusals(workload(), quota=replace(QUOTA, **fields))
    assert tells(line, path, *words), line


def test_requests_may_be_all_that_is_allowed() -> None:
    assert platform(workload(), quota=QUOTA).quota is QUOTA


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1.5, BEYOND, -BEYOND])
@pytest.mark.parametrize(
    ("run", "path"),
    [
        (lambda n: Replicas(count=n), "count"),
        (lambda n: Replicas(autoscale=Autoscale(maximum=n, cpu=9)), "autoscale.maximum"),
    ],
)
def test_a_number_that_javascript_would_change_is_refused(run: Any, path: str, number: Any) -> None:
    [line] = refusals(workload(run=run(number)))
    assert tells(line, f"web.run.{path}", "2^53", str(number)), line


def test_such_a_number_in_the_quota_is_refused() -> None:
    [line] = refusals(workload(), quota=replace(QUOTA, pods=BEYOND))
    assert tells(line, "quota.pods", "2^53", str(BEYOND))


def test_such_a_number_in_a_map_is_refused() -> None:
    [line] = refusals(workload(settings={"TAX": float("nan")}))
    assert tells(line, "web.settings.TAX", "2^53", "nan")


def test_such_a_number_of_the_edge_is_refused() -> None:
    [line] = refusals(workload(), edge=replace(platform(workload()).edge, connections=BEYOND))
    assert tells(line, "edge.connections", "2^53", str(BEYOND))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"ports": (Port("http", BEYOND),)}, "web.ports.http.number"),
        ({"calls": ("web:http", Outside(port=BEYOND, why="far"))}, "web.calls.1.port"),
    ],
)
def test_such_a_number_is_found_where_it_stands(fields: dict[str, Any], path: str) -> None:
    [line] = refusals(serving(**fields))
    assert tells(line, path, "2^53", str(BEYOND)), line


def test_the_largest_number_that_javascript_keeps_is_admitted() -> None:
    assert platform(workload(run=Once(within=2**53))).workloads[0].run == Once(within=2**53)


LAGGING = Autoscale(maximum=1, lag=QueueLag(topic="orders", group="packers", per_replica=5))


@pytest.mark.parametrize(
    ("run", "size", "path"),
    [
        (PerNode(), Size(count=3), "web.small.count"),
        (Once(), Size(count=3), "web.small.count"),
        (Replicas(autoscale=LAGGING), Size(count=3), "web.small.count"),
        (Replicas(), Size(maximum=3), "web.small.maximum"),
        (Replicas(autoscale=LAGGING), Size(maximum=3), "web.small.maximum"),
    ],
)
def test_only_what_the_component_can_change_has_a_small_figure(run: Run, size: Size, path: str) -> None:
    lines = refusals(workload(run=run, small=size), broker("broker"))
    assert tells(lines[0], path, "3"), lines


def test_what_is_wrong_at_the_small_size_is_refused_as_such() -> None:
    [line] = refusals(workload(run=Stateful(count=3, quorum=True), small=Size(count=2)))
    assert tells(line, "small", "web.run.count", "2")


def test_all_that_is_wrong_is_shown_at_once() -> None:
    wrong = (
        serving("front", calls=("shelf:http",), shutdown=Shutdown(drain=9, grace=3)),
        workload("keeper", run=Stateful(count=2, quorum=True), resources=Resources(cpu="2..1", memory="x")),
        workload("keeper", after=("nobody",)),
    )
    with pytest.raises(ModelError) as caught:
        platform(*wrong, quota=replace(QUOTA, storage="0"), scraper="watcher")
    paths = [
        "front.shutdown.grace", "front.calls", "keeper.run.count", "keeper.resources.cpu", "keeper.resources.memory",
        "keeper.name", "keeper.after", "quota.storage", "scraper",
    ]  # fmt: skip
    assert sorted(line.partition(": ")[0] for line in caught.value.refusals) == sorted(paths)
    assert str(caught.value).splitlines() == caught.value.refusals


def test_bounds_of_containers_are_no_matter_of_the_quota() -> None:
    large = ContainerBounds(default_cpu="1", default_memory="1Gi", maximum_cpu="9", maximum_memory="9Gi")
    assert platform(workload(), quota=QUOTA, container_bounds=large).container_bounds is large


def test_bounds_of_containers_are_quantities() -> None:
    odd = ContainerBounds(default_cpu="0", default_memory="1Gi", maximum_cpu="1", maximum_memory="lots")
    lines = refusals(workload(), container_bounds=odd)
    assert [line.partition(": ")[0] for line in lines] == [
        "container_bounds.default_cpu",
        "container_bounds.maximum_memory",
    ]
