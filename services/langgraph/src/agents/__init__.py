"""NewsTalk AI's agents: what a model says of an article.

    POST /analyze   {"id", "source", "title", "text"} -> {"summary", "category", "verdict"}, three texts, none empty
    GET  /health    200 at once, with the last known state of the database
    GET  /ready     503 while it is lost
    GET  /metrics   Prometheus

    summarize ─┐
    classify  ─┴─> fact_check       each step is a checkpoint in PostgreSQL: whoever asks again gets what is done

The model is one that speaks OpenAI's protocol (OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL), or without these a
local one that counts words: the same answer to the same article, offline. A GPU is for a server of models beside this
service, which OPENAI_BASE_URL names; MODEL_DEVICE says so in the metrics, and the local model ignores it.

`python -m agents` serves it. `settings.py` lists what the environment must say. Reading order: main, graph, model,
checkpoints, tracing.
"""

__version__ = "1.0.0"
