"""Airflow 3 under the specification's names: its API server is the webserver, and it has two processes more."""

from catalog import images
from catalog.files import read
from catalog.shared import POSTGRES, REDIS
from charts.model import (
    Command,
    ConfigFiles,
    Health,
    Host,
    Http,
    Identity,
    Metrics,
    Once,
    Persistent,
    Port,
    Replicas,
    Resources,
    Secret,
    Shared,
    Shutdown,
    Size,
    Stateful,
    Tcp,
    Workload,
    writable,
)
from charts.model.environment import Value
from charts.model.run import Run

USER = Identity(uid=50000, gid=0, fs_group=0)  # apache/airflow Dockerfile
CELERY = "airflow.providers.celery.executors.celery_executor.app"

ENVIRONMENT: dict[str, Value] = {
    "POSTGRES_HOST": POSTGRES["POSTGRES_HOST"],
    "POSTGRES_PORT": POSTGRES["POSTGRES_PORT"],
    **REDIS,
    "AIRFLOW_DB_PASSWORD": Secret("AIRFLOW_DB_PASSWORD"),
    "AIRFLOW_DB": "airflow:$(AIRFLOW_DB_PASSWORD)@$(POSTGRES_HOST):$(POSTGRES_PORT)/airflow",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://$(AIRFLOW_DB)",
    "AIRFLOW__CELERY__RESULT_BACKEND": "db+postgresql://$(AIRFLOW_DB)",
    "AIRFLOW__CELERY__BROKER_URL": "redis://:$(REDIS_PASSWORD)@$(REDIS_HOST):$(REDIS_PORT)/1",
    "AIRFLOW__CORE__FERNET_KEY": Secret("AIRFLOW_FERNET_KEY"),
    "AIRFLOW__API__SECRET_KEY": Secret("AIRFLOW_SECRET_KEY"),
    "AIRFLOW__API_AUTH__JWT_SECRET": Secret("AIRFLOW_JWT_SECRET"),
}

SETTINGS = {
    "AIRFLOW_CONFIG": "/opt/airflow/config/airflow.cfg",
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://airflow-webserver:8080/execution/",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
    "AIRFLOW__METRICS__STATSD_ON": "true",
    "AIRFLOW__METRICS__STATSD_HOST": "statsd-exporter",
    "AIRFLOW__METRICS__STATSD_PORT": "9125",
    "AIRFLOW__METRICS__STATSD_PREFIX": "airflow",
    "PYTHONDONTWRITEBYTECODE": "1",
}

# The file must be there, or Airflow writes one, which a read-only root refuses.
CONFIGURATION = ConfigFiles(
    name="airflow", mount="/opt/airflow/config", files={"airflow.cfg": "# Set by variables, AIRFLOW__SECTION__KEY.\n"}
)
SCRATCH = writable("/opt/airflow/logs", "/tmp", size="1Gi")
DEPENDENCIES = ("postgres:sql", "redis:redis", "statsd-exporter:statsd")


def job_check(kind: str) -> Command:
    return Command(("airflow", "jobs", "check", "--job-type", kind, "--local"))


def process(
    name: str,
    run: Run,
    args: tuple[str, ...],
    resources: Resources,
    health: Health,
    small: Size,
    *,
    ports: tuple[Port, ...] = (),
    settings: dict[str, str] | None = None,
    environment: dict[str, Value] | None = None,
    logs: tuple[Persistent, ...] = (),
    calls: tuple[str, ...] = (),
    host: Host | None = None,
    grace: int = 60,
) -> Workload:
    """One of Airflow's processes: the same image, configuration and dependencies, another command."""
    return Workload(
        name=name,
        layer="airflow",
        image=images.AIRFLOW,
        run=run,
        args=args,
        resources=resources,
        ports=ports,
        health=health,
        environment=ENVIRONMENT | (environment or {}),
        settings=SETTINGS | (settings or {}),
        files=(CONFIGURATION,),
        volumes=(*logs, *(SCRATCH[1:] if logs else SCRATCH)),
        calls=DEPENDENCIES + calls,
        after=("airflow-migrate", "redis"),
        host=host,
        identity=USER,
        shutdown=Shutdown(drain=5, grace=grace),
        small=small,
    )


MIGRATION = Workload(
    name="airflow-migrate",
    layer="airflow",
    image=images.AIRFLOW,
    run=Once(within=900),
    # The image's own switches for these two swallow failures.
    args=(
        "bash",
        "-c",
        "airflow db migrate && airflow users create --role Admin --username admin --password"
        ' "$AIRFLOW_ADMIN_PASSWORD" --firstname News --lastname Talk --email "admin@$DOMAIN"',
    ),
    resources=Resources(cpu="250m..500m", memory="512Mi..1Gi"),  # judged: one Airflow process
    environment=ENVIRONMENT | {"AIRFLOW_ADMIN_PASSWORD": Secret("AIRFLOW_ADMIN_PASSWORD"), "DOMAIN": Shared("DOMAIN")},
    settings=SETTINGS,
    files=(CONFIGURATION,),
    volumes=SCRATCH,
    calls=DEPENDENCIES,
    after=("postgres", "redis"),
    identity=USER,
)

