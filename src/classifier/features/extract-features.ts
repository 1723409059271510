import { addUnit, FNV_OFFSET_BASIS, finishHash, joinHashes } from '../text/hashing.ts';
import type { StemHasher } from '../text/stemming.ts';
import type { FeatureOptions } from '../text/text-options.ts';
import { type TokenBuffer, TokenKind } from '../text/token-buffer.ts';
import { addFeature, clearCounts, type VocabularyCounts } from './feature-counts.ts';

/** The code unit that stands for the edge of a word in a character n-gram: a blank. */
const WORD_EDGE = 0x20;

/** A function that counts the features of a text's tokens. It replaces the counts of the previous text. */
export type FeatureExtractor = (tokens: TokenBuffer) => void;

/**
 * Creates a feature extractor for training. New features join the vocabulary. `createFeatureLookup` finds the same
 * features for scoring, but only those of a finished vocabulary.
 *
 * @param onWord called for each word with its hash and the number of its feature
 */
export function createFeatureExtractor(
  options: FeatureOptions,
  stemHash: StemHasher,
  { words, characters }: { words: VocabularyCounts; characters: VocabularyCounts },
  onWord: (hash: number, feature: number) => void,
): FeatureExtractor {
  const maxWords = options.wordNgrams;
  const [minLength, maxLength] = options.characterNgrams;
  // endingHashes[n] is the hash of the n-gram of n + 1 words that ends at the previous word.
  const endingHashes = new Int32Array(Math.max(1, maxWords));
  const countCharacterNgram = (hash: number) => {
    addFeature(characters, hash);
  };

  return ({ units, starts, ends, hashes, kinds, count }) => {
    clearCounts(words);
    clearCounts(characters);
    let wordsBefore = 0;
    for (let at = 0; at < count; at += 1) {
      const start = starts[at]!;
      const end = ends[at]!;
      let hash = hashes[at]!;
      if (maxLength > 0 && kinds[at] !== TokenKind.ideograph) {
        visitCharacterNgrams(units, start, end, minLength, maxLength, countCharacterNgram);
      }
      if (kinds[at] === TokenKind.sign) {
        addFeature(words, hash);
        continue;
      }
      if (options.stem) hash = stemHash(hash, units, start, end);
      onWord(hash, addFeature(words, hash));
      for (let n = Math.min(wordsBefore, maxWords - 1); n > 0; n -= 1) {
        const joined = joinHashes(endingHashes[n - 1]!, hash);
        addFeature(words, joined);
        endingHashes[n] = joined;
      }
      endingHashes[0] = hash;
      wordsBefore += 1;
    }
  };
}

/**
 * Calls `visit` with the hash of each character n-gram of one token. The two edges of the token count as one unit each.
 */
export function visitCharacterNgrams(
  units: Uint16Array,
  start: number,
  end: number,
  minLength: number,
  maxLength: number,
  visit: (hash: number) => void,
): void {
  for (let first = start - 1; first <= end; first += 1) {
    let hash = FNV_OFFSET_BASIS;
    const last = Math.min(first + maxLength, end + 1);
    for (let at = first; at < last; at += 1) {
      hash = addUnit(hash, at < start || at >= end ? WORD_EDGE : units[at]!);
      if (at - first + 1 >= minLength) visit(finishHash(hash));
    }
  }
}
