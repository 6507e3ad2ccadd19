"""What the environment says."""

import sys
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One field per environment variable, in capitals; without a default it must be set."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    checkpoint_database_url: str = Field(min_length=1)
    openai_api_key: str = ""
    openai_base_url: str = Field(default="", pattern=r"^(https?://.+)?$")  # OpenAI's own if empty and there is a key
    openai_model: str = Field(default="gpt-4o-mini", min_length=1)
    model_device: Literal["cpu", "cuda"] = "cpu"  # of the server at OPENAI_BASE_URL; the local model ignores it
    langfuse_public_key: str = ""
    langfuse_secret_key: str = ""
    langfuse_host: str = Field(default="https://cloud.langfuse.com", pattern=r"^https?://.+$")
    otel_exporter_otlp_endpoint: str = ""  # OpenTelemetry's own variable; its exporter reads the others of its kind
    pipeline_max_processing_time: float = Field(default=300, gt=0, allow_inf_nan=False)  # seconds
    port: int = Field(default=8000, ge=1, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def read() -> Settings:
    """Settings of this process; ends it with one line and code 2 if the environment is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in error.errors())
        sys.stderr.write(f"agents: set the environment: {wrong}\n")
        raise SystemExit(2) from None
