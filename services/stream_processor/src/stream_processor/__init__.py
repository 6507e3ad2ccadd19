"""NewsTalk AI's stream processor: reads articles from Kafka, enriches and stores them, exactly once each.

    articles.raw -> enriched by langgraph-service, if it answers -> PostgreSQL -> articles.processed
                 -> articles.dead-letter, with the reason in its headers, if it is no article

An offset is committed when its article is stored and passed on. Whatever dies before is done again, and storing again
changes nothing: at least once on the way, once in the table, in order per source.

`python -m stream_processor` runs it, with /health, /ready and /metrics on port 8000. `settings.py` lists what the
environment must say, docs/services.md the reasons. Reading order: pipeline, stream, storage, enrichment.
"""

__version__ = "1.0.0"
