import type {
  Attributes,
  Counter,
  ObservableCounter,
  ObservableUpDownCounter,
  UpDownCounter,
} from '@opentelemetry/api';

/** The SDK's limit on the series of one metric. */
const MAX_SERIES = 2_000;

/**
 * A counter that adds up here and is asked for its sums when metrics are collected. The SDK's own finds its series by
 * sorting the attributes and writing them as JSON, for each measurement; this one by a key of a few concatenations.
 *
 * @param observable the instrument that the sums are observed through
 */
export function observedSum(observable: ObservableCounter | ObservableUpDownCounter): Counter & UpDownCounter {
  const series = new Map<string, { readonly attributes: Attributes; sum: number }>();
  observable.addCallback((result) => {
    for (const { attributes, sum } of series.values()) result.observe(sum, attributes);
  });
  return {
    add(value, attributes = {}) {
      let key = '';
      for (const name in attributes) key += `${name}\0${String(attributes[name])}\0`;
      const known = series.get(key);
      if (known) known.sum += value;
      else if (series.size < MAX_SERIES) series.set(key, { attributes, sum: value });
    },
  };
}
