import type { Counter, ObservableCounter, ObservableUpDownCounter, UpDownCounter } from '@opentelemetry/api';
import { createSeries } from './metrics/series.ts';

/**
 * A counter that adds up here and is asked for its sums when metrics are collected: the SDK's own takes longer to find its
 * series than to count.
 *
 * @param observable the instrument that the sums are observed through
 */
export function observedSum(observable: ObservableCounter | ObservableUpDownCounter): Counter & UpDownCounter {
  const series = createSeries((attributes) => ({ attributes, sum: 0 }));
  observable.addCallback((result) => {
    for (const { attributes, sum } of series.values()) result.observe(sum, attributes);
  });
  return {
    add(value, attributes = {}) {
      const counted = series.of(attributes);
      if (counted) counted.sum += value;
    },
  };
}
