"""What is wrong with a workload by itself is refused in one line: path, value, bound."""

from typing import Any

import pytest

from charts.model import (
    Autoscale,
    Command,
    ConfigFiles,
    Cron,
    Health,
    Host,
    HostPath,
    Http,
    Identity,
    Metrics,
    Once,
    Outside,
    PerNode,
    Persistent,
    Port,
    QueueLag,
    Replicas,
    Scratch,
    Secret,
    SecretFiles,
    Shared,
    Shutdown,
    Stateful,
    Tcp,
    Topic,
    Workload,
)
from tests.platforms import platform, refusals, serving, tells, workload

LONG = "a" * 64
LAG = QueueLag(topic="orders", group="packers", per_replica=5)
AGENT = {"component": "attic", "namespace": "attic"}
UNHEARD: dict[str, Any] = {"ports": (Port("http", 80, "UDP"),), "health": Health(alive=Command(("true",)))}
Mistake = tuple[dict[str, Any], str, tuple[str, ...]]


def volume(**fields: Any) -> Persistent:
    plain: dict[str, Any] = {
        "name": "till",
        "mount": "/till",
        "size": "1Gi",
        "storage_class": "shelf",
        "claim": "till-claim",
        "access": "ReadWriteMany",
    }
    return Persistent(**plain | fields)


def scratch(name: str = "tmp", mount: str = "/tmp", size: str = "1Mi") -> Scratch:
    return Scratch(name=name, mount=mount, size=size)


def files(name: str = "menu", mount: str = "/menu", file: str = "menu.txt") -> ConfigFiles:
    return ConfigFiles(name=name, mount=mount, files={file: "soup\n"})


def broker(partitions: int = 3, replication: int = 1) -> Workload:
    topic = Topic(name="orders", partitions=partitions, replication=replication)
    return serving("broker", run=Stateful(count=2), topics=(topic,))


RUNS: dict[str, Mistake] = {
    "no replica": ({"run": Replicas(count=0)}, "web.run.count", ("1", "0")),
    "no member": ({"run": Stateful(count=0)}, "web.run.count", ("1", "0")),
    "even quorum": ({"run": Stateful(count=4, quorum=True)}, "web.run.count", ("odd", "4")),
    "minimum above maximum": (
        {"run": Replicas(count=5, autoscale=Autoscale(maximum=4, cpu=50))},
        "web.run.autoscale.maximum",
        ("5", "4"),
    ),
    "cpu of no percent": (
        {"run": Replicas(autoscale=Autoscale(maximum=2, cpu=0))},
        "web.run.autoscale.cpu",
        ("1..100", "0"),
    ),
    "cpu above the request": (
        {"run": Replicas(autoscale=Autoscale(maximum=2, cpu=101))},
        "web.run.autoscale.cpu",
        ("1..100", "101"),
    ),
    "memory of no percent": (
        {"run": Replicas(autoscale=Autoscale(maximum=2, memory=0))},
        "web.run.autoscale.memory",
        ("1..100", "0"),
    ),
    "nothing to scale on": (
        {"run": Replicas(autoscale=Autoscale(maximum=2))},
        "web.run.autoscale",
        ("cpu", "memory", "lag"),
    ),
    "negative retries": ({"run": Once(retries=-1)}, "web.run.retries", ("0", "-1")),
    "no time": ({"run": Once(within=0)}, "web.run.within", ("1", "0")),
    "negative retries by the clock": ({"run": Cron(schedule="@daily", retries=-1)}, "web.run.retries", ("0", "-1")),
    "no time by the clock": ({"run": Cron(schedule="@daily", within=0)}, "web.run.within", ("1", "0")),
    "four fields": ({"run": Cron(schedule="5 4 * *")}, "web.run.schedule", ("five", '"5 4 * *"')),
    "six fields": ({"run": Cron(schedule="5 4 * * * *")}, "web.run.schedule", ("five", '"5 4 * * * *"')),
    "words": ({"run": Cron(schedule="every day")}, "web.run.schedule", ("five", '"every day"')),
    "unknown word": ({"run": Cron(schedule="@often")}, "web.run.schedule", ("five", '"@often"')),
}

