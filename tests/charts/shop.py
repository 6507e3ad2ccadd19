"""A whole small platform that has a bit of everything: a shop."""

from charts import scrape
from charts.model import (
    Autoscale,
    Command,
    ConfigFiles,
    Cron,
    FromPod,
    Health,
    Host,
    HostPath,
    Http,
    Metrics,
    Once,
    Outside,
    Permission,
    PerNode,
    Persistent,
    Platform,
    Port,
    QueueLag,
    Replicas,
    Resources,
    Secret,
    SecretStore,
    Shared,
    Shutdown,
    Size,
    Stateful,
    Tcp,
    Topic,
    writable,
)
from tests.platforms import platform, serving, workload

HTTP, METRICS = Port("http", 8080), Port("metrics", 9090)


def volume(name: str, claim: str | None = None) -> Persistent:
    return Persistent(name=name, mount=f"/{name}", size="3Gi", storage_class="shelf", claim=claim)


FRONT = serving(
    "front",
    run=Replicas(count=2, autoscale=Autoscale(maximum=6, cpu=60)),
    ports=(HTTP, METRICS),
    health=Health(alive=Http("/alive"), ready=Http("/ready")),
    metrics=Metrics(),
    environment={"CURRENCY": Shared("CURRENCY"), "PIN": Secret("PASSWORD"), "DB": "db://x:$(PIN)@db"},
    settings={"GREETING": "hello"},
    files=(ConfigFiles(name="menu", mount="/menu", files={"menu.txt": "soup\n"}),),
    volumes=writable("/tmp"),
    calls=("db:sql", "broker:client", Outside(port=443, why="asks the bank")),
    after=("db",),
    host=Host(name="www", requests_per_minute=60),
    small=Size(count=1, maximum=2, resources=Resources(cpu="5m", memory="16Mi..32Mi")),
)
TILL = serving("till", calls=("front:http",), host=Host(name="till"))
PACKER = workload(
    "packer",
    run=Replicas(count=2, autoscale=Autoscale(maximum=3, lag=QueueLag(topic="orders", group="packers", per_replica=9))),
    calls=("broker:client",),
    small=Size(resources=Resources(cpu="5m", memory="16Mi")),
)
DATABASE = serving(
    "db",
    run=Stateful(),
    ports=(Port("sql", 5000),),
    health=Health(alive=Tcp("sql"), ready=Command(("ask", "db")), starts_within=70),
    environment={"PIN": Secret("PASSWORD")},
    volumes=(volume("rows"), *writable("/run")),
    shutdown=Shutdown(drain=0, grace=90),
)
BROKER = serving(
    "broker",
    run=Stateful(count=3, quorum=True, together=True),
    ports=(Port("client", 6000), Port("peer", 6001), METRICS),
    health=Health(alive=Tcp("client")),
    metrics=Metrics(),
    environment={"NAME": FromPod("metadata.name")},
    settings={"COPIES": lambda shop: str(shop.topics["orders"].replication), "PEERS": "broker"},
    files=(ConfigFiles(name="peers", mount="/peers", files=lambda shop: {"peers": f"{shop['broker'].run.maximum}\n"}),),
    volumes=(volume("log"), volume("index")),
    calls=("broker:peer",),
    topics=(Topic(name="orders", partitions=4, replication=3),),
    unready_addresses=True,
    small=Size(count=1),
)
MOVE = workload("move", run=Once(), calls=("db:sql",), after=("db",))
COPY = workload("copy", run=Cron(schedule="5 4 * * *"), calls=("db:sql",), volumes=(volume("copies", "copies-claim"),))
WATCHER = serving(
    "watcher",
    run=Stateful(),
    metrics=Metrics(port="http"),
    files=(ConfigFiles(name=scrape.MAP, mount="/scrape", files=scrape.files),),
    permissions=(Permission(resources=("pods",), verbs=("list",)),),
    calls=(Outside(port=443, why="the API server", private=True),),
)
AGENT = serving(
    "agent",
    run=PerNode(),
    ports=(METRICS,),
    health=Health(alive=Tcp("metrics")),
    metrics=Metrics(),
    settings={"WEIGHS": "all"},
    volumes=(HostPath(name="node", mount="/node", path="/"),),
    exceptions={"host-network": "counts packets", "host-path": "weighs files"},
    component="node-exporter",
    namespace="attic",
)


def shop() -> Platform:
    workloads = (FRONT, TILL, PACKER, DATABASE, BROKER, MOVE, COPY, WATCHER, AGENT)
    return platform(*workloads, scraper="watcher", store=SecretStore(name="safe", path="shop/keys"))
