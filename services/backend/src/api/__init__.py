"""NewsTalk AI's public API: articles in by POST, out by query and as a stream of server-sent events.

    POST /articles          validated, then written to Kafka; 202 once every in-sync broker has it
    GET  /articles          newest first, a page at a time
    GET  /articles/{id}     one article
    GET  /articles/stream   server-sent events; Last-Event-ID resumes without a gap
    GET  /articles/rates    accepted articles per minute of the last hour, where Redis has TimeSeries
    GET  /health            200 at once, with the last known state of database, Redis and Kafka
    GET  /ready             503 while one of them is lost
    GET  /metrics           Prometheus, summed over the workers

`python -m api` serves it with four workers. `settings.py` lists what the environment must say, docs/services.md the
reasons. Reading order: main, articles, broker, store, feed, cache, health.
"""

__version__ = "1.0.0"
