import { prefersOpenMetrics } from '../../../src/telemetry/metrics/prometheus-exporter.ts';

/** Reads the header `accept` of a scrape. */
export function fuzz(data: Buffer): void {
  const accept = data.toString('latin1');
  const isPreferred = prefersOpenMetrics(accept);
  if (typeof isPreferred !== 'boolean') throw new Error('the answer is no boolean');
  if (isPreferred && !/openmetrics-text/i.test(accept)) throw new Error('OpenMetrics was not asked for');
}
