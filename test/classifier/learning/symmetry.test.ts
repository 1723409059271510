import { expect, test } from 'vitest';
import type { WeightedMatrix } from '../../../src/classifier/features/tf-idf.ts';
import { fitLogisticRegression } from '../../../src/classifier/learning/logistic-regression.ts';
import { fitSoftmaxRegression } from '../../../src/classifier/learning/softmax-regression.ts';
import { scoreRow } from '../../../src/classifier/scoring/linear-weights.ts';
import { softmaxInPlace } from '../../../src/classifier/scoring/softmax.ts';

/** Documents with one feature, all alike: each label has `copies` of them. */
function duplicates(copies: number, labels: number) {
  const rows = copies * labels;
  const matrix: WeightedMatrix = {
    rowCount: rows,
    featureCount: 1,
    wordFeatureCount: 1,
    rowStarts: Float64Array.from({ length: rows + 1 }, (_, row) => row),
    columns: new Uint32Array(rows),
    values: new Float32Array(rows).fill(1),
  };
  return {
    matrix,
    targets: Uint32Array.from({ length: rows }, (_, row) => row % labels),
    allRows: Uint32Array.from({ length: rows }, (_, row) => row),
  };
}

test.each([2, 10, 40, 50, 200])(
  '%s copies of one text under two labels: each label has half of the probability',
  (copies) => {
    const { matrix, targets, allRows } = duplicates(copies, 2);
    for (const [maxPasses, tolerance] of [
      [30, 0.01],
      [1000, 1e-4],
      [1, 1],
    ] as const) {
      const fitted = fitLogisticRegression(matrix, allRows, targets, { cost: 30, seed: 1, maxPasses, tolerance });
      const scores = new Float64Array(2);
      scoreRow(fitted, matrix, 0, scores.subarray(1));
      softmaxInPlace(scores);
      expect(Math.abs(scores[0]! - 0.5)).toBeLessThan(0.01);
    }
  },
);

test.each([2, 10, 40, 200])('%s copies of one text under three labels: each label has a third', (copies) => {
  const { matrix, targets, allRows } = duplicates(copies, 3);
  const options = { cost: 30, seed: 1, maxPasses: 30, tolerance: 0.01 };
  const fitted = fitSoftmaxRegression(matrix, allRows, targets, 3, options);
  const scores = new Float64Array(3);
  scoreRow(fitted, matrix, 0, scores);
  softmaxInPlace(scores);
  for (const probability of scores) expect(Math.abs(probability - 1 / 3)).toBeLessThan(0.01);
});
