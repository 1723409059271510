import type { MetricDefinition } from '../metric-definition.ts';

/** The names of UCUM units in Prometheus (OpenTelemetry's Prometheus compatibility specification). */
const unitNames: Record<string, string> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
};

/** Returns the unit at the end of a metric's name, or `undefined` if the name has none. */
export function prometheusUnit(unit: string, isGauge: boolean): string | undefined {
  return unit === '1' && isGauge ? 'ratio' : unitNames[unit];
}

/** Returns a metric's name with its unit as a suffix. Does not repeat a suffix that the name already has. */
export function nameWithUnit(name: string, unit: string, isGauge: boolean): string {
  const suffix = prometheusUnit(unit, isGauge);
  return suffix === undefined || name.endsWith(suffix) ? name : `${name}_${suffix}`;
}

/** Converts a name of OpenTelemetry to one that Prometheus allows, by the rules of the SDK's own exporter. */
export function sanitizeName(name: string): string {
  const sanitized = name.replace(/[^a-z0-9_]/gi, '_').replace(/_{2,}/g, '_');
  return /^\d/.test(sanitized) ? `_${sanitized}` : sanitized;
}

/** Returns the name of a metric in Prometheus. */
export function prometheusName({ name, type, unit }: Pick<MetricDefinition, 'name' | 'type' | 'unit'>): string {
  const sanitized = sanitizeName(nameWithUnit(name, unit, type === 'gauge'));
  return type === 'counter' ? `${sanitized}_total` : sanitized;
}
