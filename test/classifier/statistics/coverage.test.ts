import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { accuracyByCoverage, pointsAtShares } from '../../../src/classifier/statistics/coverage.ts';

const judged = (confidence: number, correct: boolean) => ({ confidence, count: 1, correct: correct ? 1 : 0 });

describe('the accuracy by coverage', () => {
  test('has a point for each confidence, from all predictions to the surest ones', () => {
    const points = accuracyByCoverage([judged(0.9, true), judged(0.6, false), judged(0.9, false), judged(0.7, true)]);
    expect(points).toMatchObject([
      { minConfidence: 0.6, coverage: 1, count: 4, accuracy: 0.5 },
      { minConfidence: 0.7, coverage: 0.75, count: 3, accuracy: 2 / 3 },
      { minConfidence: 0.9, coverage: 0.5, count: 2, accuracy: 0.5 },
    ]);
    for (const { accuracy, interval } of points) {
      expect(interval.low).toBeLessThan(accuracy);
      expect(interval.high).toBeGreaterThan(accuracy);
    }
  });

  test('agrees with a count of the answers at each minimum', () => {
    const random = createRandom(7);
    const predictions = Array.from({ length: 500 }, () => {
      const confidence = Math.round((0.5 + random() / 2) * 50) / 50;
      return judged(confidence, random() < confidence);
    });
    const points = accuracyByCoverage(predictions);
    expect(points.length).toBeGreaterThan(20);
    for (const { minConfidence, coverage, count, accuracy } of points) {
      const answered = predictions.filter(({ confidence }) => confidence >= minConfidence);
      expect(count).toBe(answered.length);
      expect(coverage).toBeCloseTo(answered.length / 500, 12);
      expect(accuracy).toBeCloseTo(answered.filter(({ correct }) => correct === 1).length / count, 12);
    }
  });

  test('weighs counts, which may be fractions', () => {
    const points = accuracyByCoverage([
      { confidence: 0.5, count: 2.5, correct: 0.5 },
      { confidence: 0.9, count: 7.5, correct: 6 },
      { confidence: 0.95, count: 0, correct: 0 },
    ]);
    expect(points).toMatchObject([
      { minConfidence: 0.5, coverage: 1, count: 10, accuracy: 0.65 },
      { minConfidence: 0.9, coverage: 0.75, count: 7.5, accuracy: 0.8 },
    ]);
  });

  test('is empty without predictions', () => {
    expect(accuracyByCoverage([])).toEqual([]);
    expect(pointsAtShares([], [1, 0.5])).toEqual([]);
  });
});

describe('the points at shares', () => {
  const points = accuracyByCoverage([0.5, 0.6, 0.7, 0.8, 0.9].map((confidence) => judged(confidence, true)));

  test('answer at least that share', () => {
    expect(pointsAtShares(points, [1, 0.7, 0.2]).map(({ coverage }) => coverage)).toEqual([1, 0.8, 0.2]);
  });

  test('occur once', () => {
    expect(pointsAtShares(points, [1, 0.95, 0.9, 0.1]).map(({ coverage }) => coverage)).toEqual([1, 0.2]);
  });
});
