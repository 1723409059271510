/**
 * A map from 32-bit hashes to the numbers 0, 1, 2, ... in order of arrival. It is one typed array with open addressing
 * and linear probing (Knuth: The Art of Computer Programming, volume 3, section 6.4). Hash and number stand side by
 * side, so that a probe touches one cache line.
 */
export interface HashIndex {
  /** `[hash, number + 1]` pairs. A slot with 0 as its second element is empty. */
  slots: Int32Array;
  /** The number of slots, a power of two, less 1. */
  mask: number;
  /** The number of hashes in the index. */
  size: number;
}

/** Creates an empty index with room for `expected` hashes before it has to grow. */
export function createHashIndex(expected = 1024): HashIndex {
  let capacity = 1024;
  while (capacity < expected * 2) capacity *= 2;
  return { slots: new Int32Array(capacity * 2), mask: capacity - 1, size: 0 };
}

/** Returns the number of a hash, or -1 if the index does not have it. */
export function findHash(index: HashIndex, hash: number): number {
  const { slots, mask } = index;
  let slot = hash & mask;
  for (;;) {
    const value = slots[2 * slot + 1]!;
    if (value === 0) return -1;
    if (slots[2 * slot] === hash) return value - 1;
    slot = (slot + 1) & mask;
  }
}

/**
 * Looks up the first `count` hashes. Writes the numbers of the hashes that the index has into `found`, in the order of
 * the hashes, and returns how many it wrote. A first loop reads all slots, so that the look-ups overlap their memory
 * latency.
 */
export function findHashes(index: HashIndex, hashes: Int32Array, count: number, found: Int32Array): number {
  const { slots, mask } = index;
  for (let at = 0; at < count; at += 1) found[at] = slots[2 * (hashes[at]! & mask)]!;
  let used = 0;
  for (let at = 0; at < count; at += 1) {
    const number = findHash(index, hashes[at]!);
    found[used] = number;
    // Adds 1 unless the number is -1. A branch would often be mispredicted.
    used += ~number >>> 31;
  }
  return used;
}

/** Returns the number of a hash. A hash that the index does not have gets the next number. */
export function addHash(index: HashIndex, hash: number): number {
  const { slots, mask } = index;
  let slot = hash & mask;
  for (;;) {
    const value = slots[2 * slot + 1]!;
    if (value === 0) break;
    if (slots[2 * slot] === hash) return value - 1;
    slot = (slot + 1) & mask;
  }
  slots[2 * slot] = hash;
  slots[2 * slot + 1] = index.size + 1;
  index.size += 1;
  if (index.size * 2 > mask) grow(index);
  return index.size - 1;
}

/** Returns all hashes of the index, ordered by their numbers. */
export function hashesInOrder(index: HashIndex): Int32Array {
  const hashes = new Int32Array(index.size);
  const { slots } = index;
  for (let at = 0; at < slots.length; at += 2) {
    const value = slots[at + 1]!;
    if (value !== 0) hashes[value - 1] = slots[at]!;
  }
  return hashes;
}

/** Returns a copy of the array with a greater length. It serves arrays whose positions are numbers of an index. */
export function enlarge(array: Int32Array, length: number = array.length * 2): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}

function grow(index: HashIndex): void {
  const old = index.slots;
  const capacity = old.length;
  const slots = new Int32Array(capacity * 2);
  const mask = capacity - 1;
  for (let from = 0; from < old.length; from += 2) {
    if (old[from + 1] === 0) continue;
    let slot = old[from]! & mask;
    while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
    slots[2 * slot] = old[from]!;
    slots[2 * slot + 1] = old[from + 1]!;
  }
  index.slots = slots;
  index.mask = mask;
}
