import type { MeterProvider } from '@opentelemetry/api';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchLogRecordProcessor, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, NoopSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Config } from '../../platform/config.ts';
import { PatientExporter } from './retrying-exporter.ts';
import { watchDrops } from './watch-drops.ts';

/** Where spans go. Without an endpoint: nowhere, though traces still have their ids. */
export function spanProcessors(config: Config, meters: MeterProvider): SpanProcessor[] {
  const endpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return [new NoopSpanProcessor()];
  const TraceExporter = asJson(config) ? JsonTraceExporter : OTLPTraceExporter;
  const exporter = new TraceExporter({ selfObsMeterProvider: meters });
  return [
    new BatchSpanProcessor({
      exporter: new PatientExporter(exporter, 'spans', config.OTEL_BSP_EXPORT_TIMEOUT),
      maxQueueSize: config.OTEL_BSP_MAX_QUEUE_SIZE,
      maxExportBatchSize: config.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
      scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeoutMillis: config.OTEL_BSP_EXPORT_TIMEOUT,
      selfObsMeterProvider: watchDrops(meters, 'spans'),
    }),
  ];
}

/** Where log records go beside stdout. Without an endpoint: nowhere. */
export function logRecordProcessors(config: Config, meters: MeterProvider): LogRecordProcessor[] {
  const endpoint = config.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return [];
  const LogExporter = asJson(config) ? JsonLogExporter : OTLPLogExporter;
  const exporter = new LogExporter({ selfObsMeterProvider: meters });
  return [
    new BatchLogRecordProcessor({
      exporter: new PatientExporter(exporter, 'log records', config.OTEL_BLRP_EXPORT_TIMEOUT),
      maxQueueSize: config.OTEL_BLRP_MAX_QUEUE_SIZE,
      maxExportBatchSize: config.OTEL_BLRP_MAX_EXPORT_BATCH_SIZE,
      scheduledDelayMillis: config.OTEL_BLRP_SCHEDULE_DELAY,
      exportTimeoutMillis: config.OTEL_BLRP_EXPORT_TIMEOUT,
      selfObsMeterProvider: watchDrops(meters, 'log records'),
    }),
  ];
}

function asJson({ OTEL_EXPORTER_OTLP_PROTOCOL }: Config): boolean {
  return OTEL_EXPORTER_OTLP_PROTOCOL === 'http/json';
}
