import { expect, test } from 'vitest';
import {
  CacheField,
  clearCache,
  createTokenCache,
  findRow,
  isFull,
  reserveCharacterFeatures,
} from '../../../src/classifier/scoring/token-cache.ts';

function addToken(cache: ReturnType<typeof createTokenCache>, hash: number, shape: number): number {
  if (isFull(cache, 0)) clearCache(cache);
  reserveCharacterFeatures(cache, 0);
  const row = findRow(cache.rows, hash, shape);
  if (row < 0) return row;
  cache.rows[row + CacheField.hash] = hash;
  cache.rows[row + CacheField.shape] = shape;
  cache.tokenCount += 1;
  return row;
}

test('a token is found in its row, and another token of the same hash is not confused with it', () => {
  const cache = createTokenCache();
  const row = addToken(cache, 42, 7);
  expect(findRow(cache.rows, 42, 7)).toBe(row);
  const other = findRow(cache.rows, 42, 8);
  expect(cache.rows[other + CacheField.shape]).toBe(0);
});

test('tokens that share a hash on purpose get at most 64 rows, so that the search stays short', () => {
  const cache = createTokenCache();
  const rows = Array.from({ length: 100 }, (_, at) => addToken(cache, 42, at + 1));
  expect(rows.filter((row) => row >= 0)).toHaveLength(64);
  expect(rows.at(-1)).toBe(-1);
});

test('a full cache is emptied and takes tokens again', () => {
  const cache = createTokenCache();
  for (let hash = 0; hash < 100_000; hash += 1) expect(addToken(cache, hash, 1)).toBeGreaterThanOrEqual(0);
  expect(cache.tokenCount).toBeLessThan(20_000);
});
