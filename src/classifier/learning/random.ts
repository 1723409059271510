/**
 * Creates a seeded generator of numbers from 0 up to 1 (mulberry32, by Tommy Ettinger). With the same seed, training
 * gives the same bytes.
 */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Shuffles the numbers in place (Fisher-Yates, in the form of Durstenfeld: Algorithm 235, 1964). */
export function shuffle(numbers: Uint32Array, random: () => number): void {
  for (let last = numbers.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const swapped = numbers[last]!;
    numbers[last] = numbers[other]!;
    numbers[other] = swapped;
  }
}