NAMES: dict[str, Mistake] = {
    # A CronJob's Jobs bear its name and 11 characters more, and are labelled by it.
    "64 characters": ({"name": LONG}, f"{LONG}.name", (f'"{LONG}"', "64", str(63 - 11))),
    "one character too many": ({"name": "a" * 53}, f"{'a' * 53}.name", ("53", "52")),
    "capital": ({"name": "Web"}, "Web.name", ('"Web"', "lower")),
    "digit first": ({"name": "1web"}, "1web.name", ('"1web"',)),
    "dash last": ({"name": "web-"}, "web-.name", ('"web-"',)),
    "underscore": ({"name": "we_b"}, "we_b.name", ('"we_b"',)),
    "layer of two words": ({"layer": "the back"}, "web.layer", ('"the back"', "63")),
    "long layer": ({"layer": LONG}, "web.layer", (f'"{LONG}"', "63")),
    "layer with a dot last": ({"layer": "back."}, "web.layer", ('"back."',)),
    "volume": ({"volumes": (scratch(name="Tmp"),)}, "web.volumes", ('"Tmp"',)),
    "long volume": ({"volumes": (scratch(name=LONG),)}, "web.volumes", ("64", "63")),
    "claim": ({"volumes": (volume(claim="till.claim"),)}, "web.volumes.till.claim", ('"till.claim"',)),
    "files": ({"files": (files(name="the_menu"),)}, "web.files", ('"the_menu"',)),
    "files that are the settings": ({"files": (files(name="config"),)}, "web.files", ('"config"',)),
    "file": ({"files": (files(file="a menu"),)}, "web.files.menu", ('"a menu"', "253")),
    "long file": ({"files": (files(file="m" * 254),)}, "web.files.menu", (f'"{"m" * 254}"', "253")),
    "file that reads as settings": ({"files": (files(file="menu.env"),)}, "web.files.menu", ('"menu.env"', "settings")),
    "variable": ({"environment": {"1ST": "x"}}, "web.environment", ('"1ST"',)),
    "variable with a dash": ({"environment": {"A-B": "x"}}, "web.environment", ('"A-B"',)),
    "setting": ({"settings": {"A B": "x"}}, "web.settings", ('"A B"',)),
}

PORTS: dict[str, Mistake] = {
    "below": ({"ports": (Port("http", 0),)}, "web.ports.number", ("1..65535", "0")),
    "above": ({"ports": (Port("http", 65536),)}, "web.ports.number", ("1..65535", "65536")),
    "protocol": ({"ports": (Port("http", 80, "tcp"),)}, "web.ports.protocol", ('"TCP"', '"UDP"', '"tcp"')),
    "name twice": ({"ports": (Port("http", 80), Port("http", 81))}, "web.ports", ('"http"',)),
    "number twice": ({"ports": (Port("http", 80), Port("admin", 80))}, "web.ports", ("80",)),
    "unwatched": ({"health": None}, "web.health", ("http",)),
    "metrics": ({"metrics": Metrics(port="stats")}, "web.metrics.port", ('"stats"', "http")),
    "host": ({"host": Host(name="shop", port="admin")}, "web.host.port", ('"admin"', "http")),
    "host without any": ({"ports": (), "health": None, "host": Host(name="shop")}, "web.host", ("nothing",)),
    "host of what ends": ({"run": Once(), "host": Host(name="shop")}, "web.host", ("nothing",)),
    "host of a component": ({"component": "attic", "host": Host(name="shop")}, "web.host", ("the base", "attic")),
    "no port outside": ({"calls": (Outside(port=0, why="asks the bank"),)}, "web.calls", ("1..65535", "0")),
    "port outside above": ({"calls": (Outside(port=65536, why="asks the bank"),)}, "web.calls", ("1..65535", "65536")),
    "outside for nothing": ({"calls": (Outside(port=443, why=" "),)}, "web.calls", ("443", "reason")),
    "host of two labels": ({"host": Host(name="shop.eu")}, "web.host.name", ('"shop.eu"',)),
    "rate": ({"host": Host(name="shop", requests_per_minute=0)}, "web.host.requests_per_minute", ("1", "0")),
}

