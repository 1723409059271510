/** The classes of counts: a branch that runs three times instead of once is new, one that runs 40 instead of 41 times is not. */
const classOf = new Uint8Array(256);
for (let count = 1; count < classOf.length; count++) {
  classOf[count] =
    count < 4 ? 1 << (count - 1) : count < 8 ? 8 : count < 16 ? 16 : count < 32 ? 32 : count < 128 ? 64 : 128;
}

/** The branches that inputs have reached. */
export interface Coverage {
  /** Adds the counts of a run, and clears them. Returns whether they have a new branch, or a new class of count. */
  add(): 'branch' | 'count' | undefined;
  /** Returns the number of branches that were reached. */
  branches(): number;
}

/** Creates a coverage over counters that the instrumented code increments. */
export function createCoverage(counters: Uint8Array): Coverage {
  const seen = new Uint8Array(counters.length);
  // Most counters are zero, so they are looked at in groups of eight.
  const groups = new BigUint64Array(counters.buffer, 0, counters.length / 8);
  return {
    add() {
      let news: 'branch' | 'count' | undefined;
      for (let group = 0; group < groups.length; group++) {
        if (groups[group] === 0n) continue;
        for (let at = group * 8; at < group * 8 + 8; at++) {
          const bit = classOf[counters[at]!]!;
          if ((seen[at]! & bit) === bit) continue;
          if (seen[at] === 0) news = 'branch';
          else news ??= 'count';
          seen[at]! |= bit;
        }
        groups[group] = 0n;
      }
      return news;
    },
    branches: () => seen.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0),
  };
}
