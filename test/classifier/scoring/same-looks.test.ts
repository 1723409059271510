import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLinearClassifier } from '../../../src/classifier/scoring/linear-classifier.ts';
import { trainSmall } from '../small-mails.ts';

const texts = {
  positif: 'très bon café, crème délicieuse, séjour agréable',
  négatif: 'hôtel désagréable, problème à la réception, jamais plus',
  türkçe: 'istanbul için büyük indirim',
};
const examples = Object.entries(texts).flatMap(([label, text]) =>
  Array.from({ length: 20 }, (_, at) => ({ text: `${text} ${at}`, label })),
);
const classifier = createLinearClassifier(trainSmall({}, examples).model);

/** Returns the whole answer for a text, with its explanation. */
function classify(text: string) {
  const tokens = classifier.tokenize(text);
  const scores = classifier.score(tokens);
  return { scores, explanation: classifier.explain(tokens, scores) };
}

test.each([
  ['decomposed accents', 'crème délicieuse', 'crème délicieuse'.normalize('NFD')],
  ['decomposed accents in a sentence', 'problème à la réception', 'problème à la réception'.normalize('NFD')],
  ['capitals with a dot', 'istanbul indirim', '\u0130STANBUL \u0130ND\u0130R\u0130M'],
  ['full width', 'bon cafe 3', '\uff42\uff4f\uff4e \uff43\uff41\uff46\uff45 \uff13'],
])('%s change neither the scores nor the explanation', (_, text, variant) => {
  expect(classify(variant)).toEqual(classify(text));
  expect(classify(text).scores.confidence).toBeGreaterThan(0.5);
});

describe('for any text', () => {
  const word = fc.constantFrom(
    ...Object.values(texts).join(' ').split(' '),
    'Straße',
    'naïve',
    'ﬁn',
    'ありがとう',
    '한국어',
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
  );

  test('its normal form changes no score', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'), (original, form) => {
        expect(classify(original.normalize(form))).toEqual(classify(original));
      }),
    );
  });

  test('its case changes no score', () => {
    fc.assert(
      fc.property(text, (original) => {
        fc.pre(!original.normalize('NFD').includes('\u0345'));
        expect(classify(original.toUpperCase())).toEqual(classify(original));
        expect(classify(original.toLowerCase())).toEqual(classify(original));
      }),
    );
  });

  test('invisible characters change no score', () => {
    const invisible = fc.constantFrom(...'\u200b\u200d\u2060\ufeff\u00ad\u034f\u3164\ufe0f\u202e\u2069', '\u{e0041}');
    fc.assert(
      fc.property(text, invisible, fc.nat(), (original, character, position) => {
        const characters = Array.from(original);
        characters.splice(position % (characters.length + 1), 0, character);
        expect(classify(characters.join(''))).toEqual(classify(original));
      }),
    );
  });
});
