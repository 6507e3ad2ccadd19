"""NewsTalk AI on one machine: what its compose file says otherwise than Kubernetes. docs/compose.md has the reasons."""

from catalog import images
from catalog.airflow import WEBSERVER
from catalog.application import ASKS, BACKEND
from catalog.data import DATABASE, KAFKA_UI, POSTGRES_EXPORTER
from catalog.monitoring import GRAFANA, KUBE_STATE_METRICS, PROMETHEUS
from charts.model.machine import Asking, Build, Machine

PUBLISHED = {BACKEND.name: 8000, WEBSERVER.name: 8081, GRAFANA.name: 3000, KAFKA_UI.name: 8080, PROMETHEUS.name: 9090}


def build(name: str, context: str) -> Build:
    return Build(context=context, dockerfile=f"docker/Dockerfile.{name}", arguments={"BUILD_ENV": "production"})


MACHINE = Machine(
    published=PUBLISHED,
    # No edge stands before it: people come by plain HTTP, to a port of their own machine.
    environment={
        WEBSERVER.name: {
            "AIRFLOW__API__BASE_URL": f"http://localhost:{PUBLISHED[WEBSERVER.name]}",
            "AIRFLOW__FAB__COOKIE_SECURE": "false",
        },
        GRAFANA.name: {
            "GF_SERVER_ROOT_URL": f"http://localhost:{PUBLISHED[GRAFANA.name]}",
            "GF_SECURITY_COOKIE_SECURE": "false",
        },
    },
    left_out=(KUBE_STATE_METRICS.name,),
    builds={
        images.BACKEND: build("backend", "services/backend"),
        images.LANGGRAPH: build("langgraph", "services/langgraph"),
        images.STREAM_PROCESSOR: build("stream-processor", "services/stream_processor"),
        images.AIRFLOW: build("airflow", "services/airflow"),
        images.KAFKA: build("kafka", "docker"),
    },
    asking={
        # Slim Python images have nothing else to ask with.
        **dict.fromkeys((images.BACKEND, images.LANGGRAPH, images.STREAM_PROCESSOR), Asking(http=ASKS)),
        images.REDIS_EXPORTER: Asking(http=()),  # one binary and nothing else, oliver006/redis_exporter Dockerfile
    },
    secret_files={
        DATABASE.name: {"POSTGRES_PASSWORD": "POSTGRES_PASSWORD_FILE"},  # docker-library/docs, postgres
        GRAFANA.name: {"GF_SECURITY_ADMIN_PASSWORD": "GF_SECURITY_ADMIN_PASSWORD__FILE"},  # grafana.com/docs, Docker
        POSTGRES_EXPORTER.name: {"DATA_SOURCE_PASS": "DATA_SOURCE_PASS_FILE"},  # its README
    },
    owner=images.REDIS,
    addresses="10.213.0.0/20",  # judged: neither Docker's own pools nor those of podman, home routers and clusters
    secrets="overlays/local/secrets",
)
