import { visitCharacterNgrams } from '../features/extract-features.ts';
import { clearCounts, countFeature, type FeatureCounts } from '../features/feature-counts.ts';
import { findHash, findHashes, type HashIndex } from '../text/hash-index.ts';
import { joinHashes } from '../text/hashing.ts';
import type { StemHasher } from '../text/stemming.ts';
import type { FeatureOptions } from '../text/text-options.ts';
import { type TokenBuffer, TokenKind } from '../text/token-buffer.ts';
import {
  CacheField,
  clearCache,
  createTokenCache,
  findRow,
  isFull,
  MAX_CACHED_LENGTH,
  prefetchSlots,
  reserveCharacterFeatures,
} from './token-cache.ts';

/** The feature number of a word without a feature that occurs in the training data. */
const NO_FEATURE = -1;
/** The feature number of a word that does not occur in the training data. */
const UNKNOWN_WORD = -2;

/** The vocabulary of a trained model. */
export interface KnownFeatures {
  readonly words: HashIndex;
  readonly characters: HashIndex;
  /** Words that occur in the training data and are not features. */
  readonly otherWords: HashIndex;
  readonly stemHash: StemHasher;
}

/**
 * A function that counts the known features of a text's tokens, and returns the number of unknown words. It replaces
 * the counts of the previous text.
 */
export type FeatureLookup = (tokens: TokenBuffer) => number;

/**
 * Creates a feature lookup with a token cache of its own. It finds the same features as `createFeatureExtractor`,
 * except features that the model does not know.
 *
 * @param featureCounts receive the counts of each text
 */
