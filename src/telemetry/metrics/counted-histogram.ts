import { type Attributes, type Context, context, type HrTime, TraceFlags, trace, ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { AggregationTemporality, DataPointType, type HistogramMetricData } from '@opentelemetry/sdk-metrics';
import { bucketOf, SlowestExemplarReservoir } from './exemplar-reservoir.ts';
import type { WithExemplars } from './openmetrics-serializer.ts';
import { createSeries, type Series } from './series.ts';

interface HistogramDefinition {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly boundaries: readonly number[];
}

/** The measurements with the same attributes. */
interface Counted {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  readonly counts: number[];
  readonly exemplars: SlowestExemplarReservoir | undefined;
  sum: number;
}

/** What measurements beyond the limit on series are counted under, as in the SDK. */
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/**
 * A histogram that counts for itself and is asked for its counts when metrics are collected. The SDK's finds its series by
 * sorting the attributes and writing them as JSON, for each measurement; and it keeps no exemplars (opentelemetry-js#5147).
 */
export class CountedHistogram {
  readonly #definition: HistogramDefinition;
  readonly #exemplarWindowMs: number | undefined;
  readonly #series: Series<Counted>;
  #overflow: Counted | undefined;

  /** @param exemplarWindowMs for how long the slowest of a bucket stays its exemplar; without it none are kept */
  constructor(definition: HistogramDefinition, exemplarWindowMs: number | undefined) {
    this.#definition = definition;
    this.#exemplarWindowMs = exemplarWindowMs;
    this.#series = createSeries((attributes) => this.#begin(attributes));
  }

  record(value: number, attributes: Attributes = {}, scope?: Context): void {
    if (!(value >= 0)) return;
    const series = this.#series.of(attributes) ?? this.#beyondLimit();
    series.counts[bucketOf(value, this.#definition.boundaries)]! += 1;
    series.sum += value;
    if (series.exemplars === undefined) return;
    const span = trace.getSpanContext(scope ?? context.active());
    if (span && (span.traceFlags & TraceFlags.SAMPLED) !== 0) series.exemplars.offer(value, Date.now(), span);
  }

  /** What was counted so far, or undefined where that is nothing. */
  collect(): HistogramMetricData | undefined {
    const endTime = millisToHrTime(Date.now());
    const { name, unit, description, boundaries } = this.#definition;
    const series = [...this.#series.values(), ...(this.#overflow ? [this.#overflow] : [])];
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

  #beyondLimit(): Counted {
    this.#overflow ??= this.#begin(OVERFLOW);
    return this.#overflow;
  }

  #begin(attributes: Attributes): Counted {
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
