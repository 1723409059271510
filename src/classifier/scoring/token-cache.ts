import { enlarge } from '../text/hash-index.ts';

/**
 * A cache of tokens met before. It holds the hash of each token's stem, the feature of the word, and the character
 * features inside it. Most tokens of a text are common words: their look-ups would take more time than the rest of
 * scoring. The cache is bounded. Once it is full, it is emptied and fills again.
 */
export interface TokenCache {
  /** One row of `CacheField`s for each slot, so that a look-up reads one cache line. */
  readonly rows: Int32Array;
  /** The character features of all tokens, token after token. */
  characterFeatures: Int32Array;
  /** The number of elements of `characterFeatures` in use. */
  characterFeatureCount: number;
  tokenCount: number;
}

/** The position of each field in a row of the cache. */
export const CacheField = {
  hash: 0,
  /** The token's length, kind and first unit, which distinguish two tokens of the same hash; 0 in a free row. */
  shape: 1,
  stem: 2,
  /** The number of the word's feature; -1 for a word of the training data without a feature; -2 for an unknown word. */
  feature: 3,
  /** The position in `characterFeatures` of the token's first feature. */
  start: 4,
  /** The number of the token's character features. */
  length: 5,
  /** The occurrences of the token in the current text that are not counted yet. */
  pending: 6,
} as const;

/** The elements of a row, a power of two; `CacheField` uses 7 of them. */
const ROW_LENGTH = 8;
const SLOTS = 1 << 15;
const MAX_TOKENS = SLOTS / 2;
const MAX_CHARACTER_FEATURES = 1 << 19;

/**
 * The maximum length of a cached token, in code units. Longer tokens are mostly noise, and the same one seldom occurs
 * twice.
 */
export const MAX_CACHED_LENGTH = 64;

/**
 * The maximum number of rows that a search visits. It bounds the time for a text made of words that share a hash on
 * purpose.
 */
const MAX_PROBES = 64;

/** Creates an empty cache. */
export function createTokenCache(): TokenCache {
  return {
    rows: new Int32Array(SLOTS * ROW_LENGTH),
    characterFeatures: new Int32Array(1 << 12),
    characterFeatureCount: 0,
    tokenCount: 0,
  };
}

/**
 * Returns the position of a token's row. For a token that is not in the cache, returns a free row for it (with a
 * `shape` of 0), or -1 if there is none within `MAX_PROBES` rows.
 */
export function findRow(rows: Int32Array, hash: number, shape: number): number {
  let row = (hash & (SLOTS - 1)) * ROW_LENGTH;
  for (let probe = 0; probe < MAX_PROBES; probe += 1) {
    const rowShape = rows[row + CacheField.shape]!;
    if (rowShape === 0 || (rowShape === shape && rows[row] === hash)) return row;
    row = (row + ROW_LENGTH) & (SLOTS * ROW_LENGTH - 1);
  }
  return -1;
}

/**
 * Prefetches the slots of the first `count` hashes, so that the look-ups overlap their memory latency. The values in
 * `scratch` have no meaning.
 */
export function prefetchSlots(rows: Int32Array, hashes: Int32Array, count: number, scratch: Int32Array): void {
  for (let at = 0; at < count; at += 1) {
    scratch[at] = rows[(hashes[at]! & (SLOTS - 1)) * ROW_LENGTH + CacheField.shape]!;
  }
}

/** Returns whether the cache has no room for one more token with up to `maxFeatures` character features. */
export function isFull(cache: TokenCache, maxFeatures: number): boolean {
  return cache.tokenCount >= MAX_TOKENS || cache.characterFeatureCount + maxFeatures > MAX_CHARACTER_FEATURES;
}

/** Removes all tokens. */
export function clearCache(cache: TokenCache): void {
  cache.rows.fill(0);
  cache.tokenCount = 0;
  cache.characterFeatureCount = 0;
}

/** Makes room in `characterFeatures` for `maxFeatures` more features. */
export function reserveCharacterFeatures(cache: TokenCache, maxFeatures: number): void {
  const { characterFeatures, characterFeatureCount } = cache;
  const length = characterFeatureCount + maxFeatures;
  if (length <= characterFeatures.length) return;
  cache.characterFeatures = enlarge(characterFeatures, Math.max(characterFeatures.length * 2, length));
}
