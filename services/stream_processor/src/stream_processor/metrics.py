"""Prometheus, in the library's own registry, which has the process' resources too."""

from prometheus_client import Counter, Gauge, Histogram

PROCESSED = Counter("newstalk_articles_processed_total", "Articles stored, those stored before included")
DEAD = Counter("newstalk_articles_dead_letter_total", "Messages that are no article")
UNENRICHED = Counter("newstalk_articles_unenriched_total", "Articles stored without langgraph-service's answer")
SECONDS = Histogram(
    "newstalk_batch_duration_seconds",
    "From taking messages to committing them",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)
LAG = Gauge("newstalk_consumer_lag", "Messages behind the end of the partition", ("topic", "partition"))
REBALANCES = Counter("newstalk_consumer_rebalances_total", "Changes of the partitions that this replica reads")
WELL = Gauge("newstalk_dependency_up", "1 if it answers", ("name",))
