import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';

/** UCUM units as Prometheus spells them (OpenTelemetry's Prometheus compatibility specification). */
const UNITS: Record<string, string> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
};

/** The unit as it ends a metric's name, or undefined where the name tells none. */
export function prometheusUnit({ descriptor, dataPointType }: MetricData): string | undefined {
  if (descriptor.unit === '1' && dataPointType === DataPointType.GAUGE) return 'ratio';
  return UNITS[descriptor.unit];
}

/** The metric with its unit in its name, once. */
export function withUnitInName(metric: MetricData): MetricData {
  const { name } = metric.descriptor;
  const unit = prometheusUnit(metric);
  if (unit === undefined || name.endsWith(unit)) return metric;
  return { ...metric, descriptor: { ...metric.descriptor, name: `${name}_${unit}` } };
}

/** A name of OpenTelemetry as Prometheus allows it, by the rules of the SDK's own exporter. */
export function sanitizeName(name: string): string {
  const sanitized = name.replace(/[^a-z0-9_]/gi, '_').replace(/_{2,}/g, '_');
  return /^\d/.test(sanitized) ? `_${sanitized}` : sanitized;
}