export function createFeatureLookup(
  options: FeatureOptions,
  known: KnownFeatures,
  featureCounts: { words: FeatureCounts; characters: FeatureCounts },
): FeatureLookup {
  const { words, characters } = featureCounts;
  const { stemHash } = known;
  const cache = createTokenCache();
  const { rows } = cache;
  const maxWords = options.wordNgrams;
  const [minLength, maxLength] = options.characterNgrams;
  // Rows of tokens with pending occurrences. Texts repeat words: each row is counted once, with all its occurrences.
  let pendingRows = new Int32Array(1024);
  let pendingCount = 0;
  let ngramHashes = new Int32Array(1024);
  let scratch = new Int32Array(1024);
  // endingHashes[n] is the hash of the n-gram of n + 1 words that ends at the previous word.
  const endingHashes = new Int32Array(Math.max(1, maxWords));

  function hashOfStem(hash: number, units: Uint16Array, start: number, end: number, kind: number): number {
    return options.stem && kind !== TokenKind.sign ? stemHash(hash, units, start, end) : hash;
  }

  function featureOf(stem: number): number {
    const feature = findHash(known.words, stem);
    if (feature >= 0) return feature;
    return findHash(known.otherWords, stem) >= 0 ? NO_FEATURE : UNKNOWN_WORD;
  }

  function cacheCharacterNgram(hash: number): void {
    const feature = findHash(known.characters, hash);
    if (feature < 0) return;
    cache.characterFeatures[cache.characterFeatureCount] = feature;
    cache.characterFeatureCount += 1;
  }

  function countCharacterNgram(hash: number): void {
    const feature = findHash(known.characters, hash);
    if (feature >= 0) countFeature(characters, feature, 1);
  }

  function cacheToken(
    hash: number,
    units: Uint16Array,
    start: number,
    end: number,
    kind: number,
    shape: number,
  ): number {
    const hasNgrams = maxLength > 0 && kind !== TokenKind.ideograph;
    const maxNgrams = hasNgrams ? (end - start + 2) * (maxLength - minLength + 1) : 0;
    if (isFull(cache, maxNgrams)) {
      countPending();
      clearCache(cache);
    }
    reserveCharacterFeatures(cache, maxNgrams);
    const row = findRow(rows, hash, shape);
    const firstFeature = cache.characterFeatureCount;
    if (hasNgrams) visitCharacterNgrams(units, start, end, minLength, maxLength, cacheCharacterNgram);
    const stem = hashOfStem(hash, units, start, end, kind);
    rows[row + CacheField.hash] = hash;
    rows[row + CacheField.shape] = shape;
    rows[row + CacheField.stem] = stem;
    rows[row + CacheField.feature] = featureOf(stem);
    rows[row + CacheField.start] = firstFeature;
    rows[row + CacheField.length] = cache.characterFeatureCount - firstFeature;
    cache.tokenCount += 1;
    return row;
  }

  /** Counts the features of the pending tokens, in the order in which the text first has them. */
  function countPending(): void {
    for (let at = 0; at < pendingCount; at += 1) {
      const row = pendingRows[at]!;
      const times = rows[row + CacheField.pending]!;
      rows[row + CacheField.pending] = 0;
      const feature = rows[row + CacheField.feature]!;
      if (feature >= 0) countFeature(words, feature, times);
      const first = rows[row + CacheField.start]!;
      countRange(characters, cache.characterFeatures, first, rows[row + CacheField.length]!, times);
    }
    pendingCount = 0;
  }

  return ({ units, starts, ends, hashes, kinds, count }) => {
    clearCounts(words);
    clearCounts(characters);
    if (pendingRows.length < count) pendingRows = new Int32Array(count * 2);
    if (ngramHashes.length < count * endingHashes.length) {
      ngramHashes = new Int32Array(count * endingHashes.length * 2);
      scratch = new Int32Array(ngramHashes.length);
    }
    prefetchSlots(rows, hashes, count, scratch);
    let ngramCount = 0;
    let unknownWords = 0;
    let wordsBefore = 0;
    for (let at = 0; at < count; at += 1) {
      const start = starts[at]!;
      const end = ends[at]!;
      const kind = kinds[at]!;
      const hash = hashes[at]!;
      let stem: number;
      let feature: number;
      const shape = ((end - start) << 18) | (kind << 16) | units[start]!;
      let row = end - start <= MAX_CACHED_LENGTH ? findRow(rows, hash, shape) : -1;
      if (row >= 0) {
        if (rows[row + CacheField.shape] === 0) row = cacheToken(hash, units, start, end, kind, shape);
        stem = rows[row + CacheField.stem]!;
        feature = rows[row + CacheField.feature]!;
        const times = rows[row + CacheField.pending]!;
        rows[row + CacheField.pending] = times + 1;
        if (times === 0) {
          pendingRows[pendingCount] = row;
          pendingCount += 1;
        }
      } else {
        // Floating-point sums depend on their order in the last bits. Features are therefore always in the text's
        // order.
        countPending();
        stem = hashOfStem(hash, units, start, end, kind);
        feature = featureOf(stem);
        if (feature >= 0) countFeature(words, feature, 1);
        if (maxLength > 0 && kind !== TokenKind.ideograph) {
          visitCharacterNgrams(units, start, end, minLength, maxLength, countCharacterNgram);
        }
      }
      if (kind === TokenKind.sign) continue;
      if (feature === UNKNOWN_WORD) unknownWords += 1;
      for (let n = Math.min(wordsBefore, maxWords - 1); n > 0; n -= 1) {
        const joined = joinHashes(endingHashes[n - 1]!, stem);
        ngramHashes[ngramCount] = joined;
        ngramCount += 1;
        endingHashes[n] = joined;
      }
      endingHashes[0] = stem;
      wordsBefore += 1;
    }
    countPending();
    const foundCount = findHashes(known.words, ngramHashes, ngramCount, scratch);
    countPrefetched(words, scratch, foundCount, ngramHashes);
    return unknownWords;
  };
}

/** Adds `times` occurrences of each of `length` features from position `start` on. */
function countRange(
  featureCounts: FeatureCounts,
  features: Int32Array,
  start: number,
  length: number,
  times: number,
): void {
  const { counts, touched } = featureCounts;
  let { touchedCount } = featureCounts;
  for (let at = start; at < start + length; at += 1) {
    const feature = features[at]!;
    const before = counts[feature]!;
    touched[touchedCount] = feature;
    touchedCount += (before - 1) >>> 31;
    counts[feature] = before + times;
  }
  featureCounts.touchedCount = touchedCount;
}

/**
 * Counts one occurrence of each of the first `count` features. A first loop reads all counts into `scratch`, so that
 * the reads overlap their memory latency.
 */
function countPrefetched(featureCounts: FeatureCounts, features: Int32Array, count: number, scratch: Int32Array): void {
  const { counts } = featureCounts;
  for (let at = 0; at < count; at += 1) scratch[at] = counts[features[at]!]!;
  for (let at = 0; at < count; at += 1) countFeature(featureCounts, features[at]!, 1);
}
