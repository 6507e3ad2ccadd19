"""The data layer: PostgreSQL and its dumps, Redis, Kafka with ZooKeeper and its UI, and the exporters that see them."""

from catalog import images
from catalog.application import ARTICLES
from catalog.files import read
from catalog.shared import KAFKA, NOBODY, POSTGRES, REDIS
from charts.model import (
    Command,
    ConfigFiles,
    Cron,
    FromPod,
    Health,
    Host,
    Http,
    Identity,
    Metrics,
    Once,
    Persistent,
    Platform,
    Port,
    Quantity,
    Replicas,
    Resources,
    Secret,
    Shutdown,
    Size,
    Stateful,
    Tcp,
    Topic,
    Variant,
    Workload,
    shared_memory,
    writable,
)

FAST = "fast-ssd"  # databases
BACKUP = "backup"  # dumps
STANDARD = "standard"  # logs and temporary data

POSTGRES_USER = Identity(uid=999, gid=999, fs_group=999)  # docker-library/postgres Dockerfile
REDIS_USER = Identity(uid=999, gid=999, fs_group=999)  # redis/docker-library-redis Dockerfile
CONFLUENT = Identity(uid=1000, gid=1000, fs_group=1000)  # confluentinc/kafka-images: appuser
EXPORTER = Resources(cpu="50m..100m", memory="64Mi..128Mi")  # prometheus-community/helm-charts' examples
REDIS_SIZE = Resources(cpu="250m..500m", memory="256Mi..768Mi")
REDIS_SHARE = 60  # percent of the limit: the copy that a fork makes while saving is not counted by Redis


def mebibytes(percent: int, resources: Resources) -> int:
    """That percentage of the memory limit, in MiB."""
    return int(resources.limits["memory"].amount * percent / 100 / Quantity("1Mi").amount)


def heap(workload: str, platform: Platform) -> str:
    """Half of the memory limit: the page cache and the JVM's other memory need the rest."""
    size = mebibytes(50, platform[workload].resources)
    return f"-Xms{size}m -Xmx{size}m"


DATABASE = Workload(
    name="postgres",
    layer="data",
    image=images.POSTGRES,
    run=Stateful(),
    resources=Resources(cpu="500m..1000m", memory="512Mi..1Gi"),
    # A quarter of the limit, postgresql.org/docs/current/runtime-config-resource.html. Connections, judged: 10
    # backends of 4 workers, the other services' pools and Airflow's, with room.
    args=("postgres", "-c", "shared_buffers=256MB", "-c", "max_connections=200"),
    ports=(Port("sql", 5432),),
    health=Health(
        alive=Tcp("sql"),
        ready=Command(("sh", "-c", 'exec pg_isready --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB"')),
        starts_within=120,  # judged: recovery after a crash
    ),
    environment=POSTGRES
    | {
        "AIRFLOW_DB_NAME": "airflow",
        "AIRFLOW_DB_USER": "airflow",
        "AIRFLOW_DB_PASSWORD": Secret("AIRFLOW_DB_PASSWORD"),
    },
    files=(
        ConfigFiles(
            name="init",
            mount="/docker-entrypoint-initdb.d",
            files=read("postgres/10-databases.sh"),
            executable=True,
        ),
    ),
    volumes=(
        Persistent(name="data", mount="/var/lib/postgresql", size="20Gi", storage_class=FAST, claim="postgres-pvc"),
        shared_memory("256Mi"),  # parallel queries fail on the 64Mi of a container
        *writable("/var/run/postgresql", "/tmp"),
    ),
    identity=POSTGRES_USER,
    shutdown=Shutdown(drain=0, grace=120),  # judged: a checkpoint of all of shared_buffers
    small=Size(resources=Resources(cpu="250m..500m", memory="512Mi..1Gi")),
)

DUMP = Workload(
    name="postgres-backup",
    layer="data",
    image=images.POSTGRES,
    run=Cron(schedule="30 2 * * *"),  # judged: every night, before Europe reads the news
    resources=Resources(cpu="100m..250m", memory="128Mi..512Mi"),
    command=("/scripts/backup.sh",),
    environment=POSTGRES
    | {
        "PGHOST": "$(POSTGRES_HOST)",
        "PGPORT": "$(POSTGRES_PORT)",
        "PGUSER": "$(POSTGRES_USER)",
        "PGPASSWORD": "$(POSTGRES_PASSWORD)",
        "BACKUP_DATABASES": "$(POSTGRES_DB) airflow",
        "BACKUP_KEEP_DAYS": "14",  # judged: two weeks in which a mistake is noticed
    },
    files=(ConfigFiles(name="scripts", mount="/scripts", files=read("postgres/backup.sh"), executable=True),),
    volumes=(
        # judged: 14 compressed dumps of a 20Gi volume at about a sixth of its size each
        Persistent(name="dumps", mount="/backup", size="50Gi", storage_class=BACKUP, claim="postgres-backup-pvc"),
        *writable("/tmp", size="256Mi"),
    ),
    calls=("postgres:sql",),
    after=("postgres",),
    identity=POSTGRES_USER,
)

