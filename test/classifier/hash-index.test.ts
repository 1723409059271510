import { expect, test } from 'vitest';
import { addHash, createHashIndex, findHash, hashesInOrder } from '../../src/classifier/hash-index.ts';
import { createRandom } from '../../src/classifier/random.ts';

test('it numbers hashes as a Map would, through every growth, 0 and equal low bits included', () => {
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
