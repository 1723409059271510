import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type ScopeMetrics,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics';
import type { LiveVersions } from '../live-versions.ts';
import { LABEL } from '../names.ts';
import { isTotal } from './merge-metrics.ts';
import { keyOfAttributes, MAX_SERIES, OVERFLOW } from './series.ts';

/** A counter with its totals since the start of each series. */
interface CounterTotals {
  readonly scope: ScopeMetrics['scope'];
  readonly metric: SumMetricData;
  readonly points: Map<string, DataPoint<number>>;
}

/** The series after a collection. */
export interface CollectedSeries {
  readonly live: ScopeMetrics[];
  /** The last values of the counters and histograms that this collection has ended. */
  readonly ended: ScopeMetrics[];
}

/**
 * Adds up the deltas of counters, and ends the series of versions that have left. The SDK cannot end the series of a
 * counter that it adds up itself. It forgets a series whose delta was collected.
 */
export class LiveSeries {
  readonly #versions: LiveVersions;
  readonly #totals = new Map<string, CounterTotals>();
  /** The last collected gauges that are not about versions. Some have a value only if there was something to measure. */
  readonly #gauges = new Map<string, { readonly scope: ScopeMetrics['scope']; readonly metric: MetricData }>();

  constructor(versions: LiveVersions) {
    this.#versions = versions;
  }

  /** Returns the series with their totals. Collections must not overlap. */
  update(collected: readonly ScopeMetrics[]): CollectedSeries {
    for (const { scope, metrics } of collected) {
      for (const delta of metrics.filter(isDelta)) this.#addDeltas(scope, delta);
    }
    const missingGauges = this.#keepGauges(collected);
    const others = collected.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.filter((metric) => !isDelta(metric)),
    }));
    const counters = [...this.#totals.values()].map(({ scope, metric, points }) => ({
      scope,
      metrics: points.size === 0 ? [] : [{ ...metric, dataPoints: [...points.values()] }],
    }));
    const all: ScopeMetrics[] = [...others, ...missingGauges, ...counters];
    const hasEnded = this.#versions.takeEnded();
    const ended = selectPoints(all, hasEnded).map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.filter(isTotal),
    }));
    const live = selectPoints(all, (model, version) => this.#versions.has(model, version), true);
    this.#forgetEnded();
    return { live, ended: ended.filter(({ metrics }) => metrics.length > 0) };
  }

  /** Keeps the gauges that are not about versions. Returns those that this collection lacks. */
  #keepGauges(collected: readonly ScopeMetrics[]): ScopeMetrics[] {
    const missing = new Set(this.#gauges.keys());
    for (const { scope, metrics } of collected) {
      for (const metric of metrics) {
        if (metric.dataPointType !== DataPointType.GAUGE) continue;
        const name = `${scope.name} ${metric.descriptor.name}`;
        missing.delete(name);
        if (metric.dataPoints.every(({ attributes }) => !versionOf(attributes)))
          this.#gauges.set(name, { scope, metric });
      }
    }
    return [...missing].map((name) => {
      const { scope, metric } = this.#gauges.get(name)!;
      return { scope, metrics: [metric] };
    });
  }

  /** Adds the deltas of a counter to its totals. A version with new measurements is in use. */
  #addDeltas(scope: ScopeMetrics['scope'], delta: SumMetricData): void {
    const name = `${scope.name} ${delta.descriptor.name}`;
    const points = this.#totals.get(name)?.points ?? new Map<string, DataPoint<number>>();
    const metric = { ...delta, aggregationTemporality: AggregationTemporality.CUMULATIVE };
    this.#totals.set(name, { scope, metric, points });
    for (const point of delta.dataPoints) {
      addPoint(points, point);
      const version = versionOf(point.attributes);
      if (version) this.#versions.touch(...version);
    }
  }

  #forgetEnded(): void {
    for (const { points } of this.#totals.values()) {
      for (const [key, { attributes }] of points) {
        const version = versionOf(attributes);
        if (version && !this.#versions.has(...version)) points.delete(key);
      }
    }
  }
}

/** Returns the model and the version of a point, or `undefined` if it has none. */
export function versionOf(attributes: Attributes): [model: string, version: string] | undefined {
  const { [LABEL.model]: model, [LABEL.version]: version } = attributes;
  return typeof model === 'string' && typeof version === 'string' ? [model, version] : undefined;
}

function addPoint(points: Map<string, DataPoint<number>>, delta: DataPoint<number>): void {
  const key = keyOfAttributes(delta.attributes);
  const known = points.get(key);
  if (!known && points.size >= MAX_SERIES - 1 && delta.attributes !== OVERFLOW) {
    addPoint(points, { ...delta, attributes: OVERFLOW });
    return;
  }
  points.set(key, known ? { ...known, endTime: delta.endTime, value: known.value + delta.value } : delta);
}

function isDelta(metric: MetricData): metric is SumMetricData {
  return metric.dataPointType === DataPointType.SUM && metric.aggregationTemporality === AggregationTemporality.DELTA;
}

/**
 * Returns the points of versions that a function selects. Metrics without points are left out.
 *
 * @param withOthers whether points without a version are selected, too
 */
export function selectPoints(
  scopes: readonly ScopeMetrics[],
  select: (model: string, version: string) => boolean,
  withOthers = false,
): ScopeMetrics[] {
  return scopes.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.flatMap((metric) => {
      const dataPoints = (metric.dataPoints as readonly DataPoint<unknown>[]).filter(({ attributes }) => {
        const version = versionOf(attributes);
        return version ? select(...version) : withOthers;
      });
      if (dataPoints.length === metric.dataPoints.length) return [metric];
      return dataPoints.length === 0 ? [] : [{ ...metric, dataPoints } as MetricData];
    }),
  }));
}