HEALTH: dict[str, Mistake] = {
    "no start": ({"health": Health(alive=Tcp("http"), starts_within=0)}, "web.health.starts_within", ("1", "0")),
    "no period": ({"health": Health(alive=Tcp("http"), every=0)}, "web.health.every", ("1", "0")),
    "gets from a port of none": (
        {"ports": (), "health": Health(alive=Http("/", "sql"))},
        "web.health",
        ('"sql"', "none"),
    ),
    "no timeout": ({"health": Health(alive=Tcp("http"), timeout=0)}, "web.health.timeout", ("1", "0")),
    "longer than its period": (
        {"health": Health(alive=Tcp("http"), every=4, timeout=7)},
        "web.health.timeout",
        ("every=4", "7"),
    ),
    "no slash": ({"health": Health(alive=Http("health"))}, "web.health", ('"/"', '"health"')),
    "no slash when ready": ({"health": Health(alive=Http("/"), ready=Http("up"))}, "web.health", ('"/"', '"up"')),
    "connects to no port": ({"health": Health(alive=Tcp("sql"))}, "web.health", ('"sql"', "http")),
    "gets from no port": ({"health": Health(alive=Http("/", port="sql"))}, "web.health", ('"sql"', "http")),
    "has no port": ({"ports": (), "health": Health(alive=Http("/"))}, "web.health", ("none",)),
}

ENVIRONMENT: dict[str, Mistake] = {
    "undefined": ({"environment": {"URL": "db://$(USER)"}}, "web.environment.URL", ("$(USER)", "none")),
    "later": ({"environment": {"A": "1", "URL": "$(Z)", "Z": "2"}}, "web.environment.URL", ("$(Z)", "A")),
    "itself": ({"environment": {"URL": "$(URL)"}}, "web.environment.URL", ("$(URL)",)),
    "unset in the arguments": ({"args": ("--pin", "$(PIN)")}, "web.args", ("$(PIN)", "none")),
    "unset in the command": (
        {"command": ("run", "$(PIN)"), "settings": {"TAX": "7"}},
        "web.command",
        ("$(PIN)", "TAX"),
    ),
    "setting of two lines": ({"settings": {"TAX": "7\n8"}}, "web.settings.TAX", ("one line", r"'7\n8'")),
    "setting that is a number": ({"settings": {"TAX": 7}}, "web.settings.TAX", ("text", "7")),
    "twice": ({"environment": {"TILL": "1"}, "settings": {"TILL": "2"}}, "web.settings.TILL", ("environment",)),
    "unknown setting": ({"environment": {"TAX": Shared("TAX")}}, "web.environment.TAX", ('"TAX"', "CURRENCY, DOMAIN")),
    "unknown secret": ({"environment": {"KEY": Secret("PIN")}}, "web.environment.KEY", ('"PIN"', "PASSWORD")),
    "unknown secret in a file": (
        {"volumes": (SecretFiles(name="keys", mount="/keys", keys=("PASSWORD", "PIN")),)},
        "web.volumes.keys",
        ('"PIN"', "shop-secret", "PASSWORD"),
    ),
}