CACHE = Workload(
    name="redis",
    layer="data",
    image=images.REDIS,
    run=Stateful(),
    resources=REDIS_SIZE,
    # No command: the image's entrypoint loads the modules, TimeSeries among them.
    args=(
        "/etc/redis/redis.conf",
        "--maxmemory",
        f"{mebibytes(REDIS_SHARE, REDIS_SIZE)}mb",
        "--requirepass",
        "$(REDIS_PASSWORD)",
    ),
    ports=(Port("redis", 6379),),
    health=Health(
        alive=Tcp("redis"), ready=Command(("redis-cli", "ping")), starts_within=60
    ),  # judged: loading its file
    environment={"REDIS_PASSWORD": REDIS["REDIS_PASSWORD"], "REDISCLI_AUTH": "$(REDIS_PASSWORD)"},
    files=(ConfigFiles(name="server", mount="/etc/redis", files=read("redis/redis.conf")),),
    volumes=(
        # judged: the append-only file is rewritten at twice the memory, beside the old one
        Persistent(name="data", mount="/data", size="5Gi", storage_class=FAST),
        *writable("/tmp"),
    ),
    identity=REDIS_USER,
    shutdown=Shutdown(drain=0, grace=60),
    small=Size(resources=Resources(cpu="100m..250m", memory="256Mi..768Mi")),
)


def ensemble(platform: Platform) -> str:
    """The members, whose numbers are their places in this list."""
    run = platform["zookeeper"].run
    members = range(run.first, run.first + run.count) if isinstance(run, Stateful) else range(0)
    return ";".join(f"zookeeper-{member}.zookeeper:2888:3888" for member in members)


ZOOKEEPER = Workload(
    name="zookeeper",
    layer="data",
    image=images.ZOOKEEPER,
    run=Stateful(count=3, first=1, quorum=True, together=True),
    # judged: metadata of a few topics; Confluent's own examples give it half a gigabyte of heap
    resources=Resources(cpu="250m..500m", memory="512Mi..1Gi"),
    ports=(Port("client", 2181), Port("peer", 2888), Port("election", 3888)),
    health=Health(
        alive=Tcp("client"),
        ready=Command(("sh", "-c", "echo srvr | nc -w 2 localhost 2181 | grep -q Mode")),
        starts_within=60,
    ),
    environment={"ZOOKEEPER_SERVER_ID": FromPod("metadata.labels['apps.kubernetes.io/pod-index']")},
    settings={
        "ZOOKEEPER_CLIENT_PORT": "2181",
        "ZOOKEEPER_TICK_TIME": "2000",
        "ZOOKEEPER_SERVERS": ensemble,
        "ZOOKEEPER_QUORUM_LISTEN_ON_ALL_IPS": "true",
        "ZOOKEEPER_AUTOPURGE_PURGE_INTERVAL": "24",
        "ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT": "3",
        "KAFKA_HEAP_OPTS": lambda platform: heap("zookeeper", platform),
        "LOG_DIR": "/tmp",
    },
    volumes=(
        # judged: snapshots are megabytes, three are kept
        Persistent(name="data", mount="/var/lib/zookeeper/data", size="5Gi", storage_class=FAST),
        Persistent(name="log", mount="/var/lib/zookeeper/log", size="5Gi", storage_class=FAST),
        *writable("/etc/kafka", "/var/log/kafka", "/tmp"),
    ),
    calls=("zookeeper:peer", "zookeeper:election"),
    identity=CONFLUENT,
    shutdown=Shutdown(drain=0, grace=60),
    unready_addresses=True,
    small=Size(count=1, resources=Resources(cpu="100m..250m", memory="512Mi")),
)


def replication(platform: Platform) -> str:
    return str(platform.topics[ARTICLES].replication)


def in_sync(platform: Platform) -> str:
    """One less than the replication, so that a broker may be away: 2 of 3, and 1 where there is one."""
    return str(max(1, platform.topics[ARTICLES].replication - 1))


