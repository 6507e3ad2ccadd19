"""Traces, by OpenTelemetry: to Langfuse where its keys are, to a collector where OTEL_EXPORTER_OTLP_ENDPOINT is set.

Langfuse takes OpenTelemetry's own protocol at /api/public/otel/v1/traces, with the two keys as Basic credentials
(langfuse.com/integrations/native/opentelemetry), so that its SDK is not needed.
"""

import base64

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NoOpTracerProvider

from agents import __version__
from agents.settings import Settings

NAME = "langgraph-service"


def exporters(given: Settings) -> list[SpanExporter]:
    found: list[SpanExporter] = []
    if given.langfuse_public_key and given.langfuse_secret_key:
        pair = f"{given.langfuse_public_key}:{given.langfuse_secret_key}".encode()
        found.append(
            OTLPSpanExporter(
                endpoint=f"{given.langfuse_host.rstrip('/')}/api/public/otel/v1/traces",
                headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
            )
        )
    if given.otel_exporter_otlp_endpoint:
        found.append(OTLPSpanExporter())
    return found


def provider(targets: list[SpanExporter]) -> TracerProvider | NoOpTracerProvider:
    """Without targets, spans cost nothing and go nowhere. A target that is away loses spans, and nothing else."""
    if not targets:
        return NoOpTracerProvider()
    made = TracerProvider(resource=Resource.create({"service.name": NAME, "service.version": __version__}))
    for target in targets:
        made.add_span_processor(BatchSpanProcessor(target))
    return made


def flush(made: TracerProvider | NoOpTracerProvider) -> None:
    """Sends what is left, and ends."""
    if isinstance(made, TracerProvider):
        made.shutdown()