STORAGE: dict[str, Mistake] = {
    "no size": ({"volumes": (volume(size="0Gi"),)}, "web.volumes.till.size", ("above 0", "0Gi")),
    "no quantity": ({"volumes": (volume(size="big"),)}, "web.volumes.till.size", ('"big"', "no quantity")),
    "no scratch": ({"volumes": (scratch(size="0"),)}, "web.volumes.tmp.size", ("above 0", "0")),
    "access": ({"volumes": (volume(access="ReadOnce"),)}, "web.volumes.till.access", ("ReadWriteOnce", '"ReadOnce"')),
    "one per pod without pods of a name": ({"volumes": (volume(claim=None),)}, "web.volumes.till.claim", ("Stateful",)),
    "single writer, two replicas": (
        {"run": Replicas(count=2), "volumes": (volume(access="ReadWriteOnce"),)},
        "web.volumes.till.access",
        ("ReadWriteOnce", "one", "Stateful"),
    ),
    "single writer, two members": (
        {"run": Stateful(count=2), "volumes": (volume(access="ReadWriteOncePod"),)},
        "web.volumes.till.access",
        ("ReadWriteOncePod", "one", "2", "till-claim"),
    ),
    "single writer that scales": (
        {"run": Replicas(autoscale=Autoscale(maximum=6, cpu=50)), "volumes": (volume(access="ReadWriteOnce"),)},
        "web.volumes.till.access",
        ("ReadWriteOnce", "one"),
    ),
    "single writer in a rollout": (
        {"run": Replicas(), "volumes": (volume(access="ReadWriteOnce"),)},
        "web.volumes.till.access",
        ("ReadWriteOnce", "rollout", "Stateful"),
    ),
    "per node": ({"run": PerNode(), "volumes": (volume(),)}, "web.volumes.till", ("node", "Scratch")),
    "names": ({"volumes": (scratch(), scratch(mount="/var/tmp"))}, "web.volumes", ('"tmp"',)),
    "name of files": ({"volumes": (scratch(name="menu"),), "files": (files(),)}, "web.volumes", ('"menu"',)),
    "mounts": ({"volumes": (scratch(), scratch(name="temporary"))}, "web.volumes", ('"/tmp"',)),
    "mount inside files": (
        {"volumes": (scratch(mount="/menu/tmp"),), "files": (files(),)},
        "web.volumes",
        ('"/menu/tmp"', '"/menu"', "read-only"),
    ),
    "files inside a secret": (
        {
            "volumes": (SecretFiles(name="keys", mount="/keys/", keys=("PASSWORD",)),),
            "files": (files(mount="/keys/menu"),),
        },
        "web.volumes",
        ('"/keys/menu"', '"/keys/"', "read-only"),
    ),
    "files inside the node's": (
        {
            "volumes": (HostPath(name="logs", mount="/logs", path="/var/log"), scratch(mount="/logs/tmp")),
            "exceptions": {"host-path": "reads the logs"},
            **AGENT,
        },
        "web.volumes",
        ('"/logs/tmp"', '"/logs"'),
    ),
    "mount of files": ({"volumes": (scratch(mount="/menu"),), "files": (files(),)}, "web.volumes", ('"/menu"',)),
    "folder of the node": (
        {"volumes": (HostPath(name="logs", mount="/logs", path="/var/log"),)},
        "web.volumes.logs",
        ('"host-path"',),
    ),
}

