import { expect, test } from 'vitest';
import { defaultEvidenceCalibration, fitEvidenceCalibration } from '../../../src/classifier/learning/fit-evidence.ts';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { correctScores, interpolate, knotPosition } from '../../../src/classifier/scoring/evidence-calibration.ts';
import { createLinearClassifier } from '../../../src/classifier/scoring/linear-classifier.ts';
import { smallMails, trainSmall } from '../small-mails.ts';

test('texts whose scores mean less with little evidence get a smaller scale there', () => {
  const random = createRandom(1);
  const count = 6_000;
  const evidence = Uint32Array.from({ length: count }, (_, at) => (at % 2 === 0 ? 4 : 300));
  const logOdds = Float64Array.from({ length: count }, () => (random() - 0.5) * 8);
  const targets = Uint32Array.from(logOdds, (value) => (random() < 1 / (1 + Math.exp(-value)) ? 1 : 0));
  const scores = logOdds.map((value, at) => (evidence[at] === 4 ? 5 * value : value));
  const { scales } = fitEvidenceCalibration(scores, 1, evidence, targets, count, Float64Array.of(0.5, 0.5));
  expect(interpolate(scales, knotPosition(4))).toBeCloseTo(0.2, 1);
  expect(interpolate(scales, knotPosition(300))).toBeCloseTo(1, 1);
});

test('the less evidence there is for the training data, the smaller is the largest confidence, and no label changes', () => {
  const flat = { scales: Array(7).fill(1), shifts: Array(7).fill(0), typical: 1000 };
  const confidenceAt = (evidence: number) => {
    const scores = Float64Array.of(0, 20);
    correctScores(scores, flat, Float64Array.of(0, 1), evidence);
    return 1 / (1 + Math.exp(scores[0]! - scores[1]!));
  };
  expect(confidenceAt(0)).toBeLessThan(0.8);
  expect(confidenceAt(1000 / 7)).toBeCloseTo(0.9, 2);
  expect(confidenceAt(1000)).toBeGreaterThan(0.9999);
  const even = Float64Array.of(1, 1.5);
  correctScores(even, flat, Float64Array.of(0, 1), 0);
  expect([...even]).toEqual([1, 1.5]);
});

test('without data, no evidence means the prior', () => {
  const prior = Float64Array.of(0.9, 0.1);
  const { scales, shifts } = defaultEvidenceCalibration(prior);
  expect(scales[0]).toBe(0);
  expect(shifts[0]).toBeCloseTo(Math.log(0.1 / 0.9));
});

test('a text without a known feature gets about the prior, and one of unknown words is scored by its letters', () => {
  const { model } = trainSmall({}, [...smallMails(40, ['ham']), ...smallMails(10, ['spam'])]);
  const classifier = createLinearClassifier(model);
  const spamOf = (text: string) => classifier.score(classifier.tokenize(text)).probabilities[1]!;
  expect(spamOf('')).toBeGreaterThan(0.05);
  expect(spamOf('')).toBeLessThan(0.4);
  expect(classifier.tokenize('moneey viagraa').unknownRatio).toBe(1);
  expect(spamOf('moneey viagraa')).toBeGreaterThan(spamOf('meetingg kernell'));
});

test('the explanation adds up to the log-odds, with little evidence too', () => {
  const classifier = createLinearClassifier(trainSmall().model);
  for (const text of ['', 'free', 'qqq', 'free money', 'the meeting about lunch and free money']) {
    const tokens = classifier.tokenize(text);
    const scores = classifier.score(tokens);
    const sum = classifier.explain(tokens, scores).reduce((total, { weight }) => total + weight, 0);
    const [high, low] = [...scores.probabilities].sort((a, b) => b - a);
    expect(sum).toBeCloseTo(Math.log(high! / low!), 6);
  }
});
