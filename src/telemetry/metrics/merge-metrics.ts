import type { Attributes } from '@opentelemetry/api';
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { LABEL } from '../names.ts';
import { OWN_METRICS, PER_PROCESS_SCOPES } from '../registry/metrics.ts';
import { bucketOf, type Exemplar } from './exemplar-reservoir.ts';
import type { WithExemplars } from './openmetrics-serializer.ts';
import { nameWithUnit } from './prometheus-names.ts';

/** Two of the windows in which each process looks for its slowest measurement (`exemplar-reservoir.ts`). */
const EXEMPLAR_MS = 60_000;

const sharedTotals = new Set(
  OWN_METRICS.filter(({ shared }) => shared).map(({ name, unit }) => nameWithUnit(name, unit, false)),
);

/**
 * The metrics of several processes as those of one service: counters, up-down counters and histograms are added up, of
 * gauges the largest is taken, and of totals that every process reads from the same store, too.
 */
export function mergeMetrics(parts: readonly (readonly ScopeMetrics[])[]): ScopeMetrics[] {
  const scopes = new Map<string, { scope: ScopeMetrics['scope']; metrics: Map<string, MetricData[]> }>();
  for (const { scope, metrics } of parts.flat()) {
    const merged = scopes.get(scope.name) ?? { scope, metrics: new Map<string, MetricData[]>() };
    scopes.set(scope.name, merged);
    for (const metric of metrics) {
      const key = `${metric.dataPointType} ${metric.descriptor.name}`;
      const same = merged.metrics.get(key);
      if (same) same.push(metric);
      else merged.metrics.set(key, [metric]);
    }
  }
  return [...scopes.values()].map(({ scope, metrics }) => ({ scope, metrics: [...metrics.values()].map(mergeMetric) }));
}

/** What describes one process, with the label that tells whose it is. */
export function addWorkerLabel(scopes: readonly ScopeMetrics[], worker: string): ScopeMetrics[] {
  return scopes.map((scopeMetrics) => {
    if (!PER_PROCESS_SCOPES.has(scopeMetrics.scope.name)) return scopeMetrics;
    const metrics = scopeMetrics.metrics.map((metric) => {
      const dataPoints = metric.dataPoints.map((point) => ({
        ...point,
        attributes: { ...point.attributes, [LABEL.worker]: worker },
      }));
      return { ...metric, dataPoints } as MetricData;
    });
    return { ...scopeMetrics, metrics };
  });
}

/** What outlives a process: what it has counted, and not what it was like. */
export function keepTotals(scopes: readonly ScopeMetrics[]): ScopeMetrics[] {
  const isTotal = (metric: MetricData) =>
    metric.dataPointType === DataPointType.HISTOGRAM ||
    (metric.dataPointType === DataPointType.SUM && metric.isMonotonic);
  return scopes.map((scopeMetrics) => ({ ...scopeMetrics, metrics: scopeMetrics.metrics.filter(isTotal) }));
}

function mergeMetric(same: readonly MetricData[]): MetricData {
  const [first] = same as [MetricData];
  if (same.length === 1) return first;
  switch (first.dataPointType) {
    case DataPointType.HISTOGRAM:
      return { ...first, dataPoints: mergePoints(same as (typeof first)[], sumOfHistograms) };
    case DataPointType.SUM:
      return {
        ...first,
        dataPoints: mergePoints(same as (typeof first)[], sharedTotals.has(first.descriptor.name) ? largest : sum),
      };
    case DataPointType.GAUGE:
      return { ...first, dataPoints: mergePoints(same as (typeof first)[], largest) };
    default:
      return first;
  }
}

type Points<T> = readonly [DataPoint<T>, ...DataPoint<T>[]];

/** One point for each series, however many processes have it. */
function mergePoints<T>(
  same: readonly { readonly dataPoints: readonly DataPoint<T>[] }[],
  merge: (points: Points<T>) => DataPoint<T>,
): DataPoint<T>[] {
  const series = new Map<string, [DataPoint<T>, ...DataPoint<T>[]]>();
  for (const point of same.flatMap(({ dataPoints }) => dataPoints)) {
    const key = keyOf(point.attributes);
    const known = series.get(key);
    if (known) known.push(point);
    else series.set(key, [point]);
  }
  return [...series.values()].map((points) => (points.length === 1 ? points[0] : merge(points)));
}

function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sum(points: Points<number>): DataPoint<number> {
  return { ...points[0], value: points.reduce((total, { value }) => total + value, 0) };
}

function largest(points: Points<number>): DataPoint<number> {
  return points.reduce((known, point) => (point.value > known.value ? point : known));
}

function sumOfHistograms(points: Points<Histogram>): DataPoint<Histogram> {
  const [first] = points;
  const { boundaries, counts } = first.value.buckets;
  const total = (part: (histogram: Histogram) => number) => points.reduce((all, { value }) => all + part(value), 0);
  const value: Histogram = {
    buckets: { boundaries, counts: counts.map((_, at) => total(({ buckets }) => buckets.counts[at] ?? 0)) },
    sum: total((histogram) => histogram.sum ?? 0),
    count: total(({ count }) => count),
  };
  const all = (points as readonly WithExemplars<Histogram>[]).flatMap(({ exemplars }) => exemplars ?? []);
  const merged: WithExemplars<Histogram> = { ...first, value, exemplars: mergeExemplars(all, boundaries) };
  return merged;
}

/** Of each bucket the slowest, of those that are about as late as the latest. */
function mergeExemplars(exemplars: readonly Exemplar[], boundaries: readonly number[]): Exemplar[] {
  const latest = new Map<number, number>();
  for (const { value, time } of exemplars) {
    const bucket = bucketOf(value, boundaries);
    latest.set(bucket, Math.max(latest.get(bucket) ?? 0, time));
  }
  const slowest = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    const bucket = bucketOf(exemplar.value, boundaries);
    if (exemplar.time < latest.get(bucket)! - EXEMPLAR_MS) continue;
    const known = slowest.get(bucket);
    if (!known || exemplar.value > known.value) slowest.set(bucket, exemplar);
  }
  return [...slowest.values()];
}
