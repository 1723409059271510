import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Evaluation, evaluate, type LabelledPrediction } from '../../../src/classifier/statistics/evaluation.ts';

interface Fixture {
  readonly cases: Readonly<Record<string, { predictions: LabelledPrediction[]; expected: Evaluation }>>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/evaluation/scikit-learn.json', import.meta.url), 'utf8'),
) as Fixture;

/** Returns every number of an object with its path. */
function numbersOf(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersOf(inner, `${path}.${key}`));
}

test.each(Object.entries(fixture.cases))(
  'all figures are those of scikit-learn: %s',
  (_, { predictions, expected }) => {
    const evaluation = evaluate(predictions);
    expect(evaluation.confusionMatrix).toEqual(expected.confusionMatrix);
    const actual = new Map(numbersOf(evaluation));
    expect([...actual.keys()].sort()).toEqual(
      numbersOf(expected)
        .map(([path]) => path)
        .sort(),
    );
    for (const [path, number] of numbersOf(expected)) {
      expect(Math.abs(actual.get(path)! - number), path).toBeLessThan(1e-12);
    }
  },
);

test('all figures are 0 without predictions, and not NaN', () => {
  const numbers = numbersOf(evaluate([])).map(([, number]) => number);
  expect(numbers.every((number) => number === 0)).toBe(true);
});

test('a label that the model does not know has a finite loss', () => {
  const { accuracy, logLoss, labels } = evaluate([
    { actual: 'new', predicted: 'old', confidence: 0.9, actualProbability: 0 },
  ]);
  expect(accuracy).toBe(0);
  expect(logLoss).toBeCloseTo(-Math.log(2 ** -52), 10);
  expect(labels['new']).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
});
