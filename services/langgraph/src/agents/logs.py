"""Logs: one JSON object per line on standard output."""

import logging.config


def configure(level: str) -> None:
    """Sends every logger, uvicorn's too, to standard output. uvicorn's access log gives way to metrics.Measured's."""
    fields = "%(asctime)s %(levelname)s %(name)s %(message)s"
    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    formatter = {"()": "pythonjsonlogger.json.JsonFormatter", "fmt": fields, "rename_fields": names}
    # Health tells of lost servers, once.
    quiet = {"httpx": {"level": "WARNING"}, "psycopg.pool": {"level": "ERROR"}}
    uvicorn = {"uvicorn": {"handlers": [], "propagate": True}, "uvicorn.access": {"handlers": [], "propagate": False}}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
            "root": {"handlers": ["out"], "level": level.upper()},
            "loggers": uvicorn | quiet,
        }
    )
