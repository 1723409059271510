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
  reserveFeatures,
} from './token-cache.ts';

const unseen = -2;

/** The vocabulary of a trained model. */
export interface KnownFeatures {
  readonly words: HashIndex;
  readonly characters: HashIndex;
  /** Words that training saw and that are no feature. */
  readonly otherWords: HashIndex;
  readonly stemHash: StemHasher;
}

/**
 * Counts the known features of a text's tokens, in place of those of the text before; returns how many of its words
 * training never saw. Finds exactly the known ones of the features that `createFeatureExtractor` finds, by way of a cache of tokens.
 */
export type FeatureLookup = (tokens: TokenBuffer) => number;

export function createFeatureLookup(
  options: FeatureOptions,
  known: KnownFeatures,
  { words, characters }: { words: FeatureCounts; characters: FeatureCounts },
): FeatureLookup {
  const { stemHash } = known;
  const cache = createTokenCache();
  const { rows } = cache;
  const longestSequence = options.wordNgrams;
  const [shortest, longest] = options.characterNgrams;
  // Rows of tokens that were seen and are not counted yet. A text repeats itself: each is counted once for all its times.
  let seenRows = new Int32Array(1024);
  let seen = 0;
  let sequences = new Int32Array(1024);
  let found = new Int32Array(1024);
  const ending = new Int32Array(Math.max(1, longestSequence));

  function porterStem(hash: number, units: Uint16Array, start: number, end: number, kind: number): number {
    return options.stem && kind !== TokenKind.sign ? stemHash(hash, units, start, end) : hash;
  }

  function featureOf(stem: number): number {
    const feature = findHash(known.words, stem);
    if (feature >= 0) return feature;
    return findHash(known.otherWords, stem) >= 0 ? -1 : unseen;
  }

  function listCharacter(hash: number): void {
    const feature = findHash(known.characters, hash);
    if (feature < 0) return;
    cache.characters[cache.used] = feature;
    cache.used += 1;
  }

  function countCharacter(hash: number): void {
    const feature = findHash(known.characters, hash);
    if (feature >= 0) countFeature(characters, feature, 1);
  }

  function learnToken(
    hash: number,
    units: Uint16Array,
    start: number,
    end: number,
    kind: number,
    shape: number,
  ): number {
    const mostInside = longest > 0 && kind !== TokenKind.ideograph ? (end - start + 2) * (longest - shortest + 1) : 0;
    if (isFull(cache, mostInside)) {
      countSeen();
      clearCache(cache);
    }
    reserveFeatures(cache, mostInside);
    const row = findRow(rows, hash, shape);
    const before = cache.used;
    if (mostInside > 0) visitCharacterNgrams(units, start, end, shortest, longest, listCharacter);
    const stem = porterStem(hash, units, start, end, kind);
    rows[row + CacheField.hash] = hash;
    rows[row + CacheField.shape] = shape;
    rows[row + CacheField.stem] = stem;
    rows[row + CacheField.feature] = featureOf(stem);
    rows[row + CacheField.start] = before;
    rows[row + CacheField.length] = cache.used - before;
    cache.size += 1;
    return row;
  }

  /** Counts what the seen tokens hold, in the order in which they were first seen. */
  function countSeen(): void {
    for (let at = 0; at < seen; at += 1) {
      const row = seenRows[at]!;
      const times = rows[row + CacheField.seen]!;
      rows[row + CacheField.seen] = 0;
      const feature = rows[row + CacheField.feature]!;
      if (feature >= 0) countFeature(words, feature, times);
      countList(characters, cache.characters, rows[row + CacheField.start]!, rows[row + CacheField.length]!, times);
    }
    seen = 0;
  }

  return ({ units, starts, ends, hashes, kinds, count }) => {
    clearCounts(words);
    clearCounts(characters);
    if (seenRows.length < count) seenRows = new Int32Array(count * 2);
    if (sequences.length < count * ending.length) {
      sequences = new Int32Array(count * ending.length * 2);
      found = new Int32Array(sequences.length);
    }
    prefetchSlots(rows, hashes, count, found);
    let sequenceCount = 0;
    let unknown = 0;
    let before = 0;
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
        if (rows[row + CacheField.shape] === 0) row = learnToken(hash, units, start, end, kind, shape);
        stem = rows[row + CacheField.stem]!;
        feature = rows[row + CacheField.feature]!;
        const times = rows[row + CacheField.seen]!;
        rows[row + CacheField.seen] = times + 1;
        if (times === 0) {
          seenRows[seen] = row;
          seen += 1;
        }
      } else {
        // Sums of the same numbers in another order differ in their last bits: the order is always that of the text.
        countSeen();
        stem = porterStem(hash, units, start, end, kind);
        feature = featureOf(stem);
        if (feature >= 0) countFeature(words, feature, 1);
        if (longest > 0 && kind !== TokenKind.ideograph) {
          visitCharacterNgrams(units, start, end, shortest, longest, countCharacter);
        }
      }
      if (kind === TokenKind.sign) continue;
      if (feature === unseen) unknown += 1;
      for (let n = Math.min(before, longestSequence - 1); n > 0; n -= 1) {
        const joined = joinHashes(ending[n - 1]!, stem);
        sequences[sequenceCount] = joined;
        sequenceCount += 1;
        ending[n] = joined;
      }
      ending[0] = stem;
      before += 1;
    }
    countSeen();
    countAll(words, found, findHashes(known.words, sequences, sequenceCount, found), sequences);
    return unknown;
  };
}

function countList(block: FeatureCounts, features: Int32Array, start: number, length: number, times: number): void {
  const { counts, touched } = block;
  let { touchedCount } = block;
  for (let at = start; at < start + length; at += 1) {
    const feature = features[at]!;
    const before = counts[feature]!;
    touched[touchedCount] = feature;
    touchedCount += (before - 1) >>> 31;
    counts[feature] = before + times;
  }
  block.touchedCount = touchedCount;
}

/** Counts features, whose counts are read before the first is changed: `into` is of no use otherwise. */
function countAll(block: FeatureCounts, features: Int32Array, count: number, into: Int32Array): void {
  const { counts } = block;
  for (let at = 0; at < count; at += 1) into[at] = counts[features[at]!]!;
  for (let at = 0; at < count; at += 1) countFeature(block, features[at]!, 1);
}
