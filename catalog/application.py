"""The application layer: the API, the agents, the stream."""

from catalog import images
from catalog.shared import DATABASE_URL, KAFKA, NEWSTALK, REDIS_URL
from charts.model import (
    Accelerator,
    Autoscale,
    BlueGreen,
    Cron,
    Health,
    Host,
    Http,
    Metrics,
    Outside,
    Port,
    QueueLag,
    Replicas,
    Resources,
    Secret,
    Shared,
    Shutdown,
    Size,
    Watch,
    Workload,
    writable,
)

ARTICLES = "articles.raw"
CONSUMERS = "stream-processor"

# Of readers' requests alone, as in files/alerts: probes and scrapes are none, streams stay open by design.
READERS, ANSWERED = 'path!~"/health|/ready|/metrics"', 'path!~".*stream.*|/health|/ready|/metrics"'


# Ends well when each URL that is given to it answers with a status below 400.
ASKS = ("python", "-c", "import sys, urllib.request as r; [r.urlopen(url, timeout=10) for url in sys.argv[1:]]")


def failing(job: str) -> Watch:
    """Percent of requests that failed; fewer than five of them are no share worth a name."""
    pods = f'job="{job}",pod=~"$pods",{READERS}'
    failed, all_ = f'http_requests_total{{{pods},status=~"5.."}}', f"http_requests_total{{{pods}}}"
    query = f"100 * sum(rate({failed}[2m])) / sum(rate({all_}[2m])) and sum(increase({failed}[2m])) >= 5"
    return Watch(name="errors", query=query, most=2)  # the alert's fast burn is 1.44 %


def slow(job: str, seconds: int) -> Watch:
    """Seconds that all but 5 % of requests stay below; of fewer than twenty, 5 % are no request."""
    bucket = f'http_request_duration_seconds_bucket{{job="{job}",pod=~"$pods",{ANSWERED}'
    answered = f'sum(increase({bucket},le="+Inf"}}[2m])) >= 20'
    query = f"histogram_quantile(0.95, sum by (le) (rate({bucket}}}[2m]))) and {answered}"
    return Watch(name="latency", query=query, most=seconds)


def blue_green(job: str, seconds: int) -> BlueGreen:
    """Both services are Python's: their images have what asks the paths."""
    watches = (failing(job), slow(job, seconds))
    return BlueGreen(smoke=("/health", "/ready", "/metrics"), asks=ASKS, watches=watches)


BACKEND = Workload(
    name="fastapi-backend",
    image=images.BACKEND,
    run=Replicas(
        count=3,
        autoscale=Autoscale(maximum=10, cpu=70, memory=80),
        release=blue_green("fastapi-backend", seconds=2),  # where readers leave, files/alerts/latency.yml
    ),
    resources=Resources(cpu="1000m..2000m", memory="1Gi..2Gi"),
    ports=(Port("http", 8000),),
    health=Health(alive=Http("/health"), ready=Http("/ready"), starts_within=40, every=30, timeout=10),
    metrics=Metrics(port="http"),
    environment=DATABASE_URL
    | REDIS_URL
    | KAFKA
    | {
        "LANGGRAPH_URL": "http://langgraph-service:8000",
        "ENABLE_STREAMING": Shared("ENABLE_STREAMING"),
        "SSE_MAX_CONNECTIONS": Shared("SSE_MAX_CONNECTIONS"),
        "PIPELINE_MAX_PROCESSING_TIME": Shared("PIPELINE_MAX_PROCESSING_TIME"),
        "PROMETHEUS_MULTIPROC_DIR": "/tmp",  # uvicorn's four workers sum their metrics here
    },
    settings={"LOG_LEVEL": "info"},
    volumes=writable("/tmp", size="256Mi"),
    calls=("postgres:sql", "redis:redis", "kafka:broker", "langgraph-service:http"),
    after=("postgres", "redis", "kafka-topics", "langgraph-service"),
    host=Host(name="api", requests_per_minute=100),
    identity=NEWSTALK,
    shutdown=Shutdown(drain=10, grace=60),  # judged: open streams are told to reconnect within uvicorn's 40 s
    small=Size(count=1, maximum=2, resources=Resources(cpu="250m..750m", memory="512Mi..1Gi")),
)

