import { type Attributes, type Context, context, type HrTime, TraceFlags, trace, ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { AggregationTemporality, DataPointType, type HistogramMetricData } from '@opentelemetry/sdk-metrics';
import { bucketOf, SlowestExemplarReservoir } from './exemplar-reservoir.ts';
import type { WithExemplars } from './openmetrics-serializer.ts';
import { createSeries, type Series } from './series.ts';

/** The definition of a counted histogram. */
interface HistogramDefinition {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly boundaries: readonly number[];
}

/** The measurements with the same attributes. */
interface HistogramSeries {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  readonly counts: number[];
  readonly exemplars: SlowestExemplarReservoir | undefined;
  sum: number;
}

/**
 * A histogram that replaces the SDK's. The SDK's sorts the attributes of each measurement and serialises them as JSON to find
 * their series, and it has no exemplars (opentelemetry-js#5147).
 */
export class CountedHistogram {
  readonly #definition: HistogramDefinition;
  readonly #exemplarWindowMs: number | undefined;
  readonly #series: Series<HistogramSeries>;

  /** @param exemplarWindowMs the time in which the slowest measurement of a bucket is its exemplar; without it there are none */
  constructor(definition: HistogramDefinition, exemplarWindowMs: number | undefined) {
    this.#definition = definition;
    this.#exemplarWindowMs = exemplarWindowMs;
    this.#series = createSeries((attributes) => this.#createSeries(attributes));
  }

  /** Counts a measurement. Ignores a negative value and NaN. */
  record(value: number, attributes: Attributes = {}, scope?: Context): void {
    if (!(value >= 0)) return;
    const series = this.#series.find(attributes);
    series.counts[bucketOf(value, this.#definition.boundaries)]! += 1;
    series.sum += value;
    if (series.exemplars === undefined) return;
    const span = trace.getSpanContext(scope ?? context.active());
    if (span && (span.traceFlags & TraceFlags.SAMPLED) !== 0) series.exemplars.offer(value, Date.now(), span);
  }

  /** Returns all counts since the start, or `undefined` if there are none. */
  collect(): HistogramMetricData | undefined {
    const endTime = millisToHrTime(Date.now());
    const { name, unit, description, boundaries } = this.#definition;
    const series = this.#series.values();
    if (series.length === 0) return undefined;
    const dataPoints = series.map(({ attributes, startTime, counts, sum, exemplars }) => {
      const value = {
        buckets: { boundaries: [...boundaries], counts: [...counts] },
        count: counts.reduce((total, count) => total + count, 0),
        sum,
      };
      const point: WithExemplars<typeof value> = { attributes, startTime, endTime, value };
      const kept = exemplars?.collect() ?? [];
      return kept.length === 0 ? point : { ...point, exemplars: kept };
    });
    return {
      descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints,
    };
  }

  /** Ends the series with certain attributes. */
  forget(select: (attributes: Attributes) => boolean): void {
    this.#series.remove(({ attributes }) => select(attributes));
  }

  #createSeries(attributes: Attributes): HistogramSeries {
    const { boundaries } = this.#definition;
    const window = this.#exemplarWindowMs;
    return {
      attributes,
      startTime: millisToHrTime(Date.now()),
      counts: new Array(boundaries.length + 1).fill(0),
      exemplars: window === undefined ? undefined : new SlowestExemplarReservoir(boundaries, window),
      sum: 0,
    };
  }
}
