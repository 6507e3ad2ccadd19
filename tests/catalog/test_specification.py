"""The specification's figures, as the base and the environments have them. The numbers are the specification's own."""

from collections.abc import Sequence

import pytest
import yaml

from ops.places import DIST
from tests.conftest import Manifest

RESOURCES = {  # table "Resource Allocation": cpu request and limit, memory request and limit
    "fastapi-backend": ("1000m", "2000m", "1Gi", "2Gi"),
    "langgraph-service": ("1000m", "2000m", "2Gi", "4Gi"),
    "stream-processor": ("500m", "1000m", "512Mi", "1Gi"),
    "postgres": ("500m", "1000m", "512Mi", "1Gi"),
    "redis": ("250m", "500m", "256Mi", "768Mi"),
}
AUTOSCALED = {  # "Auto-scaling Policies": fewest, most, percent of cpu and memory
    "fastapi-backend-hpa": (3, 10, {"cpu": 70, "memory": 80}),
    "langgraph-service-hpa": (2, 6, {"cpu": 75, "memory": 85}),
}
CONFIG = {  # "ConfigMap for Application Settings" and "Production Environment"
    "POSTGRES_DB": "newstalk_ai",
    "REDIS_HOST": "redis",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:29092",
    "PIPELINE_MAX_PROCESSING_TIME": "300",
    "SSE_MAX_CONNECTIONS": "1000",
    "ENABLE_STREAMING": "true",
}
SECRETS = {"OPENAI_API_KEY", "LANGFUSE_SECRET_KEY", "SLACK_WEBHOOK_URL"}
HOSTS = {f"{name}.newstalk-ai.com" for name in ("api", "airflow", "grafana", "kafka-ui")}  # "Service URLs"
QUOTA = {"requests.cpu": "8", "requests.memory": "16Gi", "limits.cpu": "16", "limits.memory": "32Gi"}
WORKLOADS = set(RESOURCES) | {  # the diagrams
    "airflow-webserver", "airflow-scheduler", "airflow-worker", "kafka", "zookeeper", "kafka-ui", "prometheus",
    "alertmanager", "grafana", "node-exporter",
}  # fmt: skip


@pytest.fixture
def production(rendered: dict[str, list[Manifest]]) -> list[Manifest]:
    return rendered["production"]


def one(objects: Sequence[Manifest], kind: str, name: str) -> Manifest:
    """The object of that name, its hash left off."""
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"].removesuffix("-") == name]
    hashed = [o for o in objects if o["kind"] == kind and o["metadata"]["name"].rpartition("-")[0] == name]
    return (found or hashed)[0]


def runner(objects: Sequence[Manifest], name: str) -> Manifest:
    kinds = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
    return next(o for o in objects if o["kind"] in kinds and o["metadata"]["labels"]["app.kubernetes.io/name"] == name)


def container(objects: Sequence[Manifest], name: str) -> Manifest:
    return dict(runner(objects, name)["spec"]["template"]["spec"]["containers"][0])


def test_every_workload_of_the_specification_runs_in_production(production: list[Manifest]) -> None:
    assert {name for name in WORKLOADS if not runner(production, name)} == set()


@pytest.mark.parametrize("name", RESOURCES)
def test_resources_are_the_table_s(name: str, production: list[Manifest]) -> None:
    found = container(production, name)["resources"]
    bounds = (found["requests"]["cpu"], found["limits"]["cpu"], found["requests"]["memory"], found["limits"]["memory"])
    assert bounds == RESOURCES[name]


@pytest.mark.parametrize("name", AUTOSCALED)
def test_autoscalers_are_the_policies(name: str, production: list[Manifest]) -> None:
    spec = one(production, "HorizontalPodAutoscaler", name)["spec"]
    targets = {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in spec["metrics"]}
    assert (spec["minReplicas"], spec["maxReplicas"], targets) == AUTOSCALED[name]


