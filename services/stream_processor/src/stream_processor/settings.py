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
    kafka_consumer_group: str = "stream-processor"
    kafka_topic_processed: str = "articles.processed"
    kafka_topic_dead_letter: str = "articles.dead-letter"
    langgraph_url: str = Field(min_length=1)
    pipeline_max_processing_time: float = Field(default=300, gt=0)  # seconds, from taking an article to storing it
    enable_streaming: bool = True
    port: int = 8000
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def read() -> Settings:
    """Settings of this process; ends it with one line and code 2 if the environment is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in error.errors())
        sys.stderr.write(f"stream_processor: set the environment: {wrong}\n")
        raise SystemExit(2) from None