REST: dict[str, Mistake] = {
    "what the namespace refuses": (
        {"exceptions": {"host-pid": "counts", "writable-root": "writes"}},
        "web.exceptions",
        ("host-pid", "namespace", "component"),
    ),
    "what a namespace of the platform refuses": (
        {"exceptions": {"host-network": "counts"}, "component": "attic"},
        "web.exceptions",
        ("host-network", "namespace of its own"),
    ),
    "all keys of a secret": (
        {"volumes": (SecretFiles(name="keys", mount="/keys", keys=()),)},
        "web.volumes.keys.keys",
        ("all",),
    ),
    "probe of what is no stream": ({**UNHEARD, "health": Health(alive=Tcp("http"))}, "web.health", ('"http"', "TCP")),
    "probe of a first port that is no stream": ({**UNHEARD, "health": Health(alive=Http("/"))}, "web.health", ("TCP",)),
    "metrics at what is no stream": ({**UNHEARD, "metrics": Metrics(port="http")}, "web.metrics.port", ('"http"',)),
    "host at what is no stream": ({**UNHEARD, "host": Host(name="www")}, "web.host.port", ('"http"', "TCP")),
    "broker at what is no stream": (
        {**UNHEARD, "topics": (Topic(name="orders", partitions=1, replication=1),)},
        "web.topics",
        ('"http"', "TCP"),
    ),
    "root": ({"identity": Identity(uid=0, gid=1, fs_group=1)}, "web.identity.uid", ("1", "0")),
    "negative group": ({"identity": Identity(uid=1, gid=-3, fs_group=1)}, "web.identity.gid", ("0", "-3")),
    "negative group of the volumes": (
        {"identity": Identity(uid=1, gid=1, fs_group=-4)},
        "web.identity.fs_group",
        ("0", "-4"),
    ),
    "negative drain": ({"shutdown": Shutdown(drain=-2)}, "web.shutdown.drain", ("0", "-2")),
    "grace under drain": ({"shutdown": Shutdown(drain=25, grace=15)}, "web.shutdown.grace", ("drain=25", "15")),
    "grace as long as drain": ({"shutdown": Shutdown(drain=9, grace=9)}, "web.shutdown.grace", ("drain=9", "9")),
    "unknown exception": ({"exceptions": {"root": "because"}}, "web.exceptions", ('"root"', "writable-root")),
    "no reason": ({"exceptions": {"writable-root": ""}}, "web.exceptions", ('"writable-root"', "reason")),
    "blank reason": ({"exceptions": {"writable-root": " "}}, "web.exceptions", ('"writable-root"', "reason")),
    "namespace in the base": ({"namespace": "attic"}, "web.namespace", ("component", "attic")),
    "consumer of no topic": (
        {"run": Replicas(autoscale=Autoscale(maximum=2, lag=LAG))},
        "web.run.autoscale.lag.topic",
        ('"orders"', "none"),
    ),
}


def cases() -> list[Any]:
    groups = {
        "run": RUNS,
        "name": NAMES,
        "port": PORTS,
        "health": HEALTH,
        "environment": ENVIRONMENT,
        "storage": STORAGE,
    }
    return [
        pytest.param(*mistake, id=f"{group}: {title}")
        for group, mistakes in {**groups, "rest": REST}.items()
        for title, mistake in mistakes.items()
    ]


@pytest.mark.parametrize(("fields", "path", "words"), cases())
def test_a_mistake_is_one_line_with_path_value_and_bound(
    fields: dict[str, Any], path: str, words: tuple[str, ...]
) -> None:
    [line] = refusals(serving(**fields))
    assert tells(line, path, *words), line


@pytest.mark.parametrize("name", ["", "-http", "http-", "a--b", "HTTP", "8080", "p" * 16])
def test_a_port_has_a_name_that_services_take(name: str) -> None:
    [line] = refusals(workload(ports=(Port(name, 80),), health=Health(alive=Command(("true",)))))
    assert tells(line, "web.ports.name", f'"{name}"', "15")


@pytest.mark.parametrize("both", [Autoscale(maximum=2, lag=LAG, cpu=50), Autoscale(maximum=2, lag=LAG, memory=50)])
def test_lag_goes_with_nothing_else_to_scale_on(both: Autoscale) -> None:
    [line] = refusals(workload(run=Replicas(autoscale=both)), broker())
    assert tells(line, "web.run.autoscale.lag", "cpu", "memory")


def test_lag_of_no_message_is_refused() -> None:
    none = Autoscale(maximum=2, lag=QueueLag(topic="orders", group="packers", per_replica=0))
    [line] = refusals(workload(run=Replicas(autoscale=none)), broker())
    assert tells(line, "web.run.autoscale.lag.per_replica", "1", "0")


@pytest.mark.parametrize(
    ("topic", "path", "words"),
    [
        (Topic(name="orders", partitions=0, replication=1), "broker.topics.orders.partitions", ("1", "0")),
        (Topic(name="orders", partitions=1, replication=0), "broker.topics.orders.replication", ("1..2", "0")),
        (
            Topic(name="orders", partitions=1, replication=3),
            "broker.topics.orders.replication",
            ("1..2", "brokers", "3"),
        ),
    ],
)
def test_a_topic_needs_partitions_and_brokers(topic: Topic, path: str, words: tuple[str, ...]) -> None:
    [line] = refusals(serving("broker", run=Stateful(count=2), topics=(topic,)))
    assert tells(line, path, *words)