def test_the_stream_processor_scales_from_2_to_4_on_queue_depth(production: list[Manifest]) -> None:
    spec = one(production, "ScaledObject", "stream-processor")["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, 4)
    assert [trigger["type"] for trigger in spec["triggers"]] == ["kafka"]
    assert "replicas" not in runner(production, "stream-processor")["spec"]


def test_the_base_runs_two_stream_processors_where_nothing_scales_them() -> None:
    base = yaml.safe_load((DIST / "base" / "stream-processor" / "Deployment.stream-processor.yaml").read_text())
    assert base["spec"]["replicas"] == 2


def test_two_airflow_workers_run(production: list[Manifest]) -> None:
    assert runner(production, "airflow-worker")["spec"]["replicas"] == 2


def test_the_backend_lives_by_health_on_8000_every_30_s_and_has_40_s_to_start(production: list[Manifest]) -> None:
    found = container(production, "fastapi-backend")
    ports = {port["name"]: port["containerPort"] for port in found["ports"]}
    live, start, ready = (found[f"{name}Probe"] for name in ("liveness", "startup", "readiness"))
    assert (live["httpGet"]["path"], ports[live["httpGet"]["port"]], live["periodSeconds"]) == ("/health", 8000, 30)
    assert start["periodSeconds"] * start["failureThreshold"] == 40
    assert ready["httpGet"]["path"] == "/ready"


def test_postgres_keeps_20_gi_of_fast_ssd_on_its_claim(production: list[Manifest]) -> None:
    spec = one(production, "PersistentVolumeClaim", "postgres-pvc")["spec"]
    assert spec["accessModes"] == ["ReadWriteOnce"]
    assert spec["resources"]["requests"]["storage"] == "20Gi"
    assert spec["storageClassName"] == "fast-ssd"
    claims = [
        v.get("persistentVolumeClaim") for v in runner(production, "postgres")["spec"]["template"]["spec"]["volumes"]
    ]
    assert {"claimName": "postgres-pvc"} in claims


def test_dumps_go_to_the_storage_class_for_backups(production: list[Manifest]) -> None:
    claim = one(production, "PersistentVolumeClaim", "postgres-backup-pvc")
    assert claim["spec"]["storageClassName"] == "backup"


def test_brokers_and_their_keepers_are_three_in_production_and_one_locally(rendered: dict[str, list[Manifest]]) -> None:
    for name in ("kafka", "zookeeper"):
        counts = {e: runner(objects, name)["spec"]["replicas"] for e, objects in rendered.items()}
        assert (counts["production"], counts["local"]) == (3, 1)


@pytest.mark.parametrize(("environment", "replication", "in_sync"), [("production", "3", "2"), ("local", "1", "1")])
def test_topics_are_replicated(
    environment: str, replication: str, in_sync: str, rendered: dict[str, list[Manifest]]
) -> None:
    config = one(rendered[environment], "ConfigMap", "kafka-config")["data"]
    lines = one(rendered[environment], "ConfigMap", "kafka-topics-topics")["data"]["topics"].splitlines()
    assert config["KAFKA_DEFAULT_REPLICATION_FACTOR"] == replication
    assert config["KAFKA_MIN_INSYNC_REPLICAS"] == in_sync
    assert {line.split()[2] for line in lines} == {replication}
    assert all(f"min.insync.replicas={in_sync}" in line for line in lines)


def test_every_zookeeper_that_a_broker_asks_for_runs(rendered: dict[str, list[Manifest]]) -> None:
    for objects in rendered.values():
        keepers = runner(objects, "zookeeper")["spec"]
        first = keepers.get("ordinals", {}).get("start", 0)
        pods = {f"zookeeper-{number}" for number in range(first, first + keepers["replicas"])}
        asked = one(objects, "ConfigMap", "kafka-config")["data"]["KAFKA_ZOOKEEPER_CONNECT"]
        assert {address.split(".")[0] for address in asked.split(",")} == pods


def test_the_shared_settings_and_secrets_have_the_specification_s_keys(production: list[Manifest]) -> None:
    assert one(production, "ConfigMap", "newstalk-ai-config")["data"].items() >= CONFIG.items()
    external = one(production, "ExternalSecret", "newstalk-ai-secrets")["spec"]
    assert {entry["secretKey"] for entry in external["data"]} >= SECRETS


@pytest.mark.parametrize(("name", "url"), [("DATABASE_URL", "postgresql://"), ("REDIS_URL", "redis://")])
def test_addresses_are_composed_of_secrets_and_settings(name: str, url: str, production: list[Manifest]) -> None:
    environment = {e["name"]: e for e in container(production, "fastapi-backend")["env"]}
    assert environment[name]["value"].startswith(url)
    sources = [environment[part]["valueFrom"] for part in environment if f"$({part})" in environment[name]["value"]]
    assert {key for source in sources for key in source} == {"configMapKeyRef", "secretKeyRef"}


def test_hosts_are_the_service_urls(production: list[Manifest]) -> None:
    ingresses = [o["spec"] for o in production if o["kind"] == "Ingress"]
    assert {rule["host"] for spec in ingresses for rule in spec["rules"]} == HOSTS


def test_only_the_api_is_limited_to_100_requests_a_minute(production: list[Manifest]) -> None:
    limited = {
        rule["host"]: o["metadata"]["annotations"].get("nginx.ingress.kubernetes.io/limit-rpm")
        for o in production
        if o["kind"] == "Ingress"
        for rule in o["spec"]["rules"]
    }
    assert limited == {host: "100" if host.startswith("api.") else None for host in HOSTS}


def test_the_edge_has_the_specified_certificate_and_redirects(production: list[Manifest]) -> None:
    ingress = one(production, "Ingress", "newstalk-ai-ingress")
    annotations = ingress["metadata"]["annotations"]
    assert annotations["cert-manager.io/cluster-issuer"] == "letsencrypt-prod"
    assert annotations["nginx.ingress.kubernetes.io/ssl-redirect"] == "true"
    assert [tls["secretName"] for tls in ingress["spec"]["tls"]] == ["newstalk-ai-tls"]


def test_staging_has_the_specified_quota(rendered: dict[str, list[Manifest]]) -> None:
    hard = one(rendered["staging"], "ResourceQuota", "newstalk-ai-quota")["spec"]["hard"]
    assert hard.items() >= QUOTA.items()


def test_consoles_demand_a_login(production: list[Manifest]) -> None:
    kafka_ui = {e["name"]: e.get("value") for e in container(production, "kafka-ui")["env"]}
    grafana = one(production, "ConfigMap", "grafana-config")["data"]
    airflow = one(production, "ConfigMap", "airflow-webserver-config")["data"]
    assert kafka_ui["AUTH_TYPE"] == "LOGIN_FORM"
    assert grafana["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert airflow["AIRFLOW__CORE__AUTH_MANAGER"].endswith("FabAuthManager")
