import { describe, expect, test } from 'vitest';
import { kindOf, slowLimit } from '../../src/console/charts/dots.ts';
import { linearTicks, logRange, logTicks, timeTicks } from '../../src/console/charts/scales.ts';
import { rangeOf } from '../../src/console/pages/quality/drift-panel.ts';
import { merge } from '../../src/console/state/live-data.ts';
import { formatSeconds, formatShare } from '../../src/console/view/format.ts';
import type { PredictionRow } from '../../src/recent/prediction-row.ts';

function row(change: Partial<PredictionRow> = {}): PredictionRow {
  return {
    id: 'id',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: '00f067aa0ba902b7',
    time: '2026-11-26T12:00:00.000Z',
    route: 'POST /predict',
    model: 'spam',
    version: '1',
    role: 'active',
    prediction: 'ham',
    confidence: 0.9,
    characters: 10,
    tokens: 2,
    unknownRatio: 0,
    tokenizeSeconds: 1e-4,
    scoreSeconds: 1e-4,
    requestSeconds: 1e-3,
    status: 200,
    anomalies: [],
    worker: 1,
    review: false,
    abstained: false,
    synthetic: false,
    process: {
      inFlight: 1,
      eventLoopDelaySeconds: 0,
      gcSeconds: 0,
      batch: false,
      retraining: false,
      coldVersion: false,
    },
    kept: ['recent'],
    ...change,
  };
}

describe('axes', () => {
  test('a logarithmic one has 1 and 3 of each power, around all values', () => {
    expect(logRange([0.0007, 0.018, 0], [1, 10])).toEqual([0.0003, 0.03]);
    expect(logRange([], [1, 10])).toEqual([1, 10]);
    expect(logTicks(0.0003, 0.03)).toEqual([0.0003, 0.001, 0.003, 0.01, 0.03]);
  });

  test('a linear one starts at 0 and covers the largest value', () => {
    expect(linearTicks(512)).toEqual([0, 200, 400, 600]);
    expect(linearTicks(0)).toEqual([0, 1]);
    expect(linearTicks(0.004).at(-1)).toBeGreaterThanOrEqual(0.004);
  });

  test('times are round', () => {
    const from = Date.parse('2026-11-26T12:00:03Z');
    const ticks = timeTicks(from, from + 300_000, 6).map((time) => new Date(time).toISOString().slice(11, 19));
    expect(ticks).toEqual(['12:01:00', '12:02:00', '12:03:00', '12:04:00', '12:05:00']);
  });
});

describe('dots', () => {
  test('the slowest hundredth is slow, if it takes twice the median', () => {
    const rows = Array.from({ length: 1_000 }, (_, at) => row({ requestSeconds: at < 990 ? 0.001 : 0.02 }));
    expect(slowLimit(rows)).toBe(0.02);
    expect(slowLimit(rows.slice(0, 500))).toBe(0.002);
    expect(slowLimit(rows.slice(0, 5))).toBe(Infinity);
  });

  test('a failure counts more than slowness, a wrong label more than an unusual text', () => {
    expect(kindOf(row({ status: 503, requestSeconds: 1 }), 0.1)).toBe('failed');
    expect(kindOf(row({ requestSeconds: 1 }), 0.1)).toBe('slow');
    const feedback = { label: 'spam', source: 'truth', correct: false } as const;
    expect(kindOf(row({ feedback, anomalies: ['length'] }), 0.1)).toBe('wrong');
    expect(kindOf(row({ anomalies: ['length'] }), 0.1)).toBe('anomaly');
    expect(kindOf(row(), 0.1)).toBe('ok');
  });

  test('rows that came twice are there once, newest first', () => {
    const one = row({ spanId: 'a', time: '2026-11-26T12:00:01.000Z' });
    const two = row({ spanId: 'b', time: '2026-11-26T12:00:02.000Z' });
    expect(merge([one, two], [two, row({ spanId: 'c' })]).map(({ spanId }) => spanId)).toEqual(['b', 'a', 'c']);
  });
});

test.each([
  ['characters', '64-127', '64..127'],
  ['characters', '8192+', '8192..'],
  ['unknown_ratio', '0.00', '0..0'],
  ['unknown_ratio', '0.05-0.10', '0.05..0.1'],
  ['label', 'not-spam', 'not-spam'],
])('the bin %s %s is the filter %s', (feature, bin, filter) => {
  expect(rangeOf(feature, bin)).toBe(filter);
});

test('numbers have units that fit', () => {
  expect([0, 12e-6, 0.00092, 0.0184, 1.2, 300].map(formatSeconds)).toEqual([
    '0 ms',
    '12.0 µs',
    '0.92 ms',
    '18.4 ms',
    '1.20 s',
    '5.00 min',
  ]);
  expect([0, 0.004, 0.12, 0.993, 1].map(formatShare)).toEqual(['0 %', '0.4 %', '12 %', '99.3 %', '100 %']);
});
