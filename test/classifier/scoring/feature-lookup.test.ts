import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFeatureExtractor } from '../../../src/classifier/features/extract-features.ts';
import {
  createFeatureCounts,
  createVocabularyCounts,
  type FeatureCounts,
} from '../../../src/classifier/features/feature-counts.ts';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { createFeatureLookup } from '../../../src/classifier/scoring/feature-lookup.ts';
import { createHashIndex, type HashIndex } from '../../../src/classifier/text/hash-index.ts';
import { createStemHasher } from '../../../src/classifier/text/stemming.ts';
import type { FeatureOptions } from '../../../src/classifier/text/text-options.ts';
import { createTokenBuffer } from '../../../src/classifier/text/token-buffer.ts';
import { tokenizeNormalised } from '../../../src/classifier/tokenizers/normal-form-tokenizer.ts';

const options: FeatureOptions = {
  tokenizer: 'unicode',
  normalisation: 'nfkc',
  stem: true,
  wordNgrams: 3,
  characterNgrams: [2, 4],
};

const countsOf = ({ touched, touchedCount, counts }: FeatureCounts, features: number) =>
  [...touched.subarray(0, touchedCount)]
    .filter((feature) => feature < features)
    .map((feature) => [feature, counts[feature]!] as const);

/** Makes texts of few common and many rare words, signs, ideographs, and a word that is too long for the cache. */
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

const copyOf = (index: HashIndex): HashIndex => ({ ...index, slots: index.slots.slice() });

/** Creates an extractor that has seen some texts, and a lookup with the vocabulary of these texts. */
function createPair(texts: readonly string[]) {
  const buffer = createTokenBuffer();
  const extracted = { words: createVocabularyCounts(), characters: createVocabularyCounts() };
  let unknownWords = 0;
  let knownWordCount = Number.POSITIVE_INFINITY;
  const extract = createFeatureExtractor(options, createStemHasher(), extracted, (_, feature) => {
    if (feature >= knownWordCount) unknownWords += 1;
  });
  for (const text of texts) {
    tokenizeNormalised(text, buffer);
    extract(buffer);
  }
  const known = {
    words: copyOf(extracted.words.index),
    characters: copyOf(extracted.characters.index),
    otherWords: createHashIndex(),
    stemHash: createStemHasher(),
  };
  knownWordCount = known.words.size;
  const found = {
    words: createFeatureCounts(known.words.size),
    characters: createFeatureCounts(known.characters.size),
  };
  const lookUp = createFeatureLookup(options, known, found);
  return {
    extract(text: string) {
      unknownWords = 0;
      tokenizeNormalised(text, buffer);
      extract(buffer);
      return { unknownWords, ...counts(extracted) };
    },
    lookUp(text: string) {
      tokenizeNormalised(text, buffer);
      return { unknownWords: lookUp(buffer), ...counts(found) };
    },
  };

  function counts({ words, characters }: { words: FeatureCounts; characters: FeatureCounts }) {
    return {
      words: new Map(countsOf(words, known.words.size)),
      characters: new Map(countsOf(characters, known.characters.size)),
    };
  }
}

test('the lookup counts the same features as the extractor, also after its cache was emptied', () => {
  const { extract, lookUp } = createPair(makeTexts(200, 1));
  for (const text of makeTexts(1500, 2)) expect(lookUp(text)).toEqual(extract(text));
});

test('a text that fills the cache several times is counted completely', () => {
  const { extract, lookUp } = createPair(makeTexts(200, 1));
  const text = makeTexts(3000, 3).join(' ');
  const first = lookUp(text);
  expect(first).toEqual(extract(text));
  // The order of the features decides the last bits of later sums, so it must not depend on the cache.
  const order = [...first.characters.keys()];
  expect([...lookUp(text).characters.keys()]).toEqual(order);
  lookUp('something else');
  expect([...lookUp(text).characters.keys()]).toEqual(order);
});

test('counts stop at 255, the largest byte', () => {
  const { extract, lookUp } = createPair(['free money']);
  const { words } = lookUp('free '.repeat(1000));
  expect([...words.values()]).toEqual([255]);
  expect(words).toEqual(extract('free '.repeat(1000)).words);
});

test('scoring finds in any text the words and features that training counted', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 40 }));
  // One vocabulary for many texts: making one takes longer than all the rest.
  fc.assert(
    fc.property(fc.array(text, { minLength: 200, maxLength: 200 }), (texts) => {
      const { extract, lookUp } = createPair(texts);
      for (const learned of texts) {
        const found = lookUp(learned);
        expect(found).toEqual(extract(learned));
        expect(found.unknownWords).toBe(0);
      }
    }),
    { numRuns: 1, endOnFailure: true },
  );
});