# Sizes, judged: an Airflow process takes about 300 MiB before it works, a worker as much again for each of its tasks.
WEBSERVER = process(
    "airflow-webserver",
    Replicas(),
    ("api-server", "--proxy-headers"),
    Resources(cpu="250m..1000m", memory="1Gi..2Gi"),
    Health(alive=Http("/api/v2/version"), starts_within=180, timeout=10),
    Size(resources=Resources(cpu="100m..500m", memory="512Mi..1536Mi")),
    ports=(Port("http", 8080),),
    environment={"DOMAIN": Shared("DOMAIN"), "AIRFLOW__API__BASE_URL": "https://airflow.$(DOMAIN)"},
    settings={
        "AIRFLOW__FAB__ENABLE_PROXY_FIX": "true",
        "AIRFLOW__FAB__COOKIE_SECURE": "true",
        "FORWARDED_ALLOW_IPS": "*",
    },
    calls=("airflow-worker:logs", "airflow-triggerer:logs"),
    host=Host(name="airflow"),
)

SCHEDULER = process(
    "airflow-scheduler",
    Replicas(),
    ("scheduler",),
    Resources(cpu="250m..1000m", memory="1Gi..2Gi"),
    # Its health answers from the database, so liveness asks only whether the process still listens.
    Health(alive=Tcp("health"), ready=Http("/health"), starts_within=180, timeout=10),
    Size(resources=Resources(cpu="100m..500m", memory="512Mi..1Gi")),
    ports=(Port("health", 8974),),
    settings={"AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "true"},
    calls=("airflow-webserver:http",),
)

DAG_PROCESSOR = process(
    "airflow-dag-processor",
    Replicas(),
    ("dag-processor",),
    Resources(cpu="250m..500m", memory="512Mi..1Gi"),
    # Only its heartbeat, which is in the database, tells that it hangs; it has no port to ask.
    Health(alive=job_check("DagProcessorJob"), starts_within=180, every=60, timeout=30),
    Size(resources=Resources(cpu="100m..250m", memory="512Mi..1Gi")),
)

TRIGGERER = process(
    "airflow-triggerer",
    Stateful(),
    ("triggerer",),
    Resources(cpu="100m..500m", memory="512Mi..1Gi"),
    Health(alive=Tcp("logs"), ready=job_check("TriggererJob"), starts_within=180, timeout=30),
    Size(resources=Resources(cpu="50m..250m", memory="512Mi..1Gi")),
    ports=(Port("logs", 8794),),
    calls=("airflow-webserver:http",),
)

WORKER = process(
    "airflow-worker",
    Stateful(count=2, together=True),
    ("celery", "worker"),
    Resources(cpu="500m..1000m", memory="2Gi..3Gi"),
    Health(
        alive=Tcp("logs"),
        ready=Command(("sh", "-c", f"celery --app {CELERY} inspect ping --destination celery@$HOSTNAME")),
        starts_within=180,
        timeout=30,
    ),
    Size(count=1, resources=Resources(cpu="200m..500m", memory="1Gi..2Gi")),
    ports=(Port("logs", 8793),),
    settings={"AIRFLOW__CELERY__WORKER_CONCURRENCY": "4", "DUMB_INIT_SETSID": "0"},  # the latter: a warm shutdown
    logs=(Persistent(name="logs", mount="/opt/airflow/logs", size="10Gi", storage_class="standard"),),
    calls=("airflow-webserver:http",),
    grace=600,  # judged: the longest task in hand
)

STATSD = Workload(
    name="statsd-exporter",
    layer="airflow",
    image=images.STATSD_EXPORTER,
    run=Replicas(),
    resources=Resources(cpu="50m..100m", memory="64Mi..128Mi"),  # prometheus-community/helm-charts' examples
    args=(
        "--statsd.mapping-config=/etc/statsd/statsd-mapping.yml",
        "--statsd.listen-udp=:9125",
        "--statsd.listen-tcp=",
    ),
    ports=(Port("metrics", 9102), Port("statsd", 9125, protocol="UDP")),
    health=Health(alive=Http("/-/healthy"), ready=Http("/-/ready")),
    metrics=Metrics(),
    files=(ConfigFiles(name="mapping", mount="/etc/statsd", files=read("airflow/statsd-mapping.yml")),),
    identity=Identity(uid=65534, gid=65534, fs_group=65534),
)

WORKLOADS = (MIGRATION, WEBSERVER, SCHEDULER, DAG_PROCESSOR, TRIGGERER, WORKER, STATSD)
