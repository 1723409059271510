import { expect, test } from 'vitest';
import type { WeightedMatrix } from '../../../src/classifier/features/tf-idf.ts';
import { fitLogisticRegression } from '../../../src/classifier/learning/logistic-regression.ts';
import { fitSoftmaxRegression } from '../../../src/classifier/learning/softmax-regression.ts';
import { scoreRow } from '../../../src/classifier/scoring/linear-weights.ts';
import { softmaxInPlace } from '../../../src/classifier/scoring/softmax.ts';
import { randomMatrix } from '../random-matrix.ts';

const COST = 2;
const options = { cost: COST, seed: 1, maxPasses: 2000, tolerance: 1e-5 };

/**
 * Returns the largest component of the gradient of the penalised loss, `C * loss + |w|² / 2`. It is 0 at the optimum, for
 * every solver.
 */
function largestGradient(
  matrix: WeightedMatrix,
  targets: Uint32Array,
  labels: number,
  fitted: ReturnType<typeof fitLogisticRegression>,
): number {
  const { columns } = fitted;
  const gradient = Float64Array.from(fitted.weights);
  const scores = new Float64Array(columns);
  const probabilities = new Float64Array(labels);
  for (let row = 0; row < matrix.rowCount; row += 1) {
    scoreRow(fitted, matrix, row, scores);
    probabilities.fill(0);
    probabilities.set(scores, labels - columns);
    softmaxInPlace(probabilities);
    for (let at = matrix.rowStarts[row]!; at < matrix.rowStarts[row + 1]!; at += 1) {
      for (let column = 0; column < columns; column += 1) {
        const label = labels - columns + column;
        const error = probabilities[label]! - (targets[row] === label ? 1 : 0);
        gradient[matrix.columns[at]! * columns + column]! += COST * error * matrix.values[at]!;
      }
    }
  }
  return Math.max(...gradient.map(Math.abs));
}

test('two labels: the solver reaches the optimum of the penalised loss', () => {
  const { matrix, targets, allRows } = randomMatrix(200, 30, 2);
  expect(largestGradient(matrix, targets, 2, fitLogisticRegression(matrix, allRows, targets, options))).toBeLessThan(
    0.01,
  );
});

test('many labels: the solver reaches the optimum of the penalised loss', () => {
  const { matrix, targets, allRows } = randomMatrix(300, 30, 5);
  expect(largestGradient(matrix, targets, 5, fitSoftmaxRegression(matrix, allRows, targets, 5, options))).toBeLessThan(
    0.01,
  );
});

test('the gradient is large far from the optimum, so the two tests above can fail', () => {
  const { matrix, targets } = randomMatrix(200, 30, 2);
  const untrained = { columns: 1, weights: new Float32Array(30), bias: new Float64Array(1) };
  expect(largestGradient(matrix, targets, 2, untrained)).toBeGreaterThan(5);
});

test('rows that are left out do not change the model', () => {
  const { matrix, targets, allRows } = randomMatrix(100, 20, 2);
  const half = allRows.filter((row) => row < 50);
  const flipped = targets.map((target, row) => (row < 50 ? target : 1 - target));
  expect(fitLogisticRegression(matrix, half, targets, options)).toEqual(
    fitLogisticRegression(matrix, half, flipped, options),
  );
});

test('scores of any size become probabilities', () => {
  const scores = Float64Array.of(1e308, -1e308, 0);
  softmaxInPlace(scores);
  expect([...scores]).toEqual([1, 0, 0]);
});
