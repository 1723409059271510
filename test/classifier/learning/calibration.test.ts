import { describe, expect, test } from 'vitest';
import { chooseBlendRatio } from '../../../src/classifier/learning/blend.ts';
import { fitCalibration } from '../../../src/classifier/learning/calibration.ts';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { softmaxInPlace } from '../../../src/classifier/scoring/softmax.ts';

/** Makes random log-odds, and labels drawn with exactly their probabilities. */
function calibratedScores(rows: number, columns: number, seed = 1) {
  const random = createRandom(seed);
  const labels = columns === 1 ? 2 : columns;
  const scores = new Float64Array(rows * columns);
  const targets = new Uint32Array(rows);
  const row = new Float64Array(labels);
  for (let at = 0; at < rows; at += 1) {
    for (let column = 0; column < columns; column += 1) scores[at * columns + column] = (random() - 0.5) * 6;
    row.fill(0);
    row.set(scores.subarray(at * columns, (at + 1) * columns), labels - columns);
    softmaxInPlace(row);
    let remaining = random();
    while (targets[at]! < labels - 1 && remaining > row[targets[at]!]!) {
      remaining -= row[targets[at]!]!;
      targets[at]! += 1;
    }
  }
  return { scores, targets };
}

describe('calibration divides scores by the factor that makes them too confident', () => {
  test('two labels, with a shift', () => {
    const { scores, targets } = calibratedScores(20_000, 1);
    const { scale, shift } = fitCalibration(
      scores.map((score) => 5 * score + 2),
      1,
      targets,
    );
    expect(scale).toBeCloseTo(1 / 5, 1);
    expect(shift).toBeCloseTo(-2 / 5, 1);
  });

  test('many labels', () => {
    const { scores, targets } = calibratedScores(5_000, 6);
    const { scale, shift } = fitCalibration(
      scores.map((score) => 5 * score),
      6,
      targets,
    );
    expect(scale).toBeCloseTo(1 / 5, 1);
    expect(shift).toBe(0);
  });
});

test('scores that separate the labels without an error get a finite scale', () => {
  const targets = Uint32Array.from({ length: 100 }, (_, row) => row % 2);
  const { scale } = fitCalibration(
    Float64Array.from(targets, (target) => target - 0.5),
    1,
    targets,
  );
  expect(scale).toBeGreaterThan(1);
  expect(scale).toBeLessThan(1000);
});

test('scores that prefer the wrong label stay as they are, and are not reversed', () => {
  const { scores, targets } = calibratedScores(1_000, 1);
  expect(
    fitCalibration(
      scores.map((score) => -score),
      1,
      targets,
    ),
  ).toEqual({ scale: 1, shift: 0 });
});

test('the blend ratio is high for a better second model and low for a worse one', () => {
  const { scores, targets } = calibratedScores(5_000, 3);
  const random = createRandom(9);
  const noise = Float64Array.from(scores, () => (random() - 0.5) * 6);
  expect(chooseBlendRatio(noise, scores, 3, targets)).toBe(3.2);
  expect(chooseBlendRatio(scores, noise, 3, targets)).toBeLessThanOrEqual(0.1);
});
