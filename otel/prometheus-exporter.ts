import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type CollectionResult, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';

/** UCUM units as Prometheus spells them (OpenTelemetry's Prometheus compatibility specification). */
const UNITS: Record<string, string> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
};

/**
 * The SDK's exporter, with the unit in each metric's name. The SDK leaves it out and the Collector puts it in, so that
 * one instrument would have two names; here it gets its final name, and the Collector is told to leave names alone.
 */
export class UnitNamingPrometheusExporter extends PrometheusExporter {
  override async collect(...args: Parameters<PrometheusExporter['collect']>): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect(...args);
    const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map(withUnit),
    }));
    return { errors, resourceMetrics: { ...resourceMetrics, scopeMetrics } };
  }
}

function withUnit(metric: MetricData): MetricData {
  const { name, unit } = metric.descriptor;
  const isRatio = unit === '1' && metric.dataPointType === DataPointType.GAUGE;
  const suffix = isRatio ? 'ratio' : UNITS[unit];
  if (suffix === undefined || name.endsWith(suffix)) return metric;
  return { ...metric, descriptor: { ...metric.descriptor, name: `${name}_${suffix}` } };
}
