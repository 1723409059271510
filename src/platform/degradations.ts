/** The parts of the service that can fail alone. They are a fixed set, so that they can be labels of metrics. */
export const DEGRADABLE_PARTS = ['feedback', 'audit', 'models'] as const;

/** A part of the service that does not work fully. Predictions do not need it. */
export type DegradablePart = (typeof DEGRADABLE_PARTS)[number];

/** The parts that do not work fully, with the reasons. */
export interface Degradations {
  /**
   * Sets or clears the fault of one item.
   *
   * @param item the name of the item within the part, such as a model
   * @param reason undefined if the item works again
   * @returns whether this is news
   */
  report(part: DegradablePart, item: string, reason: string | undefined): boolean;
  /** Returns one sentence for each fault. */
  list(): string[];
  /** Returns the parts with a fault. */
  parts(): Set<DegradablePart>;
}

/** Creates a list without faults. */
export function createDegradations(): Degradations {
  const faults = new Map<string, { readonly part: DegradablePart; readonly reason: string }>();
  return {
    report(part, item, reason) {
      const key = `${part} ${item}`;
      const before = faults.get(key)?.reason;
      if (reason === undefined) faults.delete(key);
      else faults.set(key, { part, reason });
      return before !== reason;
    },
    list: () => [...faults.values()].map(({ part, reason }) => `${part}: ${reason}`),
    parts: () => new Set([...faults.values()].map(({ part }) => part)),
  };
}
