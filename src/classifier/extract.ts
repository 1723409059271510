import type { FeatureBlock } from './feature-block.ts';
import type { FeatureOptions } from './feature-options.ts';
import { finishHash, hashStart, joinHashes } from './hashing.ts';
import type { StemHasher } from './stem-cache.ts';
import { type TokenBuffer, TokenKind } from './token-buffer.ts';

export const edge = 0x20;
const ideograph = TokenKind.ideograph;

/** Counts a feature in a block; returns its number, or -1 where it is not counted. */
export type Count = (block: FeatureBlock, hash: number) => number;

/**
 * Turns the tokens of a text into counts of features. `words` and `characters` must be clear; `count` decides whether
 * features new to the vocabulary join it. `onWord` hears of each word: the hash and the number of its own feature.
 */
export type Extractor = (
  tokens: TokenBuffer,
  words: FeatureBlock,
  characters: FeatureBlock,
  count: Count,
  onWord: (hash: number, feature: number) => void,
) => void;

export function createExtractor(options: FeatureOptions, stemHash: StemHasher): Extractor {
  const longestSequence = options.wordNgrams;
  const [shortest, longest] = options.characterNgrams;
  // ending[n] is the hash of the sequence of n + 1 words that ends at the word before.
  const ending = new Int32Array(Math.max(1, longestSequence));

  return (tokens, words, characters, count, onWord) => {
    const { units, starts, ends, hashes, kinds } = tokens;
    let sequence = 0;
    for (let at = 0; at < tokens.count; at += 1) {
      const start = starts[at]!;
      const end = ends[at]!;
      let hash = hashes[at]!;
      if (longest > 0 && kinds[at] !== ideograph) {
        countCharacters(units, start, end, shortest, longest, characters, count);
      }
      if (kinds[at] === TokenKind.sign) {
        count(words, hash);
        continue;
      }
      if (options.stem) hash = stemHash(hash, units, start, end);
      onWord(hash, count(words, hash));
      const reach = Math.min(sequence, longestSequence - 1);
      for (let n = reach; n > 0; n -= 1) {
        const joined = joinHashes(ending[n - 1]!, hash);
        count(words, joined);
        ending[n] = joined;
      }
      ending[0] = hash;
      sequence += 1;
    }
  };
}

/** Counts the character n-grams inside one token, its edges included. */
export function countCharacters(
  units: Uint16Array,
  start: number,
  end: number,
  shortest: number,
  longest: number,
  characters: FeatureBlock,
  count: Count,
): void {
  for (let first = start - 1; first <= end; first += 1) {
    let hash = hashStart;
    const last = Math.min(first + longest, end + 1);
    for (let at = first; at < last; at += 1) {
      hash = Math.imul(hash ^ (at < start || at >= end ? edge : units[at]!), 0x01000193);
      if (at - first + 1 >= shortest) count(characters, finishHash(hash));
    }
  }
}
