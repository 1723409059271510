import { expect, test } from 'vitest';
import { computeThresholds, findAnomalies } from '../../../src/classifier/statistics/anomalies.ts';

const thresholds = { lowConfidence: 0.6, unknownRatio: 0.3, minCharacters: 10, maxCharacters: 1000 };
const usual = { label: 'ham', confidence: 0.9, unknownRatio: 0.1, characters: 100 };

test.each([
  [{}, []],
  [{ confidence: 0.6, unknownRatio: 0.3, characters: 10 }, []],
  [{ characters: 1000 }, []],
  [{ confidence: 0.59 }, ['low_confidence']],
  [{ unknownRatio: 0.31 }, ['unknown_words']],
  [{ characters: 9 }, ['length']],
  [{ characters: 1001 }, ['length']],
  [{ isObfuscated: true }, ['obfuscated']],
  [{ confidence: 0.5, unknownRatio: 1, characters: 0 }, ['low_confidence', 'unknown_words', 'length']],
])('a text with %j is unusual for the reasons %j', (change, reasons) => {
  expect(findAnomalies({ ...usual, ...change }, thresholds)).toEqual(reasons);
});

test('one text in a hundred is beyond each threshold', () => {
  const observations = Array.from({ length: 1000 }, (_, at) => ({
    label: at % 4 === 0 ? 'spam' : 'ham',
    confidence: at / 1000,
    characters: at,
    unknownRatio: at / 1000,
  }));
  expect(computeThresholds(observations)).toEqual({
    lowConfidence: 0.01,
    unknownRatio: 0.99,
    minCharacters: 10,
    maxCharacters: 990,
  });
});
