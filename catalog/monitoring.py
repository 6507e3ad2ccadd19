"""The monitoring layer: Prometheus, Alertmanager, Grafana, and what measures nodes and Kubernetes objects."""

from catalog import images
from catalog.files import read
from catalog.shared import NOBODY
from charts import scrape
from charts.model import (
    ConfigFiles,
    FromPod,
    Health,
    Host,
    HostPath,
    Http,
    Identity,
    Metrics,
    Outside,
    Permission,
    PerNode,
    Persistent,
    Port,
    Replicas,
    Resources,
    Secret,
    SecretFiles,
    Shared,
    Shutdown,
    Size,
    Stateful,
    Workload,
    writable,
)

API_SERVER = (
    Outside(port=443, private=True, why="the API server, at its Service's address"),
    Outside(port=6443, private=True, why="the API server, at its own address"),
)
STANDARD = "standard"
READ = ("get", "list", "watch")

PROMETHEUS = Workload(
    name="prometheus",
    layer="monitoring",
    image=images.PROMETHEUS,
    run=Stateful(),
    # judged: some 50,000 series at about 4 KiB each, and as much again for queries
    resources=Resources(cpu="250m..1000m", memory="1Gi..2Gi"),
    args=("--config.file=/etc/prometheus/server/prometheus.yml", "--storage.tsdb.path=/prometheus"),
    ports=(Port("http", 9090),),
    health=Health(alive=Http("/-/healthy"), ready=Http("/-/ready"), starts_within=300),  # judged: replays its log
    metrics=Metrics(port="http"),
    environment={"DOMAIN": Shared("DOMAIN")},  # says in every alert which environment it comes from
    files=(
        ConfigFiles(name="server", mount="/etc/prometheus/server", files=read("prometheus/prometheus.yml")),
        ConfigFiles(name="rules", mount="/etc/prometheus/rules", files=read("alerts")),
        ConfigFiles(name=scrape.MAP, mount="/etc/prometheus/scrape", files=scrape.files),
    ),
    # judged: two weeks at the retention of prometheus.yml, with a quarter free
    volumes=(Persistent(name="data", mount="/prometheus", size="20Gi", storage_class=STANDARD),),
    calls=("alertmanager:http", *API_SERVER),
    permissions=(Permission(resources=("pods",), verbs=READ),),
    identity=NOBODY,
    shutdown=Shutdown(drain=0, grace=120),
    small=Size(resources=Resources(cpu="100m..500m", memory="512Mi..1Gi")),
)

ALERTMANAGER = Workload(
    name="alertmanager",
    layer="monitoring",
    image=images.ALERTMANAGER,
    run=Stateful(),
    resources=Resources(cpu="50m..100m", memory="64Mi..128Mi"),  # prometheus-operator/kube-prometheus' figures, rounded
    args=(
        "--config.file=/etc/alertmanager/server/alertmanager.yml",
        "--storage.path=/alertmanager",
        "--cluster.listen-address=",  # one replica: nobody to gossip with
    ),
    ports=(Port("http", 9093),),
    health=Health(alive=Http("/-/healthy"), ready=Http("/-/ready")),
    metrics=Metrics(port="http"),
    files=(ConfigFiles(name="server", mount="/etc/alertmanager/server", files=read("alertmanager/alertmanager.yml")),),
    volumes=(
        SecretFiles(name="secrets", mount="/etc/alertmanager/secrets", keys=("SLACK_WEBHOOK_URL",)),
        Persistent(
            name="data", mount="/alertmanager", size="1Gi", storage_class=STANDARD
        ),  # judged: silences, kilobytes
    ),
    calls=(Outside(port=443, why="Slack"),),
    identity=NOBODY,
    shutdown=Shutdown(drain=0, grace=30),
)

GRAFANA = Workload(
    name="grafana",
    layer="monitoring",
    image=images.GRAFANA,
    run=Stateful(),
    resources=Resources(cpu="100m..250m", memory="256Mi..512Mi"),  # grafana.com/docs: 512 MiB at most for a small team
    ports=(Port("http", 3000),),
    health=Health(alive=Http("/api/health"), starts_within=120),
    metrics=Metrics(port="http"),
    environment={
        "DOMAIN": Shared("DOMAIN"),
        "GF_SERVER_ROOT_URL": "https://grafana.$(DOMAIN)",
        "GF_SECURITY_ADMIN_USER": "admin",
        "GF_SECURITY_ADMIN_PASSWORD": Secret("GRAFANA_ADMIN_PASSWORD"),
    },
    settings={
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_SECURITY_COOKIE_SECURE": "true",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    },
    files=(
        ConfigFiles(
            name="datasources", mount="/etc/grafana/provisioning/datasources", files=read("grafana/datasources.yml")
        ),
        ConfigFiles(
            name="providers", mount="/etc/grafana/provisioning/dashboards", files=read("grafana/dashboards.yml")
        ),
        ConfigFiles(name="dashboards", mount="/etc/grafana/dashboards", files=read("dashboards")),
    ),
    volumes=(
        Persistent(
            name="data", mount="/var/lib/grafana", size="2Gi", storage_class=STANDARD
        ),  # judged: users, sessions
        *writable("/tmp"),
    ),
    calls=("prometheus:http",),
    after=("prometheus",),
    host=Host(name="grafana"),
    identity=Identity(uid=472, gid=0, fs_group=472),  # grafana/grafana Dockerfile
)

OBJECTS = {
    "": ("pods", "persistentvolumeclaims", "resourcequotas", "services"),
    "apps": ("deployments", "statefulsets", "daemonsets", "replicasets"),
    "batch": ("jobs", "cronjobs"),
    "autoscaling": ("horizontalpodautoscalers",),
    "policy": ("poddisruptionbudgets",),
}

KUBE_STATE_METRICS = Workload(
    name="kube-state-metrics",
    layer="monitoring",
    image=images.KUBE_STATE_METRICS,
    run=Replicas(),
    resources=Resources(cpu="50m..100m", memory="128Mi..256Mi"),  # its README: 250 MiB serve a hundred nodes
    args=(
        "--namespaces=$(NAMESPACE)",
        "--resources=" + ",".join(sorted(name for names in OBJECTS.values() for name in names)),
    ),
    ports=(Port("metrics", 8080), Port("telemetry", 8081)),
    health=Health(alive=Http("/livez"), ready=Http("/readyz", port="telemetry")),
    metrics=Metrics(of_others=True),
    environment={"NAMESPACE": FromPod("metadata.namespace")},
    calls=API_SERVER,
    permissions=tuple(
        Permission(groups=(group,), resources=resources, verbs=("list", "watch"))
        for group, resources in OBJECTS.items()
    ),
    identity=NOBODY,
)

NODE_EXPORTER = Workload(
    name="node-exporter",
    layer="monitoring",
    image=images.NODE_EXPORTER,
    run=PerNode(),
    resources=Resources(cpu="50m..200m", memory="64Mi..128Mi"),  # prometheus-operator/kube-prometheus' figures, rounded
    args=("--path.rootfs=/host",),
    ports=(Port("metrics", 9100),),
    health=Health(alive=Http("/")),
    metrics=Metrics(),
    volumes=(HostPath(name="host", mount="/host", path="/"),),
    identity=NOBODY,
    exceptions={
        "host-network": "measures the node's own interfaces",
        "host-pid": "measures the node's own processes",
        "host-path": "reads the node's file systems, never writes",
    },
    component="node-exporter",
    namespace="newstalk-ai-nodes",
)

WORKLOADS = (PROMETHEUS, ALERTMANAGER, GRAFANA, KUBE_STATE_METRICS, NODE_EXPORTER)
