"""Sets up tracing over OTLP/HTTP in batches, if OTEL_EXPORTER_OTLP_ENDPOINT is set."""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

traced = "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ

if traced:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
