/**
 * A map from 32-bit hashes to consecutive numbers (0, 1, 2, ... in order of arrival): open addressing with linear
 * probing in one typed array, key and number side by side so that a probe touches one cache line.
 */
export interface HashIndex {
  /** `[hash, number + 1]` pairs; a second half of 0 is an empty slot. */
  slots: Int32Array;
  mask: number;
  size: number;
}

/** An empty index with room for `expected` hashes before it has to grow. */
export function createHashIndex(expected = 1024): HashIndex {
  let capacity = 1024;
  while (capacity < expected * 2) capacity *= 2;
  return { slots: new Int32Array(capacity * 2), mask: capacity - 1, size: 0 };
}

/** The number of a hash, or -1. */
export function findHash(index: HashIndex, hash: number): number {
  const { slots, mask } = index;
  let at = hash & mask;
  for (;;) {
    const value = slots[2 * at + 1]!;
    if (value === 0) return -1;
    if (slots[2 * at] === hash) return value - 1;
    at = (at + 1) & mask;
  }
}

/**
 * Looks up many hashes, and puts the numbers of those that the index has into `found`, in their order; returns how many.
 * All their slots are read before the first is looked at: so many look-ups wait for memory at the same time.
 */
export function findHashes(index: HashIndex, hashes: Int32Array, count: number, found: Int32Array): number {
  const { slots, mask } = index;
  for (let at = 0; at < count; at += 1) found[at] = slots[2 * (hashes[at]! & mask)]!;
  let used = 0;
  for (let at = 0; at < count; at += 1) {
    const number = findHash(index, hashes[at]!);
    found[used] = number;
    // Without a branch, which the processor could not foresee.
    used += ~number >>> 31;
  }
  return used;
}

/** The number of a hash, given out now if it is new. */
export function addHash(index: HashIndex, hash: number): number {
  const { slots, mask } = index;
  let at = hash & mask;
  for (;;) {
    const value = slots[2 * at + 1]!;
    if (value === 0) break;
    if (slots[2 * at] === hash) return value - 1;
    at = (at + 1) & mask;
  }
  slots[2 * at] = hash;
  slots[2 * at + 1] = index.size + 1;
  index.size += 1;
  if (index.size * 2 > mask) grow(index);
  return index.size - 1;
}

/** The hashes, by their numbers. */
export function hashesInOrder(index: HashIndex): Int32Array {
  const hashes = new Int32Array(index.size);
  const { slots } = index;
  for (let at = 0; at < slots.length; at += 2) {
    const value = slots[at + 1]!;
    if (value !== 0) hashes[value - 1] = slots[at]!;
  }
  return hashes;
}

function grow(index: HashIndex): void {
  const old = index.slots;
  const capacity = old.length;
  const slots = new Int32Array(capacity * 2);
  const mask = capacity - 1;
  for (let from = 0; from < old.length; from += 2) {
    if (old[from + 1] === 0) continue;
    let at = old[from]! & mask;
    while (slots[2 * at + 1] !== 0) at = (at + 1) & mask;
    slots[2 * at] = old[from]!;
    slots[2 * at + 1] = old[from + 1]!;
  }
  index.slots = slots;
  index.mask = mask;
}
