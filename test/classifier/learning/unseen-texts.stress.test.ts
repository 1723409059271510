import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { smallMails, trainSmall } from '../small-mails.ts';

/** Texts of random words, with labels that have nothing to do with them: nobody can be right more often than half of the time. */
function noise(count: number, seed: number) {
  const random = createRandom(seed);
  const word = () => `w${Math.floor(random() * 300)}`;
  return Array.from({ length: count }, (_, at) => ({
    text: Array.from({ length: 6 }, word).join(' '),
    label: at % 2 === 0 ? 'ham' : 'spam',
  }));
}

/** Returns texts with different words, so that no two are equal. */
function manyMails(count: number) {
  return smallMails(count).map(({ text, label }, at) => ({ text: `${text} ${at} ${at * 7}`, label }));
}

describe('the evaluation of a training', () => {
  test('is not better than chance where there is nothing to learn, unlike the best in cross-validation', () => {
    const runs = Array.from({ length: 20 }, (_, seed) => trainSmall({ algorithm: 'auto' }, noise(60, seed + 1)));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const honest = mean(runs.map(({ evaluation }) => evaluation.accuracy));
    const chosen = mean(runs.map(({ candidates }) => candidates[0]!.accuracy));
    expect(honest).toBeLessThan(0.51);
    expect(chosen).toBeGreaterThan(honest + 0.01);
    expect(runs.every(({ evaluationMethod }) => evaluationMethod === 'nested-cross-validation')).toBe(true);
    expect(runs.every(({ evaluation }) => evaluation.count === 60)).toBe(true);
  });

  test('is of a share that no choice has seen, for large data', () => {
    const trained = trainSmall({}, manyMails(2_000));
    expect(trained).toMatchObject({ evaluationMethod: 'held-out-share', testShare: 0.1, documents: 4_000 });
    expect(trained.evaluation.count).toBe(400);
    const labels = (share: number) => trainSmall({ testShare: share }, manyMails(2_000)).evaluation.count;
    expect(labels(0.25)).toBe(1_000);
  });

  test('does not change what the version learns from: the final model learns from the held-out texts too', () => {
    const trained = trainSmall({}, manyMails(2_000));
    const all = Object.values(trained.documentsByLabel).reduce((sum, count) => sum + count, 0);
    expect(all).toBe(4_000);
    expect(Object.values(trained.reference.label).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  test('is by cross-validation where other texts are used for the evaluation, or texts are too few', () => {
    expect(trainSmall({ testShare: 0 })).toMatchObject({ evaluationMethod: 'cross-validation', testShare: 0 });
    const few = trainSmall({}, smallMails(2));
    expect(few).toMatchObject({ evaluationMethod: 'cross-validation', testShare: 0 });
    expect(few.evaluation.count).toBe(4);
  });

  test('is the same for the same data and seed', () => {
    const evaluate = () => trainSmall({ algorithm: 'auto' }, noise(150, 3)).evaluation;
    expect(evaluate()).toEqual(evaluate());
  });

  test('keeps a label whose texts are all equal among the texts that are learned', () => {
    const same = Array.from({ length: 5 }, () => ({ text: 'always the same', label: 'news' }));
    const { evaluation, model } = trainSmall({}, [...smallMails(30), ...same]);
    expect(model.labels).toEqual(['ham', 'news', 'spam']);
    expect(evaluation.count).toBe(60);
    expect(Number.isFinite(evaluation.logLoss)).toBe(true);
  });
});
