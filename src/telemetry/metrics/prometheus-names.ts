/** UCUM units as Prometheus spells them (OpenTelemetry's Prometheus compatibility specification). */
const UNITS: Record<string, string> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
};

/** The unit as it ends a metric's name, or undefined where the name tells none. */
export function prometheusUnit(unit: string, isGauge: boolean): string | undefined {
  return unit === '1' && isGauge ? 'ratio' : UNITS[unit];
}

/** A metric's name with its unit, once. */
export function nameWithUnit(name: string, unit: string, isGauge: boolean): string {
  const suffix = prometheusUnit(unit, isGauge);
  return suffix === undefined || name.endsWith(suffix) ? name : `${name}_${suffix}`;
}

/** A name of OpenTelemetry as Prometheus allows it, by the rules of the SDK's own exporter. */
export function sanitizeName(name: string): string {
  const sanitized = name.replace(/[^a-z0-9_]/gi, '_').replace(/_{2,}/g, '_');
  return /^\d/.test(sanitized) ? `_${sanitized}` : sanitized;
}