def topic_lines(platform: Platform) -> dict[str, str]:
    """One line per topic: name, partitions, replication, settings."""
    lines = []
    for topic in platform.topics.values():
        settings = {"min.insync.replicas": in_sync(platform)} | dict(topic.settings)
        written = " ".join(f"{key}={value}" for key, value in settings.items())
        lines.append(f"{topic.name} {topic.partitions} {topic.replication} {written}\n")
    return {"topics": "".join(lines)}


POD_INDEX = FromPod("metadata.labels['apps.kubernetes.io/pod-index']")

# kafka.apache.org, Operations: KRaft. Combined servers, which broker and vote, suit clusters of this size.
KRAFT = Variant(
    says="""Kafka 4, whose brokers keep the metadata themselves, without ZooKeeper; needs an image of Kafka 4.

The overlay sets the tag of newstalk-ai/kafka to such a build. Brokers that find data of a cluster with ZooKeeper refuse
to start and change nothing; ZooKeeper's own claims stay. The size, small or not, is that of the first start: voters
cannot be added to a quorum by settings.""",
    command=("/scripts/kraft.sh", "/etc/confluent/docker/run"),
    ports=(Port("controller", 29093),),
    environment={
        "POD_NAME": FromPod("metadata.name"),
        "KAFKA_NODE_ID": POD_INDEX,
        "KAFKA_ADVERTISED_LISTENERS": "INTERNAL://$(POD_NAME).kafka:29092,CONTROLLER://$(POD_NAME).kafka:29093",
    },
    settings={
        # kafka-storage random-uuid. Every environment's cluster may bear it; an overlay may give its own, once.
        "CLUSTER_ID": "3_2REGAoRkCKN6KWnfgvcw",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "INTERNAL://0.0.0.0:29092,CONTROLLER://0.0.0.0:29093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_ZOOKEEPER_CONNECT": None,
        "KAFKA_CUB_ZK_TIMEOUT": None,
    },
    files=(ConfigFiles(name="kraft", mount="/scripts", files=read("kafka/kraft.sh"), executable=True),),
    calls=("kafka:broker", "kafka:controller"),
    after=(),
    replaces=("zookeeper",),
)

WEEK = str(7 * 24 * 3600 * 1000)  # milliseconds; Kafka's own default retention

KAFKA_BROKER = Workload(
    name="kafka",
    layer="data",
    image=images.KAFKA,
    run=Stateful(count=3, apart=True, together=True),
    # judged: a broker of this load runs well in 1 GiB of heap, and as much page cache
    resources=Resources(cpu="500m..1000m", memory="2Gi"),
    ports=(Port("broker", 29092), Port("metrics", 9404)),
    health=Health(alive=Tcp("broker"), starts_within=180),  # judged: recovers its logs after a crash
    metrics=Metrics(),
    environment={
        "POD_NAME": FromPod("metadata.name"),
        "KAFKA_BROKER_ID": POD_INDEX,
        "KAFKA_ADVERTISED_LISTENERS": "INTERNAL://$(POD_NAME).kafka:29092",
    },
    settings={
        "KAFKA_ZOOKEEPER_CONNECT": lambda platform: ",".join(
            member.split(":")[0] + ":2181" for member in ensemble(platform).split(";")
        ),
        "KAFKA_LISTENERS": "INTERNAL://0.0.0.0:29092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data/logs",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_DEFAULT_REPLICATION_FACTOR": replication,
        "KAFKA_MIN_INSYNC_REPLICAS": in_sync,
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": replication,
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": replication,
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": in_sync,
        "KAFKA_CUB_ZK_TIMEOUT": "120",
        "KAFKA_HEAP_OPTS": lambda platform: heap("kafka", platform),
        "KAFKA_OPTS": "-javaagent:/opt/jmx/jmx_prometheus_javaagent.jar=9404:/etc/jmx/jmx.yml",
    },
    files=(ConfigFiles(name="jmx", mount="/etc/jmx", files=read("kafka/jmx.yml")),),
    volumes=(
        # judged: a week of articles, three copies, with room to grow
        Persistent(name="data", mount="/var/lib/kafka/data", size="20Gi", storage_class=FAST),
        *writable("/etc/kafka", "/var/log/kafka", "/tmp"),
    ),
    calls=("zookeeper:client", "kafka:broker"),
    after=("zookeeper",),
    identity=CONFLUENT,
    shutdown=Shutdown(drain=0, grace=120),
    topics=(
        # judged: 6 partitions, so that the consumer's 4 replicas at most all work and two more fit
        Topic(name=ARTICLES, partitions=6, replication=3, settings={"retention.ms": WEEK}),
        Topic(name="articles.processed", partitions=6, replication=3, settings={"retention.ms": WEEK}),
        Topic(name="articles.dead-letter", partitions=1, replication=3, settings={"retention.ms": WEEK}),
    ),
    unready_addresses=True,
    small=Size(count=1, resources=Resources(cpu="250m..500m", memory="1Gi")),
    variants={"kraft": KRAFT},
)

