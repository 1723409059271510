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
import { keyOfAttributes } from './series.ts';

/** The maximum age of an exemplar: two windows of `exemplar-reservoir.ts`. */
const MAX_EXEMPLAR_AGE_MS = 60_000;

/** The names of the metrics whose total is the same in each process. */
const SHARED_TOTALS = new Set(
  OWN_METRICS.filter(({ shared }) => shared).map(({ name, unit }) => nameWithUnit(name, unit, false)),
);

/**
 * Merges the metrics of several processes into those of one service. Counters, up-down counters and histograms are added
 * up. For gauges, and for totals that all processes read from one store, the maximum is used.
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

/** Adds the label `worker` to the metrics about one process. */
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

/** Returns the metrics that outlive a process: its counters and histograms, and no gauges. */
export function keepTotals(scopes: readonly ScopeMetrics[]): ScopeMetrics[] {
  return scopes.map((scopeMetrics) => ({ ...scopeMetrics, metrics: scopeMetrics.metrics.filter(isTotal) }));
}

/** Returns whether a metric only grows, so that its values outlive a process. */
export function isTotal(metric: MetricData): boolean {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic;
  return metric.dataPointType === DataPointType.HISTOGRAM;
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
        dataPoints: mergePoints(same as (typeof first)[], SHARED_TOTALS.has(first.descriptor.name) ? maximum : sum),
      };
    case DataPointType.GAUGE:
      return { ...first, dataPoints: mergePoints(same as (typeof first)[], maximum) };
    default:
      return first;
  }
}

type Points<T> = readonly [DataPoint<T>, ...DataPoint<T>[]];

/** Merges the points of each series into one. */
function mergePoints<T>(
  same: readonly { readonly dataPoints: readonly DataPoint<T>[] }[],
  merge: (points: Points<T>) => DataPoint<T>,
): DataPoint<T>[] {
  const series = new Map<string, [DataPoint<T>, ...DataPoint<T>[]]>();
  for (const point of same.flatMap(({ dataPoints }) => dataPoints)) {
    const key = keyOfAttributes(point.attributes);
    const known = series.get(key);
    if (known) known.push(point);
    else series.set(key, [point]);
  }
  return [...series.values()].map((points) => (points.length === 1 ? points[0] : merge(points)));
}

function sum(points: Points<number>): DataPoint<number> {
  return { ...points[0], value: points.reduce((total, { value }) => total + value, 0) };
}

function maximum(points: Points<number>): DataPoint<number> {
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

/** Returns the slowest exemplar of each bucket. Ignores those that are much older than the latest of the bucket. */
function mergeExemplars(exemplars: readonly Exemplar[], boundaries: readonly number[]): Exemplar[] {
  const latest = new Map<number, number>();
  for (const { value, time } of exemplars) {
    const bucket = bucketOf(value, boundaries);
    latest.set(bucket, Math.max(latest.get(bucket) ?? 0, time));
  }
  const slowest = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    const bucket = bucketOf(exemplar.value, boundaries);
    if (exemplar.time < latest.get(bucket)! - MAX_EXEMPLAR_AGE_MS) continue;
    const known = slowest.get(bucket);
    if (!known || exemplar.value > known.value) slowest.set(bucket, exemplar);
  }
  return [...slowest.values()];
}
