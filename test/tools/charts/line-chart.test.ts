import { expect, test } from 'vitest';
import { lineChart } from '../../../tools/charts/line-chart.ts';

const POINTS = [
  [0, 1],
  [1, 3],
  [2, 2],
] as const;

test('a chart is one SVG element with its title, lines and marks, and loads no other file', () => {
  const svg = lineChart({
    title: 'Latency & more',
    series: [
      { name: 'p50', points: POINTS },
      { name: 'p99', points: POINTS.map(([x, y]) => [x, y * 2]), dashed: true },
    ],
    x: { kind: 'value', name: 'seconds' },
    y: { name: 'ms', format: (value) => `${value} ms` },
    events: [{ at: 1, label: 'spike' }],
    limits: [{ at: 4, label: 'max p99' }],
  });
  expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*><title>Latency &amp; more<\/title>/);
  for (const text of ['p50', 'p99', 'seconds', 'spike', 'max p99', '6 ms']) expect(svg).toContain(`>${text}</text>`);
  expect(svg).not.toMatch(/<script|<image|href=|url\(http|@import/);
});

test('times are shown in UTC, independent of the time zone of the machine', () => {
  const noon = Date.UTC(2026, 0, 2, 12);
  const svg = lineChart({
    title: 'Accuracy',
    series: [{ name: 'accuracy', points: [0, 1, 2].map((hour) => [noon + hour * 3_600_000, 1]) }],
    x: { kind: 'time' },
    y: {},
  });
  expect(svg).toContain('>12:00</text>');
  expect(svg).toContain('>14:00</text>');
});

test('every colour has a dark counterpart', () => {
  const svg = lineChart({ title: 'x', series: [{ name: 'a', points: POINTS }], x: { kind: 'value' }, y: {} });
  expect(svg).toContain('prefers-color-scheme:dark');
  // Texts have frames with a width of 0, which are not visible.
  const visible = svg.split('\n').filter((element) => !element.includes('stroke-width="0"'));
  expect(visible.filter((element) => /(?:stroke|fill)="#(?!000)/.test(element))).toEqual([]);
});

test('labels of close events are placed in different rows', () => {
  const events = [0.99, 1, 1.01].map((at) => ({ at, label: 'a label as long as this one' }));
  const svg = lineChart({ title: 'x', series: [{ name: 'a', points: POINTS }], x: { kind: 'value' }, y: {}, events });
  const heights = [...svg.matchAll(/translate\([\d.]+ ([\d.]+)\)"[^>]*>a label as long/g)].map(([, y]) => Number(y));
  expect(new Set(heights).size).toBe(3);
});
