"""What the environment says."""

import sys
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One field per environment variable, in capitals; without a default it must be set."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(min_length=1)
    redis_url: str = Field(min_length=1)
    kafka_bootstrap_servers: str = Field(min_length=1)
    kafka_topic: str = "articles.raw"
    enable_streaming: bool = True
    sse_max_connections: int = Field(default=1000, ge=0)  # of all workers of all replicas together
    port: int = 8000
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def read() -> Settings:
    """Settings of this process; ends it with one line and code 2 if the environment is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in error.errors())
        sys.stderr.write(f"api: set the environment: {wrong}\n")
        raise SystemExit(2) from None
