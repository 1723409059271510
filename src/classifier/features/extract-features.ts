import { addUnit, FNV_OFFSET_BASIS, finishHash, joinHashes } from '../text/hashing.ts';
import type { StemHasher } from '../text/stemming.ts';
import type { FeatureOptions } from '../text/text-options.ts';
import { type TokenBuffer, TokenKind } from '../text/token-buffer.ts';
import { addFeature, clearCounts, type VocabularyCounts } from './feature-counts.ts';

const edge = 0x20;

/** Counts the features of a text's tokens, in place of those of the text before. */
export type FeatureExtractor = (tokens: TokenBuffer) => void;

/**
 * Turns the tokens of texts into counts of features; features new to the vocabulary join it. `onWord` hears of each
 * word: the hash and the number of its own feature.
 */
export function createFeatureExtractor(
  options: FeatureOptions,
  stemHash: StemHasher,
  { words, characters }: { words: VocabularyCounts; characters: VocabularyCounts },
  onWord: (hash: number, feature: number) => void,
): FeatureExtractor {
  const longestSequence = options.wordNgrams;
  const [shortest, longest] = options.characterNgrams;
  // ending[n] is the hash of the sequence of n + 1 words that ends at the word before.
  const ending = new Int32Array(Math.max(1, longestSequence));
  const countCharacters = (hash: number) => {
    addFeature(characters, hash);
  };

  return ({ units, starts, ends, hashes, kinds, count }) => {
    clearCounts(words);
    clearCounts(characters);
    let sequence = 0;
    for (let at = 0; at < count; at += 1) {
      const start = starts[at]!;
      const end = ends[at]!;
      let hash = hashes[at]!;
      if (longest > 0 && kinds[at] !== TokenKind.ideograph) {
        visitCharacterNgrams(units, start, end, shortest, longest, countCharacters);
      }
      if (kinds[at] === TokenKind.sign) {
        addFeature(words, hash);
        continue;
      }
      if (options.stem) hash = stemHash(hash, units, start, end);
      onWord(hash, addFeature(words, hash));
      const reach = Math.min(sequence, longestSequence - 1);
      for (let n = reach; n > 0; n -= 1) {
        const joined = joinHashes(ending[n - 1]!, hash);
        addFeature(words, joined);
        ending[n] = joined;
      }
      ending[0] = hash;
      sequence += 1;
    }
  };
}

/** Visits the hashes of the character n-grams inside one token, its edges included. */
export function visitCharacterNgrams(
  units: Uint16Array,
  start: number,
  end: number,
  shortest: number,
  longest: number,
  visit: (hash: number) => void,
): void {
  for (let first = start - 1; first <= end; first += 1) {
    let hash = FNV_OFFSET_BASIS;
    const last = Math.min(first + longest, end + 1);
    for (let at = first; at < last; at += 1) {
      hash = addUnit(hash, at < start || at >= end ? edge : units[at]!);
      if (at - first + 1 >= shortest) visit(finishHash(hash));
    }
  }
}
