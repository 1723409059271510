import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { AggregationTemporality, DataPointType, type SumMetricData } from '@opentelemetry/sdk-metrics';
import { createSeries, type Series } from './series.ts';

/** The definition of a counted counter. */
interface CounterDefinition {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

/** The increments with the same attributes since the last collection. */
interface CounterSeries {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  value: number;
}

/**
 * A counter that replaces the SDK's for what is counted in each prediction. The SDK's sorts the attributes of each increment
 * and serialises them as JSON to find their series: 1.3 % of the time of a request by `npm run bench -- profile`.
 */
export class CountedCounter {
  readonly #definition: CounterDefinition;
  readonly #series: Series<CounterSeries> = createSeries(startSeries);

  constructor(definition: CounterDefinition) {
    this.#definition = definition;
  }

  /** Adds an increment. Ignores a negative one and NaN. */
  add(value: number, attributes: Attributes = {}): void {
    if (!(value >= 0)) return;
    this.#series.find(attributes).value += value;
  }

  /** Returns the increments since the last collection, or `undefined` if there are none. */
  collect(): SumMetricData | undefined {
    const endTime = millisToHrTime(Date.now());
    const dataPoints = this.#series
      .values()
      .filter(({ value }) => value > 0)
      .map(({ attributes, startTime, value }) => ({ attributes, startTime, endTime, value }));
    this.#series.remove(() => true);
    if (dataPoints.length === 0) return undefined;
    return {
      descriptor: { ...this.#definition, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.DELTA,
      dataPointType: DataPointType.SUM,
      dataPoints,
      isMonotonic: true,
    };
  }
}

function startSeries(attributes: Attributes): CounterSeries {
  return { attributes, startTime: millisToHrTime(Date.now()), value: 0 };
}
