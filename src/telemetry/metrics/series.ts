import type { Attributes } from '@opentelemetry/api';

/** The SDK's default limit on the series of one metric. The overflow series has the measurements beyond it. */
export const MAX_SERIES = 2_000;

/** The attributes of the overflow series, as in the SDK. */
export const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/** The series of one metric. */
export interface Series<S> {
  /** Returns the series with these attributes. Once the limit is reached, new attributes have the overflow series. */
  find(attributes: Attributes): S;
  /** Returns all series, the oldest first, and the overflow series as the last one. */
  values(): S[];
  /** Removes the series that a function selects. They start again if there are new measurements. */
  remove(select: (series: S) => boolean): void;
}

/**
 * Creates an index of series. It finds frozen attributes by their identity, and others by a key of a few concatenations.
 * The SDK sorts the attributes and serialises them as JSON for each measurement.
 *
 * @param create creates the series of new attributes
 */
export function createSeries<S>(create: (attributes: Attributes) => S): Series<S> {
  let frozen = new WeakMap<Attributes, S>();
  const byUnsortedKey = new Map<string, S>();
  const bySortedKey = new Map<string, S>();
  let overflow: S | undefined;

  function findByKey(attributes: Attributes): S | undefined {
    let key = '';
    for (const name in attributes) key += `${name}\0${String(attributes[name])}\0`;
    const known = byUnsortedKey.get(key);
    if (known !== undefined || byUnsortedKey.size >= MAX_SERIES) return known;
    // The same attributes in another order are the same series.
    const sortedKey = keyOfAttributes(attributes);
    const series = bySortedKey.get(sortedKey) ?? create({ ...attributes });
    bySortedKey.set(sortedKey, series);
    byUnsortedKey.set(key, series);
    return series;
  }

  return {
    find(attributes) {
      const known = frozen.get(attributes);
      if (known !== undefined) return known;
      const series = findByKey(attributes);
      if (series === undefined) {
        overflow ??= create(OVERFLOW);
        return overflow;
      }
      if (Object.isFrozen(attributes)) frozen.set(attributes, series);
      return series;
    },
    values: () => (overflow === undefined ? [...bySortedKey.values()] : [...bySortedKey.values(), overflow]),
    remove(select) {
      for (const index of [byUnsortedKey, bySortedKey]) {
        for (const [key, series] of index) if (select(series)) index.delete(key);
      }
      if (overflow !== undefined && select(overflow)) overflow = undefined;
      frozen = new WeakMap();
    },
  };
}

/** Returns a key that is the same for the same attributes in another order. */
export function keyOfAttributes(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