TOPICS = Workload(
    name="kafka-topics",
    layer="data",
    image=images.KAFKA,
    run=Once(),
    resources=Resources(cpu="100m..250m", memory="256Mi..512Mi"),  # judged: a JVM that runs for seconds
    command=("/scripts/topics.sh",),
    environment=KAFKA,
    files=(
        ConfigFiles(name="scripts", mount="/scripts", files=read("kafka/topics.sh"), executable=True),
        ConfigFiles(name="topics", mount="/etc/newstalk", files=topic_lines),
    ),
    volumes=writable("/tmp", "/var/log/kafka"),
    calls=("kafka:broker",),
    after=("kafka",),
    identity=CONFLUENT,
)

KAFKA_UI = Workload(
    name="kafka-ui",
    layer="data",
    image=images.KAFKA_UI,
    run=Replicas(),
    resources=Resources(cpu="100m..250m", memory="512Mi..768Mi"),  # judged: a JVM of 384 MiB heap
    ports=(Port("http", 8080),),
    health=Health(alive=Http("/actuator/health"), starts_within=120),
    metrics=Metrics(port="http", path="/actuator/prometheus"),
    environment=KAFKA
    | {
        "KAFKA_CLUSTERS_0_NAME": "newstalk-ai",
        "KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS": "$(KAFKA_BOOTSTRAP_SERVERS)",
        "AUTH_TYPE": "LOGIN_FORM",
        "SPRING_SECURITY_USER_NAME": "admin",
        "SPRING_SECURITY_USER_PASSWORD": Secret("KAFKA_UI_PASSWORD"),
        "JAVA_OPTS": "-Xmx384m",
    },
    volumes=writable("/tmp"),
    calls=("kafka:broker",),
    after=("kafka",),
    host=Host(name="kafka-ui"),
    identity=Identity(uid=1000, gid=2000, fs_group=2000),  # kafbat/helm-charts values.yaml
    small=Size(resources=Resources(cpu="100m..250m", memory="384Mi..768Mi")),
)

POSTGRES_EXPORTER = Workload(
    name="postgres-exporter",
    layer="data",
    image=images.POSTGRES_EXPORTER,
    run=Replicas(),
    resources=EXPORTER,
    ports=(Port("metrics", 9187),),
    health=Health(alive=Http("/")),
    metrics=Metrics(),
    environment=POSTGRES
    | {
        "DATA_SOURCE_URI": "$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)?sslmode=disable",
        "DATA_SOURCE_USER": "$(POSTGRES_USER)",
        "DATA_SOURCE_PASS": "$(POSTGRES_PASSWORD)",
    },
    calls=("postgres:sql",),
    after=("postgres",),
    identity=NOBODY,
)

REDIS_EXPORTER = Workload(
    name="redis-exporter",
    layer="data",
    image=images.REDIS_EXPORTER,
    run=Replicas(),
    resources=EXPORTER,
    ports=(Port("metrics", 9121),),
    health=Health(alive=Http("/")),
    metrics=Metrics(),
    environment=REDIS | {"REDIS_ADDR": "redis://$(REDIS_HOST):$(REDIS_PORT)"},
    calls=("redis:redis",),
    after=("redis",),
    identity=Identity(uid=59000, gid=59000, fs_group=59000),  # oliver006/redis_exporter Dockerfile
)

KAFKA_EXPORTER = Workload(
    name="kafka-exporter",
    layer="data",
    image=images.KAFKA_EXPORTER,
    run=Replicas(),
    resources=EXPORTER,
    args=("--kafka.server=$(KAFKA_BOOTSTRAP_SERVERS)", "--kafka.version=3.9.0"),  # the Kafka inside cp-kafka 7.9
    ports=(Port("metrics", 9308),),
    health=Health(alive=Tcp("metrics"), starts_within=60),
    metrics=Metrics(),
    environment=KAFKA,
    calls=("kafka:broker",),
    after=("kafka",),
    identity=NOBODY,
)

WORKLOADS = (
    DATABASE,
    DUMP,
    CACHE,
    ZOOKEEPER,
    KAFKA_BROKER,
    TOPICS,
    KAFKA_UI,
    POSTGRES_EXPORTER,
    REDIS_EXPORTER,
    KAFKA_EXPORTER,
)
