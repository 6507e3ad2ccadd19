"""What several workloads share: settings, the secret's keys, addresses composed of both."""

from charts.model import Identity, Secret, SecretKeys, SecretStore, Settings, Shared
from charts.model.environment import Value

CONFIG = Settings(
    name="newstalk-ai-config",
    values={
        "POSTGRES_HOST": "postgres",
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": "postgres",
        "POSTGRES_DB": "newstalk_ai",
        "REDIS_HOST": "redis",
        "REDIS_PORT": "6379",
        "KAFKA_BOOTSTRAP_SERVERS": "kafka:29092",
        "PIPELINE_MAX_PROCESSING_TIME": "300",
        "SSE_MAX_CONNECTIONS": "1000",
        "ENABLE_STREAMING": "true",
    },
)

ENVIRONMENT = Settings(name="newstalk-ai-environment", values={"DOMAIN": "newstalk-ai.com"})

SECRET = SecretKeys(
    name="newstalk-ai-secrets",
    keys={
        "OPENAI_API_KEY": "langgraph-service asks OpenAI's models",
        "LANGFUSE_SECRET_KEY": "langgraph-service sends its traces to Langfuse",
        "LANGFUSE_PUBLIC_KEY": "names the Langfuse project",
        "SLACK_WEBHOOK_URL": "alertmanager and the pipeline write to Slack",
        "POSTGRES_PASSWORD": "of the database's owner; letters and digits, since it stands in DATABASE_URL",
        "REDIS_PASSWORD": "letters and digits, since it stands in REDIS_URL",
        "AIRFLOW_DB_PASSWORD": "of Airflow's database; letters and digits, since it stands in a URL",
        "AIRFLOW_FERNET_KEY": "encrypts Airflow's connections: 32 bytes, URL-safe base64",
        "AIRFLOW_SECRET_KEY": "signs Airflow's sessions and log requests",
        "AIRFLOW_JWT_SECRET": "signs the tokens between Airflow's processes: 64 bytes or more",
        "AIRFLOW_ADMIN_PASSWORD": "of the user admin in Airflow",
        "GRAFANA_ADMIN_PASSWORD": "of the user admin in Grafana",
        "KAFKA_UI_PASSWORD": "of the user admin in Kafka UI",
    },
)

STORE = SecretStore(name="newstalk-ai", path="newstalk-ai")

NEWSTALK = Identity(uid=1001, gid=1001, fs_group=1001)
NOBODY = Identity(uid=65534, gid=65534, fs_group=65534)  # the user of Prometheus' own images

POSTGRES: dict[str, Value] = {
    "POSTGRES_HOST": Shared("POSTGRES_HOST"),
    "POSTGRES_PORT": Shared("POSTGRES_PORT"),
    "POSTGRES_USER": Shared("POSTGRES_USER"),
    "POSTGRES_PASSWORD": Secret("POSTGRES_PASSWORD"),
    "POSTGRES_DB": Shared("POSTGRES_DB"),
}
DATABASE_URL = POSTGRES | {
    "DATABASE_URL": "postgresql://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)"
}
REDIS: dict[str, Value] = {
    "REDIS_HOST": Shared("REDIS_HOST"),
    "REDIS_PORT": Shared("REDIS_PORT"),
    "REDIS_PASSWORD": Secret("REDIS_PASSWORD"),
}
REDIS_URL = REDIS | {"REDIS_URL": "redis://:$(REDIS_PASSWORD)@$(REDIS_HOST):$(REDIS_PORT)/0"}
KAFKA: dict[str, Value] = {"KAFKA_BOOTSTRAP_SERVERS": Shared("KAFKA_BOOTSTRAP_SERVERS")}
