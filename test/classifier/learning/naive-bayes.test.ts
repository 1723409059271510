import { expect, test } from 'vitest';
import type { WeightedMatrix } from '../../../src/classifier/features/tf-idf.ts';
import { fitComplementNaiveBayes, fitMultinomialNaiveBayes } from '../../../src/classifier/learning/naive-bayes.ts';

// Three documents, three features, three labels: document n has value n + 1 of feature n and 1 of feature 0.
const matrix: WeightedMatrix = {
  rowCount: 3,
  featureCount: 3,
  wordFeatureCount: 3,
  rowStarts: Float64Array.of(0, 1, 3, 5),
  columns: Uint32Array.of(0, 0, 1, 0, 2),
  values: Float32Array.of(1, 1, 2, 1, 3),
};
const rows = Uint32Array.of(0, 1, 2);
const targets = Uint32Array.of(0, 1, 2);
const valuesByLabel = [
  [1, 0, 0],
  [1, 2, 0],
  [1, 0, 3],
];
const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

test('multinomial: weights differ between labels like the logarithms of smoothed shares', () => {
  const { weights, bias } = fitMultinomialNaiveBayes(matrix, rows, targets, 3);
  const log = (label: number, feature: number) =>
    Math.log((valuesByLabel[label]![feature]! + 0.1) / (total(valuesByLabel[label]!) + 0.3));
  for (const feature of [0, 1, 2]) {
    expect(weights[feature * 3 + 2]! - weights[feature * 3]!).toBeCloseTo(log(2, feature) - log(0, feature), 5);
  }
  expect([...bias]).toEqual(new Array(3).fill(Math.log(2 / 6)));
});

test("complement: a label's weights come from the documents of all the others", () => {
  const { weights } = fitComplementNaiveBayes(matrix, rows, targets, 3);
  const log = (label: number, feature: number) => {
    const others = valuesByLabel.filter((_, other) => other !== label);
    return -Math.log((total(others.map((row) => row[feature]!)) + 0.1) / (total(others.flat()) + 0.3));
  };
  for (const feature of [0, 1, 2]) {
    expect(weights[feature * 3 + 2]! - weights[feature * 3]!).toBeCloseTo(log(2, feature) - log(0, feature), 5);
  }
});

test('two labels share one column, whose score is for the second label', () => {
  const two = Uint32Array.of(0, 1, 1);
  const { columns, weights, bias } = fitMultinomialNaiveBayes(matrix, rows, two, 2);
  expect(columns).toBe(1);
  expect(weights[1]).toBeCloseTo(Math.log(2.1 / 7.3) - Math.log(0.1 / 1.3), 5);
  expect(bias[0]).toBeCloseTo(Math.log(3 / 5) - Math.log(2 / 5), 10);
});
