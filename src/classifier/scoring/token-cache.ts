/**
 * What is known of tokens met before: the hash of the stem, the word's feature, and the character features inside. Most
 * tokens of a text are common words, and finding all that anew would cost more than the rest of scoring together. It is
 * bounded: once full it is emptied and fills again.
 */
export interface TokenCache {
  /** A row of `CacheField`s for each slot, so that a look-up reads one cache line. */
  readonly rows: Int32Array;
  /** Character features of the tokens, one token's after the other's. */
  characters: Int32Array;
  /** Used part of `characters`. */
  used: number;
  size: number;
}

/** What stands where in a row of the cache. */
export const CacheField = {
  hash: 0,
  /** Length and first unit of the token, so that two tokens of one hash are told apart; 0 in a free slot. */
  shape: 1,
  stem: 2,
  /** Number of the word's feature, -1 where it has none though training saw it, -2 where training never did. */
  feature: 3,
  /** Where the token's character features stand in `characters`, and how many. */
  start: 4,
  length: 5,
  /** How often the token was seen in the text at hand and is not counted yet. */
  seen: 6,
} as const;

const rowLength = 8;
const slots = 1 << 15;
const mostTokens = slots / 2;
const mostCharacters = 1 << 19;

/** Tokens longer than this are not worth a place: they are noise, and seldom the same twice. */
export const MAX_CACHED_LENGTH = 64;

export function createTokenCache(): TokenCache {
  return { rows: new Int32Array(slots * rowLength), characters: new Int32Array(1 << 12), used: 0, size: 0 };
}

/** Words made to share a hash must not make a text slow: a token that is not found this near has no place. */
const longestProbe = 64;

/** Where the row of a token begins, or the free row where it would go (its `shape` is 0); -1 where there is neither. */
export function findRow(rows: Int32Array, hash: number, shape: number): number {
  let row = (hash & (slots - 1)) * rowLength;
  for (let probe = 0; probe < longestProbe; probe += 1) {
    const held = rows[row + CacheField.shape]!;
    if (held === 0 || (held === shape && rows[row] === hash)) return row;
    row = (row + rowLength) & (slots * rowLength - 1);
  }
  return -1;
}

/** Reads the slots of tokens, into an array that is no use otherwise, for their look-ups not to wait for memory one by one. */
export function prefetchSlots(rows: Int32Array, hashes: Int32Array, count: number, into: Int32Array): void {
  for (let at = 0; at < count; at += 1) into[at] = rows[(hashes[at]! & (slots - 1)) * rowLength + CacheField.shape]!;
}

/** Whether the cache is full, with one more token of up to `characters` character features. */
export function isFull(cache: TokenCache, characters: number): boolean {
  return cache.size >= mostTokens || cache.used + characters > mostCharacters;
}

export function clearCache(cache: TokenCache): void {
  cache.rows.fill(0);
  cache.size = 0;
  cache.used = 0;
}

/** Sees to it that one more token's `characters` character features have room to be written to. */
export function reserveFeatures(cache: TokenCache, characters: number): void {
  if (cache.used + characters <= cache.characters.length) return;
  const larger = new Int32Array(Math.max(cache.characters.length * 2, cache.used + characters));
  larger.set(cache.characters);
  cache.characters = larger;
}
