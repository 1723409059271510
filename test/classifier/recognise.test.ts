import { expect, test } from 'vitest';
import { createExtractor } from '../../src/classifier/extract.ts';
import {
  clearBlock,
  countAny,
  countKnown,
  createFeatureBlock,
  type FeatureBlock,
} from '../../src/classifier/feature-block.ts';
import type { FeatureOptions } from '../../src/classifier/feature-options.ts';
import { createHashIndex } from '../../src/classifier/hash-index.ts';
import { createRandom } from '../../src/classifier/random.ts';
import { createRecogniser } from '../../src/classifier/recognise.ts';
import { createStemHasher, emptyStemTable } from '../../src/classifier/stem-cache.ts';
import { createTokenBuffer } from '../../src/classifier/token-buffer.ts';
import { tokenizeUnicode } from '../../src/classifier/unicode-tokenizer.ts';

const options: FeatureOptions = { tokenizer: 'unicode', stem: true, wordNgrams: 3, characterNgrams: [2, 4] };

const countsOf = ({ touched, touchedCount, counts }: FeatureBlock) =>
  new Map([...touched.subarray(0, touchedCount)].sort((a, b) => a - b).map((feature) => [feature, counts[feature]]));

/** Texts of few common and many rare words, signs, ideographs and a word too long for the cache. */
function makeTexts(count: number, seed: number): string[] {
  const random = createRandom(seed);
  const word = () => {
    const kind = random();
    if (kind < 0.3) return ['free', 'money', 'running', '!!!', '体', '😀'][Math.floor(random() * 6)];
    if (kind < 0.32) return 'z'.repeat(70);
    return Math.floor(random() * 60_000).toString(36);
  };
  return Array.from({ length: count }, () => Array.from({ length: 40 }, word).join(' '));
}

test('with its cache it counts exactly what the extractor counts without, also after the cache was emptied', () => {
  const extract = createExtractor(options, createStemHasher());
  const buffer = createTokenBuffer();
  const learned = { words: createFeatureBlock(), characters: createFeatureBlock() };
  for (const text of makeTexts(200, 1)) {
    tokenizeUnicode(text, buffer);
    clearBlock(learned.words);
    clearBlock(learned.characters);
    extract(buffer, learned.words, learned.characters, countAny, () => {});
  }
  const plain = {
    words: createFeatureBlock(learned.words.index),
    characters: createFeatureBlock(learned.characters.index),
  };
  const cached = {
    words: createFeatureBlock(learned.words.index),
    characters: createFeatureBlock(learned.characters.index),
    otherWords: createHashIndex(),
    stems: emptyStemTable,
  };
  const recognise = createRecogniser(options, cached);
  for (const text of makeTexts(1500, 2)) {
    tokenizeUnicode(text, buffer);
    clearBlock(plain.words);
    clearBlock(plain.characters);
    let unknown = 0;
    extract(buffer, plain.words, plain.characters, countKnown, (_, feature) => {
      if (feature < 0) unknown += 1;
    });
    expect(recognise(buffer)).toBe(unknown);
    expect(countsOf(cached.words)).toEqual(countsOf(plain.words));
    expect(countsOf(cached.characters)).toEqual(countsOf(plain.characters));
  }
});
