import { expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import {
  addHash,
  createHashIndex,
  findHash,
  findHashes,
  hashesInOrder,
} from '../../../src/classifier/text/hash-index.ts';

test('it numbers hashes like a Map, also when it grows, for the hash 0 and for equal low bits', () => {
  const random = createRandom(3);
  const index = createHashIndex();
  const map = new Map<number, number>();
  const hashes = [0, -1, 1 << 20, 2 << 20, 3 << 20];
  for (let at = 0; at < 20_000; at += 1) hashes.push(Math.floor(random() * 2 ** 16) * 65_536);
  for (const hash of hashes) {
    const number = map.get(hash | 0) ?? map.size;
    map.set(hash | 0, number);
    expect(addHash(index, hash | 0)).toBe(number);
  }
  for (const [hash, number] of map) expect(findHash(index, hash)).toBe(number);
  expect([...hashesInOrder(index)]).toEqual([...map.keys()]);
  expect(findHash(index, 12_345)).toBe(-1);
});

test('it looks up many hashes and returns the numbers of those it has, in their order', () => {
  const index = createHashIndex();
  const random = createRandom(4);
  const hashes = Int32Array.from({ length: 3_000 }, () => Math.floor(random() * 2 ** 32));
  for (const hash of hashes.filter((_, at) => at % 3 === 0)) addHash(index, hash);
  const found = new Int32Array(hashes.length);
  const count = findHashes(index, hashes, hashes.length, found);
  expect([...found.subarray(0, count)]).toEqual(
    [...hashes].map((hash) => findHash(index, hash)).filter((number) => number >= 0),
  );
  expect(count).toBe(1_000);
  expect(findHashes(index, hashes, 0, found)).toBe(0);
});
