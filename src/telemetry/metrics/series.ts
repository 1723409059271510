import type { Attributes } from '@opentelemetry/api';

/** The SDK's limit on the series of one metric. */
const MAX_SERIES = 2_000;

/** The series of one metric, found by the attributes of a measurement. */
export interface Series<S> {
  /** The series of these attributes; undefined where there are as many as may be, and this is none of them. */
  of(attributes: Attributes): S | undefined;
  values(): Iterable<S>;
}

/**
 * Finds series without what the SDK does for each measurement: sort the attributes and write them as JSON. Attributes that
 * are frozen are found by their identity, all others by a key of a few concatenations.
 *
 * @param create makes a series when its attributes are first seen
 */
export function createSeries<S>(create: (attributes: Attributes) => S): Series<S> {
  const frozen = new WeakMap<Attributes, S>();
  const inOrder = new Map<string, S>();
  const sorted = new Map<string, S>();

  function find(attributes: Attributes): S | undefined {
    let key = '';
    for (const name in attributes) key += `${name}\0${String(attributes[name])}\0`;
    const known = inOrder.get(key);
    if (known !== undefined || inOrder.size >= MAX_SERIES) return known;
    // The same attributes in another order are the same series.
    const sortedKey = JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    const series = sorted.get(sortedKey) ?? create({ ...attributes });
    sorted.set(sortedKey, series);
    inOrder.set(key, series);
    return series;
  }

  return {
    of(attributes) {
      const known = frozen.get(attributes);
      if (known !== undefined) return known;
      const series = find(attributes);
      if (series !== undefined && Object.isFrozen(attributes)) frozen.set(attributes, series);
      return series;
    },
    values: () => sorted.values(),
  };
}
