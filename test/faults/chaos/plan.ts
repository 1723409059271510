/** A source of random numbers that repeats itself for the same seed. */
export interface Random {
  /** Returns a number from 0 to 1, without 1. */
  next(): number;
  /** Returns a whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
}

/** Creates a source of random numbers: Mulberry32, which is short and good enough to choose faults. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    whole,
    pick: (items) => items[whole(0, items.length - 1)]!,
    shuffle(items) {
      const shuffled = [...items];
      for (let at = shuffled.length - 1; at > 0; at--) {
        const other = whole(0, at);
        [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
      }
      return shuffled;
    },
  };
}

/** A fault of the plan. */
export interface PlannedFault {
  readonly at: number;
  readonly name: string;
  /** The seed of the choices that the fault makes itself. */
  readonly seed: number;
}

/** The pause between the starts of two faults, in milliseconds. */
const MIN_PAUSE_MS = 200;
const MAX_PAUSE_MS = 1_500;

/**
 * Plans faults for a run. Each fault has its turn before any of them comes again, in an order that the seed decides. The
 * same seed, names and length give the same plan.
 *
 * @param milliseconds the length of the run
 */
export function planFaults(seed: number, names: readonly string[], milliseconds: number): PlannedFault[] {
  const random = createRandom(seed);
  const plan: PlannedFault[] = [];
  let round: string[] = [];
  for (let at = MIN_PAUSE_MS; at < milliseconds; at += random.whole(MIN_PAUSE_MS, MAX_PAUSE_MS)) {
    if (round.length === 0) round = random.shuffle(names);
    plan.push({ at, name: round.pop()!, seed: random.whole(1, 2 ** 31) });
  }
  return plan;
}
