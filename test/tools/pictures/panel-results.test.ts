import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { queryPanel } from '../../../tools/pictures/panel-results.ts';
import { panelDashboards } from '../../../tools/pictures/panels.ts';
import { drawRow } from '../../../tools/pictures/row-picture.ts';
import { legend } from '../../../tools/pictures/svg-parts.ts';
import { formatValue } from '../../../tools/pictures/units.ts';

const TIME = { start: 1_000, end: 1_150 };
const [row] = panelDashboards().find(({ name }) => name === 'service')!.rows;
const panel = row!.panels.find(({ title }) => title === 'CPU') ?? row!.panels[0]!;

/** Answers as Prometheus does: a real one cannot be made to answer with nothing for a query that has data. */
async function startPrometheus(result: unknown[]): Promise<{ url: string; queries: URLSearchParams[] }> {
  const queries: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    queries.push(new URL(request.url!, 'http://localhost').searchParams);
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, queries };
}

test('a query without a value ends the drawing', async () => {
  for (const result of [[], [{ metric: {}, values: [[1_010, 'NaN']] }]]) {
    const { url } = await startPrometheus(result);
    await expect(queryPanel(url, panel, TIME, String)).rejects.toThrow('has an empty result');
  }
});

test('series are in the order of their names, from the start of the picture, and without the variables of Grafana', async () => {
  const metric = (route: string) => ({ http_route: route, instance: '127.0.0.1:40123' });
  const { url, queries } = await startPrometheus([
    { metric: metric('/quality'), values: [[1_010, '2']] },
    {
      metric: metric('/predict'),
      values: [
        [1_010, '1'],
        [1_012, '+Inf'],
      ],
    },
  ]);
  const requests = row!.panels.find(({ title }) => title === 'Requests')!;
  const [result] = await queryPanel(url, requests, TIME, (instance) => instance.replace('40123', '9464'));
  expect(result!.series.map(({ name, points, labels }) => [name, points, labels['instance']])).toEqual([
    ['/predict', [[10, 1]], '127.0.0.1:9464'],
    ['/quality', [[10, 2]], '127.0.0.1:9464'],
  ]);
  expect(queries[0]!.get('query')).not.toContain('$');
  const svg = drawRow(row!, [{ panel: requests, results: [result!] }]);
  expect(svg).toContain('data-series="A:2"');
  for (const text of ['Requests', '/predict', '/quality']) expect(svg).toContain(`>${text}</text>`);
});

test.each([
  [0.000_012_34, 's', '12.3 µs'],
  [0.025, 's', '25 ms'],
  [1.5, 's', '1.5 s'],
  [0, 's', '0'],
  [268_435_456, 'bytes', '256 MiB'],
  [0.98765, 'percentunit', '98.8 %'],
  [1, 'percentunit', '100 %'],
  [9.994, 'ops', '9.99/s'],
  [12_345, 'short', '12.3 K'],
  [2_500_000, 'short', '2.5 M'],
])('%f in the unit %s is %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test.each([1, 6, 7, 20, 40])(
  'a legend of %i series takes at most three rows, and counts those without room',
  (count) => {
    const names = Array.from({ length: count }, (_, at) => `characters ${at} 127.0.0.1:9464`);
    const { svg, height } = legend(names, 300);
    expect(height).toBeLessThanOrEqual(48);
    const shown = names.filter((name) => svg.includes(`>${name}</text>`)).length;
    const [, more = '0'] = /and (\d+) more/.exec(svg) ?? [];
    expect(shown + Number(more)).toBe(count);
  },
);
