import { expect, test } from 'vitest';
import { accuracyByCoverage } from '../../../src/classifier/statistics/coverage.ts';
import { evaluate } from '../../../src/classifier/statistics/evaluation.ts';
import { createDetailsCollector } from '../../../src/cli/html/evaluation-details.ts';
import { evaluationPage } from '../../../src/cli/html/evaluation-page.ts';

const predictions = [
  { actual: 'ham', predicted: 'ham', confidence: 0.95, actualProbability: 0.95 },
  { actual: 'ham', predicted: 'ham', confidence: 1, actualProbability: 1 },
  { actual: 'spam', predicted: 'ham', confidence: 0.91, actualProbability: 0.09 },
  { actual: 'spam', predicted: 'spam', confidence: 0.55, actualProbability: 0.55 },
  { actual: '<b>', predicted: 'spam', confidence: 0.6, actualProbability: 0.1 },
];

test('the details are the accuracy by confidence, and the most confident mistakes first', () => {
  const collector = createDetailsCollector();
  predictions.forEach((prediction, at) => {
    collector.add(`text ${at}`, prediction);
  });
  const { bins, mistakes } = collector.finish();
  expect(bins.map(({ from, count, accuracy }) => [from, count, accuracy])).toEqual([
    [0.5, 1, 1],
    [0.6, 1, 0],
    [0.9, 3, 2 / 3],
  ]);
  expect(bins[2]!.meanConfidence).toBeCloseTo(0.95333, 4);
  expect(mistakes).toEqual([
    { text: 'text 2', actual: 'spam', predicted: 'ham', confidence: 0.91 },
    { text: 'text 4', actual: '<b>', predicted: 'spam', confidence: 0.6 },
  ]);
});

test('only the most confident of many mistakes are kept', () => {
  const collector = createDetailsCollector();
  for (let at = 0; at < 2_000; at += 1) {
    const confidence = ((at * 37) % 2_000) / 2_000;
    collector.add(`text ${at}`, { actual: 'a', predicted: 'b', confidence, actualProbability: 0 });
  }
  const { mistakes } = collector.finish();
  expect(mistakes.map(({ confidence }) => confidence)).toEqual(
    Array.from({ length: 25 }, (_, at) => (1_999 - at) / 2_000),
  );
});

test('the page quotes labels and texts as text, and loads nothing', () => {
  const collector = createDetailsCollector();
  for (const prediction of predictions) collector.add('<script>alert("1")</script>', prediction);
  const page = evaluationPage({
    ...collector.finish(),
    model: 'mail@2',
    data: 'test & more.csv',
    evaluation: {
      ...evaluate(predictions),
      accuracyByCoverage: accuracyByCoverage(
        predictions.map(({ actual, predicted, confidence }) => ({
          confidence,
          count: 1,
          correct: Number(actual === predicted),
        })),
      ),
    },
    medianTime: 12e-6,
  });
  expect(page).not.toContain('<script');
  expect(page).not.toMatch(/<b>|(?:src|href)=/);
  expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  expect(page).toContain('test &amp; more.csv');
  expect(page).toContain('<dt>accuracy</dt><dd>60.0 %</dd>');
  expect(page).toContain('<title>Accuracy by share of answered texts</title>');
  expect(page).toContain('<td>40.0 %</td><td class="number">0.9500</td><td class="number">100.0 %</td>');
  expect(page).toMatch(/<tr><th>spam<\/th><td>·<\/td><td class="wrong" style="--share:\d+%">1<\/td>/);
});