def test_a_consumer_beyond_the_partitions_is_refused() -> None:
    packers = workload("packers", run=Replicas(autoscale=Autoscale(maximum=4, lag=LAG)))
    [line] = refusals(packers, broker(partitions=3))
    assert tells(line, "packers.run.autoscale.maximum", "3", "orders", "4")


RIGHT: dict[str, dict[str, Any]] = {
    "shortest name": {"name": "a"},
    "longest name": {"name": "a" * 52},
    "empty layer": {"layer": ""},
    "longest layer": {"layer": "a" * 63},
    "probed inside, without a port": {"ports": (), "health": Health(alive=Command(("true",)))},
    "lowest port": {"ports": (Port("http", 1),)},
    "ports outside": {"calls": (Outside(port=1, why="asks"), Outside(port=65535, why="asks"))},
    "highest port": {"ports": (Port("http", 80), Port("names", 65535, "UDP"))},
    "longest port name": {"ports": (Port("p" * 15, 80),), "health": Health(alive=Tcp("p" * 15))},
    "odd quorum": {"run": Stateful(count=5, quorum=True)},
    "even members without a vote": {"run": Stateful(count=4)},
    "minimum at maximum": {"run": Replicas(count=3, autoscale=Autoscale(maximum=3, memory=100))},
    "lowest percent": {"run": Replicas(autoscale=Autoscale(maximum=2, cpu=1))},
    "no retry": {"run": Once(retries=0, within=1)},
    "clock": {"run": Cron(schedule="*/5 0-4 1,15 * MON", retries=0, within=1)},
    "word of the clock": {"run": Cron(schedule="@hourly")},
    "shortest health": {"health": Health(alive=Tcp("http"), starts_within=1, every=1, timeout=1)},
    "ends unwatched": {"run": Once(), "health": None},
    "lowest identity": {"identity": Identity(uid=1, gid=0, fs_group=0)},
    "no drain": {"shutdown": Shutdown(drain=0, grace=1)},
    "metrics": {"metrics": Metrics(port="http")},
    "one request a minute": {"host": Host(name="shop", requests_per_minute=1)},
    "composed": {"environment": {"A": Secret("PASSWORD"), "B": Shared("CURRENCY"), "URL": "db://$(A):$(B)@x"}},
    "longest file": {"files": (files(file="m" * 253),)},
    "set in the environment, the settings, by a shell": {
        "environment": {"A": "1", "B": "$$(C) is no reference"},
        "settings": {"TAX": lambda _: "7"},
        "args": ("$(A)", "$(TAX)", "$(hostname)", "$$(D)"),
    },
    "shared writers": {"run": Replicas(count=2), "volumes": (volume(),)},
    "mounted beside and inside what is writable": {
        "volumes": (
            scratch(),
            scratch("inner", "/tmp/inner"),
            volume(),
            scratch("change", "/till/change"),
        ),
        "files": (files(mount="/men"), files(name="wine", mount="/menu")),
    },
    "single writer": {"run": Stateful(), "volumes": (volume(access="ReadWriteOncePod"),)},
    "a claim per pod": {"run": Stateful(count=2), "volumes": (volume(claim=None),)},
    "reasoned": {
        "volumes": (HostPath(name="logs", mount="/logs", path="/var/log"),),
        "exceptions": {"host-path": "reads the logs"},
        **AGENT,
    },
    "component with a namespace": {"component": "attic", "namespace": "attic"},
}


@pytest.mark.parametrize("fields", RIGHT.values(), ids=RIGHT)
def test_what_is_at_the_bound_is_admitted(fields: dict[str, Any]) -> None:
    one = serving(**fields)
    assert platform(one).workloads == (one,)


def test_as_many_consumers_as_partitions_and_copies_as_brokers_are_admitted() -> None:
    lag = QueueLag(topic="orders", group="packers", per_replica=1)
    packers = workload("packers", run=Replicas(autoscale=Autoscale(maximum=3, lag=lag)))
    assert platform(packers, broker(partitions=3, replication=2)).topics["orders"].replication == 2
