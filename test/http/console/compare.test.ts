import { describe, expect, test } from 'vitest';
import { findChanges } from '../../../src/http/console/changes.ts';
import { promqlOf } from '../../../src/http/console/promql.ts';
import type { Comparison, ProcessPoint } from '../../../src/recent/prediction-row.ts';
import { baselineOf } from '../../../src/recent/queries/comparison-table.ts';
import { post, serve } from '../in-process.ts';

describe('POST /compare', () => {
  test('names what is different about some predictions', async () => {
    const { url } = await serve();
    const short = Array.from({ length: 100 }, (_, at) => `mail ${at}`);
    const long = Array.from({ length: 30 }, (_, at) => `mail ${at} ${'with much more to say '.repeat(200)}`);
    for (let sent = 0; sent < 3; sent += 1) await post(`${url}/predict/batch`, { texts: [...short, ...long] });
    const texts = { selection: { tokens: '500..' } };
    const response = await post(`${url}/compare`, texts);
    expect(response.status).toBe(200);
    const { selection, baseline, restated, findings, changes, chance } = (await response.json()) as Comparison;
    expect({ selection, baseline }).toEqual({ selection: 90, baseline: 300 });
    expect(restated).toEqual(expect.arrayContaining(['characters', 'tokens']));
    expect(findings.length === 0 || chance <= 0.05).toBe(true);
    expect(changes.map(({ kind }) => kind)).toContain('start');
  });

  test('answers without findings if there is nothing to compare', async () => {
    const { url } = await serve();
    const response = await post(`${url}/compare`, { selection: { requestSeconds: '1000..' } });
    expect(await response.json()).toMatchObject({ selection: 0, baseline: 0, findings: [], chance: 1 });
  });

  test.each([
    [{}, 422],
    [{ selection: { colour: 'red' } }, 422],
    [{ selection: { model: 5 } }, 422],
    [{ selection: {}, other: 1 }, 422],
  ])('%j is refused', async (body, status) => {
    const { url } = await serve();
    expect((await post(`${url}/compare`, body)).status).toBe(status);
  });
});

test('the baseline of a period is the time before, four times as long', () => {
  const selection = { since: '2026-01-01T12:00:00.000Z', until: '2026-01-01T12:10:00.000Z' };
  expect(baselineOf(selection, 0)).toEqual({ since: '2026-01-01T11:20:00.000Z', until: '2026-01-01T12:00:00.000Z' });
  expect(baselineOf({ model: 'spam', correct: 'false' }, 0)).toEqual({ correct: ['true', 'false'] });
  expect(baselineOf({ requestSeconds: '1..' }, 0)).toEqual({});
});

test('a step in the traffic is a change, at its place', () => {
  const start = Date.parse('2026-01-01T12:00:00Z');
  const points = Array.from({ length: 60 }, (_, at) => {
    const time = new Date(start + at * 10_000).toISOString();
    return { time, requestsPerSecond: at < 30 ? 10 : 30 } as ProcessPoint;
  });
  const changes = findChanges({ stepSeconds: 10, points, events: [] }, start, start + 600_000);
  expect(changes).toEqual([
    { time: points[29]!.time, kind: 'traffic', detail: 'Requests went from 10.0 to 30.0 per second.' },
  ]);
});

test('conditions on labels of a metric have a query', () => {
  const condition = (attribute: string, value: string) => ({ attribute, value });
  expect(promqlOf([condition('version', '2'), condition('prediction', 'spam')])).toBe(
    'sum(rate(classifier_predictions_total{version="2", label="spam"}[5m]))',
  );
  expect(promqlOf([condition('route', 'POST /predict')])).toContain('{job="waymark", http_route="/predict"}');
  expect(promqlOf([condition('version', 'not set')])).toBeUndefined();
  expect(promqlOf([condition('characters', '900..')])).toBeUndefined();
});
