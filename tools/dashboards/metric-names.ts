import { METRIC_HTTP_CLIENT_REQUEST_DURATION } from '@opentelemetry/semantic-conventions';
import { GATEWAY_METRIC } from '../../src/gateway/telemetry.ts';
import type { MetricDefinition } from '../../src/telemetry/metric-definition.ts';
import { prometheusName } from '../../src/telemetry/metrics/prometheus-names.ts';
import { MODEL_METRIC } from '../../src/telemetry/model-metrics.ts';
import { METRIC } from '../../src/telemetry/names.ts';
import { metrics } from '../../src/telemetry/registry/metrics.ts';

/** The names of Waymark's own metrics in Prometheus. A histogram also needs one of the suffixes `_bucket`, `_count`, `_sum`. */
export const OWN = namesOf({ ...METRIC, ...MODEL_METRIC });

/** The names of the mail gateway's own metrics in Prometheus. */
export const GATEWAY = namesOf(GATEWAY_METRIC);

/** The duration of the gateway's calls of the service. The instrumentation of `fetch` records it. */
export const CLIENT_DURATION = prometheusName({
  name: METRIC_HTTP_CLIENT_REQUEST_DURATION,
  type: 'histogram',
  unit: 's',
});

const registered = new Map(Object.values(metrics).flatMap((group) => group.map((metric) => [metric.name, metric])));

/**
 * Returns the name in Prometheus of a metric that a library records.
 *
 * @param name the name of OpenTelemetry, as the registry has it
 * @throws {Error} if the registry has no such metric
 */
export function libraryMetric(name: string): string {
  const metric = registered.get(name);
  if (metric === undefined) throw new Error(`The registry has no metric ${name}`);
  return prometheusName(metric);
}

function namesOf<Key extends string>(
  definitions: Readonly<Record<Key, MetricDefinition>>,
): Readonly<Record<Key, string>> {
  const entries = Object.entries<MetricDefinition>(definitions).map(([key, metric]) => [key, prometheusName(metric)]);
  return Object.fromEntries(entries) as Record<Key, string>;
}
