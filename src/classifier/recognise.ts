import { countCharacters, edge } from './extract.ts';
import { clearBlock, countFeature, countKnown, type FeatureBlock } from './feature-block.ts';
import type { FeatureOptions } from './feature-options.ts';
import { findHash, type HashIndex } from './hash-index.ts';
import { finishHash, hashStart, joinHashes } from './hashing.ts';
import { createStemHasher, type StemTable } from './stem-cache.ts';
import { type TokenBuffer, TokenKind } from './token-buffer.ts';
import { CacheField, createTokenCache, findRow, longestCached, makeRoom, type TokenCache } from './token-cache.ts';

const unseen = -2;

/** The vocabulary of a trained model. */
export interface KnownFeatures {
  readonly words: FeatureBlock;
  readonly characters: FeatureBlock;
  /** Words that training saw and that are no feature. */
  readonly otherWords: HashIndex;
  readonly stems: StemTable;
  /** Of the words in that table, where it was made already. */
  readonly stemIndex?: HashIndex;
}

/**
 * Counts the known features of a text's tokens; returns how many of its words training never saw. Finds exactly the
 * features that `createExtractor` finds with `countKnown`, by way of a cache of tokens.
 */
export type Recogniser = (tokens: TokenBuffer) => number;

export function createRecogniser(options: FeatureOptions, known: KnownFeatures): Recogniser {
  const { words, characters, otherWords } = known;
  const stemHash = createStemHasher(known.stems, known.stemIndex);
  const cache = createTokenCache();
  const longestSequence = options.wordNgrams;
  const [shortest, longest] = options.characterNgrams;
  // Sequences are looked up all at once, for the processor to wait for many cache lines at a time.
  let pending = new Int32Array(1024);
  const ending = new Int32Array(Math.max(1, longestSequence));

  function learnToken(
    hash: number,
    units: Uint16Array,
    start: number,
    end: number,
    kind: number,
    shape: number,
  ): number {
    const mostInside = longest > 0 && kind !== TokenKind.ideograph ? (end - start + 2) * (longest - shortest + 1) : 0;
    makeRoom(cache, mostInside);
    const { rows } = cache;
    const row = findRow(rows, hash, shape);
    const stem = options.stem && kind !== TokenKind.sign ? stemHash(hash, units, start, end) : hash;
    const before = cache.used;
    if (mostInside > 0) listCharacters(units, start, end, shortest, longest, characters.index, cache);
    rows[row + CacheField.hash] = hash;
    rows[row + CacheField.shape] = shape;
    rows[row + CacheField.stem] = stem;
    rows[row + CacheField.feature] = featureOf(stem);
    rows[row + CacheField.start] = before;
    rows[row + CacheField.length] = cache.used - before;
    cache.size += 1;
    return row;
  }

  function featureOf(stem: number): number {
    const feature = findHash(words.index, stem);
    if (feature >= 0) return feature;
    return findHash(otherWords, stem) >= 0 ? -1 : unseen;
  }

  return (tokens) => {
    clearBlock(words);
    clearBlock(characters);
    const { units, starts, ends, hashes, kinds } = tokens;
    const { rows } = cache;
    if (pending.length < tokens.count * longestSequence) pending = new Int32Array(tokens.count * longestSequence * 2);
    let waiting = 0;
    let unknown = 0;
    let sequence = 0;
    for (let at = 0; at < tokens.count; at += 1) {
      const start = starts[at]!;
      const end = ends[at]!;
      const kind = kinds[at]!;
      const hash = hashes[at]!;
      let stem: number;
      let feature: number;
      const shape = ((end - start) << 18) | (kind << 16) | units[start]!;
      let row = end - start <= longestCached ? findRow(rows, hash, shape) : -1;
      if (row >= 0) {
        if (rows[row + CacheField.shape] === 0) row = learnToken(hash, units, start, end, kind, shape);
        stem = rows[row + CacheField.stem]!;
        feature = rows[row + CacheField.feature]!;
        countList(characters, cache.characters, rows[row + CacheField.start]!, rows[row + CacheField.length]!);
      } else {
        stem = options.stem && kind !== TokenKind.sign ? stemHash(hash, units, start, end) : hash;
        feature = featureOf(stem);
        if (longest > 0 && kind !== TokenKind.ideograph) {
          countCharacters(units, start, end, shortest, longest, characters, countKnown);
        }
      }
      if (feature >= 0) countFeature(words, feature);
      if (kind === TokenKind.sign) continue;
      if (feature === unseen) unknown += 1;
      for (let n = Math.min(sequence, longestSequence - 1); n > 0; n -= 1) {
        const joined = joinHashes(ending[n - 1]!, stem);
        pending[waiting] = joined;
        waiting += 1;
        ending[n] = joined;
      }
      ending[0] = stem;
      sequence += 1;
    }
    countSequences(words, pending, waiting);
    return unknown;
  };
}

function countList(block: FeatureBlock, features: Int32Array, start: number, length: number): void {
  const { counts, touched } = block;
  let { touchedCount } = block;
  for (let at = start; at < start + length; at += 1) {
    const feature = features[at]!;
    const before = counts[feature]!;
    if (before === 0) {
      touched[touchedCount] = feature;
      touchedCount += 1;
    }
    counts[feature] = before + 1;
  }
  block.touchedCount = touchedCount;
}

function countSequences(block: FeatureBlock, hashes: Int32Array, count: number): void {
  for (let at = 0; at < count; at += 1) {
    const feature = findHash(block.index, hashes[at]!);
    if (feature >= 0) countFeature(block, feature);
  }
}

function listCharacters(
  units: Uint16Array,
  start: number,
  end: number,
  shortest: number,
  longest: number,
  index: HashIndex,
  cache: TokenCache,
): void {
  let used = cache.used;
  for (let first = start - 1; first <= end; first += 1) {
    let hash = hashStart;
    const last = Math.min(first + longest, end + 1);
    for (let at = first; at < last; at += 1) {
      hash = Math.imul(hash ^ (at < start || at >= end ? edge : units[at]!), 0x01000193);
      if (at - first + 1 < shortest) continue;
      const feature = findHash(index, finishHash(hash));
      if (feature < 0) continue;
      cache.characters[used] = feature;
      used += 1;
    }
  }
  cache.used = used;
}
