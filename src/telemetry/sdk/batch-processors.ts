import { type Attributes, type Counter, diag, type MeterProvider } from '@opentelemetry/api';
import { BatchLogRecordProcessor, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, NoopSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Config } from '../../platform/config.ts';
import { RefusedItems } from './partial-success.ts';
import { RetryingExporter } from './retrying-exporter.ts';

/** Creates the processors that export spans. Without an endpoint nothing is exported, but traces still have ids. */
export async function createSpanProcessors(config: Config, meters: MeterProvider): Promise<SpanProcessor[]> {
  const endpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined || config.OTEL_TRACES_EXPORTER.includes('none')) return [new NoopSpanProcessor()];
  // Loaded when needed: an encoding that is not used, or a service without a receiver, needs none of its modules.
  const { OTLPTraceExporter } = usesJson(config)
    ? await import('@opentelemetry/exporter-trace-otlp-http')
    : await import('@opentelemetry/exporter-trace-otlp-proto');
  const refused = new RefusedItems('spans');
  const exporter = new OTLPTraceExporter({ selfObsMeterProvider: refused.watch(meters) });
  refused.listenTo(exporter);
  return [
    new BatchSpanProcessor({
      exporter: new RetryingExporter(exporter, 'spans', config.OTEL_BSP_EXPORT_TIMEOUT, (items) =>
        refused.count(items),
      ),
      maxQueueSize: config.OTEL_BSP_MAX_QUEUE_SIZE,
      maxExportBatchSize: config.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
      scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeoutMillis: config.OTEL_BSP_EXPORT_TIMEOUT,
      selfObsMeterProvider: reportDrops(meters, 'spans'),
    }),
  ];
}

/** Creates the processors that export log records. Without an endpoint there are none, and stdout has the only copy. */
export async function createLogRecordProcessors(config: Config, meters: MeterProvider): Promise<LogRecordProcessor[]> {
  const endpoint = config.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined || config.OTEL_LOGS_EXPORTER.includes('none')) return [];
  const { OTLPLogExporter } = usesJson(config)
    ? await import('@opentelemetry/exporter-logs-otlp-http')
    : await import('@opentelemetry/exporter-logs-otlp-proto');
  const refused = new RefusedItems('log records');
  const exporter = new OTLPLogExporter({ selfObsMeterProvider: refused.watch(meters) });
  refused.listenTo(exporter);
  return [
    new BatchLogRecordProcessor({
      exporter: new RetryingExporter(exporter, 'log records', config.OTEL_BLRP_EXPORT_TIMEOUT, (items) =>
        refused.count(items),
      ),
      maxQueueSize: config.OTEL_BLRP_MAX_QUEUE_SIZE,
      maxExportBatchSize: config.OTEL_BLRP_MAX_EXPORT_BATCH_SIZE,
      scheduledDelayMillis: config.OTEL_BLRP_SCHEDULE_DELAY,
      exportTimeoutMillis: config.OTEL_BLRP_EXPORT_TIMEOUT,
      selfObsMeterProvider: reportDrops(meters, 'log records'),
    }),
  ];
}

function usesJson({ OTEL_EXPORTER_OTLP_PROTOCOL }: Config): boolean {
  return OTEL_EXPORTER_OTLP_PROTOCOL === 'http/json';
}

/**
 * Wraps a meter provider so that the first record which a batch processor drops is also reported as a diagnostic message.
 * The SDK only counts dropped log records, and reports dropped spans when it no longer drops any.
 *
 * @param records the kind of the dropped records, for the message
 */
function reportDrops(provider: MeterProvider, records: string): MeterProvider {
  let reported = false;
  const watch = (counter: Counter): Counter => ({
    add(value, attributes, scope) {
      counter.add(value, attributes, scope);
      if (reported || !isDrop(attributes)) return;
      reported = true;
      diag.error(`the queue of ${records} is full: some are dropped (counted in otel_sdk_processor_*_processed_total)`);
    },
  });
  return {
    getMeter(...scope) {
      const meter = provider.getMeter(...scope);
      return Object.create(meter, {
        createCounter: {
          value: (...instrument: Parameters<typeof meter.createCounter>) => watch(meter.createCounter(...instrument)),
        },
      });
    },
  };
}

function isDrop(attributes: Attributes | undefined): boolean {
  return attributes?.['error.type'] === 'queue_full';
}