LANGGRAPH = Workload(
    name="langgraph-service",
    image=images.LANGGRAPH,
    run=Replicas(
        count=2,
        autoscale=Autoscale(maximum=6, cpu=75, memory=85),
        release=blue_green("langgraph-service", seconds=90),  # judged: an answer may take a minute and a half
    ),
    resources=Resources(cpu="1000m..2000m", memory="2Gi..4Gi"),
    ports=(Port("http", 8000),),
    health=Health(alive=Http("/health"), ready=Http("/ready"), starts_within=40, every=30, timeout=10),
    metrics=Metrics(port="http"),
    environment=DATABASE_URL
    | {
        "CHECKPOINT_DATABASE_URL": "$(DATABASE_URL)",
        "OPENAI_API_KEY": Secret("OPENAI_API_KEY"),
        "LANGFUSE_PUBLIC_KEY": Secret("LANGFUSE_PUBLIC_KEY"),
        "LANGFUSE_SECRET_KEY": Secret("LANGFUSE_SECRET_KEY"),
        "PIPELINE_MAX_PROCESSING_TIME": Shared("PIPELINE_MAX_PROCESSING_TIME"),
    },
    settings={"LOG_LEVEL": "info", "LANGFUSE_HOST": "https://cloud.langfuse.com"},
    volumes=writable("/tmp", size="256Mi"),
    calls=("postgres:sql", Outside(port=443, why="OpenAI and Langfuse")),
    after=("postgres",),
    identity=NEWSTALK,
    shutdown=Shutdown(drain=10, grace=120),  # judged: an answer in progress may take a minute and a half
    small=Size(count=1, maximum=2, resources=Resources(cpu="250m..750m", memory="1Gi..2Gi")),
    accelerator=Accelerator(),
)

STREAM_PROCESSOR = Workload(
    name="stream-processor",
    image=images.STREAM_PROCESSOR,
    run=Replicas(
        count=2,
        # judged: 100 messages are about a minute of one replica's work, so a replica is added before readers notice
        autoscale=Autoscale(maximum=4, lag=QueueLag(topic=ARTICLES, group=CONSUMERS, per_replica=100)),
    ),
    resources=Resources(cpu="500m..1000m", memory="512Mi..1Gi"),
    ports=(Port("http", 8000),),
    health=Health(alive=Http("/health"), ready=Http("/ready"), starts_within=40, every=30, timeout=10),
    metrics=Metrics(port="http"),
    environment=DATABASE_URL
    | REDIS_URL
    | KAFKA
    | {
        "LANGGRAPH_URL": "http://langgraph-service:8000",
        "SLACK_WEBHOOK_URL": Secret("SLACK_WEBHOOK_URL"),
        "ENABLE_STREAMING": Shared("ENABLE_STREAMING"),
        "PIPELINE_MAX_PROCESSING_TIME": Shared("PIPELINE_MAX_PROCESSING_TIME"),
    },
    settings={"LOG_LEVEL": "info", "KAFKA_CONSUMER_GROUP": CONSUMERS, "KAFKA_TOPIC": ARTICLES},
    volumes=writable("/tmp"),
    calls=(
        "postgres:sql",
        "redis:redis",
        "kafka:broker",
        "langgraph-service:http",
        Outside(port=443, why="Slack"),
    ),
    after=("postgres", "redis", "kafka-topics", "langgraph-service"),
    identity=NEWSTALK,
    # judged: PIPELINE_MAX_PROCESSING_TIME for the article in hand, and half a minute to leave the group
    shutdown=Shutdown(drain=0, grace=330),
    small=Size(resources=Resources(cpu="250m..500m", memory="256Mi..512Mi")),
)

# `newstalk deploy` makes a Job of it when all is ready: the Services resolve, admit and answer.
SMOKE_TEST = Workload(
    name="smoke-test",
    image=images.BACKEND,
    run=Cron(schedule="@monthly", suspended=True, retries=1, within=120),
    resources=Resources(cpu="50m..250m", memory="64Mi..128Mi"),
    command=ASKS,
    args=(
        "http://fastapi-backend:8000/ready",
        "http://langgraph-service:8000/ready",
        "http://stream-processor:8000/ready",
        "http://airflow-webserver:8080/api/v2/version",
        "http://grafana:3000/api/health",
        "http://prometheus:9090/-/ready",
    ),
    calls=(
        "fastapi-backend:http",
        "langgraph-service:http",
        "stream-processor:http",
        "airflow-webserver:http",
        "grafana:http",
        "prometheus:http",
    ),
    identity=NEWSTALK,
)

WORKLOADS = (BACKEND, LANGGRAPH, STREAM_PROCESSOR, SMOKE_TEST)
