"""What a platform and its workloads answer."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest

import charts.model
from charts.model import (
    Autoscale,
    Command,
    ConfigFiles,
    Cron,
    FromPod,
    Health,
    Host,
    Http,
    Once,
    Outside,
    PerNode,
    Platform,
    Port,
    Quantity,
    QueueLag,
    Replicas,
    Resources,
    Secret,
    SecretFiles,
    Settings,
    Shared,
    Size,
    Stateful,
    Tcp,
    Topic,
    shared_memory,
    writable,
)
from charts.model.environment import references
from charts.model.run import Run
from tests.platforms import platform, serving, workload

LAG = QueueLag(topic="orders", group="packers", per_replica=5)


VALUES = [value for value in vars(charts.model).values() if is_dataclass(value)]
BY_PLACE = {
    Command,
    FromPod,
    Http,
    Port,
    Quantity,
    Secret,
    Shared,
    Tcp,
}


@pytest.mark.parametrize("value", VALUES)
def test_values_are_frozen(value: Any) -> None:
    bare = object.__new__(value)
    with pytest.raises(FrozenInstanceError):
        setattr(bare, fields(value)[0].name, "other")


@pytest.mark.parametrize("value", VALUES)
def test_values_are_told_by_name_but_for_the_shortest(value: Any) -> None:
    assert all(one.kw_only for one in fields(value)) == (value not in BY_PLACE)


def test_a_workload_is_found_by_its_name() -> None:
    shop = platform(workload("a"), workload("b"))
    assert shop["b"] is shop.workloads[1]
    with pytest.raises(KeyError, match="c"):
        shop["c"]


def test_callers_of_a_port_are_those_who_call_that_port_by_name() -> None:
    ports = (Port("http", 1), Port("admin", 2))
    shop = platform(
        workload("z", calls=("db:http",)), workload("a", calls=("db:http", "db:admin")), serving("db", ports=ports)
    )
    assert [[caller.name for caller in shop.callers("db", port)] for port in ("http", "admin")] == [["a", "z"], ["a"]]


def test_a_shared_setting_is_found_with_its_map() -> None:
    shop = platform(
        workload(),
        settings=(Settings(name="rates", values={"TAX": "7"}), Settings(name="places", values={"CITY": "Y"})),
    )
    assert [(shop.shared(key), shop.setting(key)) for key in ("TAX", "CITY")] == [("rates", "7"), ("places", "Y")]
    for find in (shop.shared, shop.setting):
        with pytest.raises(KeyError):
            find("HILL")


def test_the_base_is_without_the_components_workloads() -> None:
    assert [one.name for one in platform(workload("a"), workload("b", component="extra")).base] == ["a"]


def test_hosts_are_sorted_by_their_names() -> None:
    shop = platform(serving("a", host=Host(name="till")), workload("b"), serving("c", host=Host(name="door")))
    assert [one.name for one in shop.hosts] == ["c", "a"]


def test_topics_are_those_of_every_broker() -> None:
    brokers = [
        serving(name, topics=(Topic(name=topic, partitions=1, replication=1),))
        for name, topic in (("a", "orders"), ("b", "bills"))
    ]
    assert list(platform(*brokers).topics) == ["orders", "bills"]


@pytest.mark.parametrize(
    ("run", "maximum", "ends"),
    [
        (Replicas(count=3), 3, False),
        (Replicas(count=3, autoscale=Autoscale(maximum=8, cpu=50)), 8, False),
        (Stateful(count=4), 4, False),
        (PerNode(), 1, False),
        (Once(), 1, True),
        (Cron(schedule="@daily"), 1, True),
    ],
)
def test_how_a_workload_runs_says_how_many_there_are_and_whether_it_serves(run: Run, maximum: int, ends: bool) -> None:
    one = serving(run=run)
    assert (one.run.maximum, one.ends, one.serves) == (maximum, ends, not ends)


def test_without_a_port_nothing_is_served() -> None:
    assert not workload().serves


def test_lag_and_utilisation_are_told_apart() -> None:
    runs = (
        Replicas(count=2),
        Stateful(),
        Replicas(autoscale=Autoscale(maximum=2, memory=50)),
        Replicas(autoscale=Autoscale(maximum=2, lag=LAG)),
    )
    told = [(one.autoscaled, one.lag) for one in (workload(run=run) for run in runs)]
    assert told == [(False, None), (False, None), (True, None), (False, LAG)]


def test_calls_are_addresses_inside_and_ports_outside() -> None:
    mail = Outside(port=25, why="sends the bills")
    one = workload(calls=("db:sql", mail))
    assert (list(one.called), list(one.outside)) == ([("db", "sql")], [mail])


def test_a_port_is_found_by_name_and_the_first_without() -> None:
    http, admin = Port("http", 80), Port("admin", 81)
    one = serving(ports=(http, admin))
    assert [one.port(None), one.port("admin")] == [http, admin]
    with pytest.raises(KeyError):
        one.port("sql")


def test_references_are_the_variables_in_order() -> None:
    assert references("db://$(USER):$(PASS_2)@host/$HOME/${X}/$()") == ["USER", "PASS_2"]


@pytest.mark.parametrize("value", [Shared("A"), Secret("A"), FromPod("metadata.name")])
def test_only_text_refers_to_variables(value: Shared | Secret | FromPod) -> None:
    assert references(value) == []


def test_a_workload_tells_which_keys_it_asks_for_and_where() -> None:
    one = workload(
        environment={"A": Secret("PASSWORD"), "B": Shared("DOMAIN"), "C": "x"},
        volumes=(SecretFiles(name="keys", mount="/keys", keys=("PASSWORD",)),),
    )
    assert list(one.secret_keys) == [("environment.A", "PASSWORD"), ("volumes.keys", "PASSWORD")]
    assert list(one.shared_keys) == [("environment.B", "DOMAIN")]


def test_both_probes_are_told_where_they_differ() -> None:
    alive, ready = Tcp("http"), Tcp("admin")
    assert [Health(alive=alive).probes, Health(alive=alive, ready=ready).probes] == [(alive,), (alive, ready)]


def test_files_are_given_or_follow_from_the_platform() -> None:
    given = ConfigFiles(name="menu", mount="/menu", files={"soup": "leek"})
    following = ConfigFiles(name="menu", mount="/menu", files=lambda shop: {shop.name: "open"})
    assert [one.of(platform(workload())) for one in (given, following)] == [{"soup": "leek"}, {"shop": "open"}]


def test_scratch_space_has_names_of_its_paths() -> None:
    made = writable("/var/run", "/tmp_x", size="5Mi")
    assert [(one.name, one.mount, one.size) for one in made] == [
        ("scratch-var-run", "/var/run", "5Mi"),
        ("scratch-tmp-x", "/tmp_x", "5Mi"),
    ]
    assert platform(workload(volumes=made)).workloads[0].volumes == made


def test_shared_memory_is_kept_in_memory() -> None:
    assert (shared_memory("9Mi").mount, shared_memory("9Mi").memory, shared_memory("9Mi").size) == (
        "/dev/shm",
        True,
        "9Mi",
    )


def small(shop: Platform, name: str) -> Run:
    return shop.small()[name].run


def test_a_small_platform_has_the_small_figures() -> None:
    tight = Resources(cpu="1m", memory="1Mi")
    scaled = Replicas(count=3, autoscale=Autoscale(maximum=9, cpu=50))
    shop = platform(
        workload("plain", run=Replicas(count=3), small=Size(count=1)),
        workload("scaled", run=scaled, small=Size(count=2, maximum=4, resources=tight)),
        workload("member", run=Stateful(count=3, first=1, quorum=True), small=Size(count=1)),
        workload("same", run=scaled, small=Size()),
        workload("unsaid", run=scaled),
    )
    assert small(shop, "plain") == Replicas(count=1)
    assert small(shop, "scaled") == Replicas(count=2, autoscale=Autoscale(maximum=4, cpu=50))
    assert small(shop, "member") == Stateful(count=1, first=1, quorum=True)
    assert small(shop, "same") == small(shop, "unsaid") == scaled
    assert [one.name for one in shop.small().workloads if one.resources == tight] == ["scaled"]


def test_a_small_platform_is_as_small_as_it_gets() -> None:
    shop = platform(workload(run=Replicas(count=3), small=Size(count=1)))
    assert shop.small().small() == shop.small()


def test_a_small_platform_keeps_no_more_copies_than_it_has_brokers() -> None:
    topics = tuple(Topic(name=f"of-{copies}", partitions=1, replication=copies) for copies in (1, 2, 3))
    shop = platform(serving("broker", run=Stateful(count=3), topics=topics, small=Size(count=2)))
    assert [topic.replication for topic in shop.small().topics.values()] == [1, 2, 2]
