import { expect, test } from 'vitest';
import { loadArguments } from '../../../tools/load/load-arguments.ts';

const TARGET = 'http://localhost:3000';

test('a scenario has its own defaults', () => {
  const { scenario, settings, thresholds, metrics } = loadArguments(undefined, { target: TARGET });
  expect(scenario).toBe('load');
  expect(settings).toMatchObject({ loadLevel: { rate: 100 }, durationMs: 60_000, warmUpMs: 6_000 });
  expect(thresholds).toEqual({ maxErrors: { count: 0 } });
  expect(metrics.href).toBe('http://localhost:9464/metrics');
  expect(loadArguments('soak', { target: TARGET }).settings).toMatchObject({ durationMs: 600_000, warmUpMs: 60_000 });
});

test('the default rate is high enough for --min-rps', () => {
  expect(loadArguments('load', { target: TARGET, 'min-rps': '500' }).settings.loadLevel).toEqual({ rate: 525 });
  expect(loadArguments('load', { target: TARGET, connections: '8' }).settings.loadLevel).toEqual({ connections: 8 });
});

test.each([
  ['loud', { target: TARGET }, '--scenario is "loud"; allowed: smoke, load, stress, spike, soak'],
  ['load', {}, '--target is missing'],
  ['load', { target: TARGET, factor: '3' }, '--factor belongs to the scenario spike'],
  ['stress', { target: TARGET, duration: '3s' }, '--duration does not belong to stress'],
  ['stress', { target: TARGET, connections: '3' }, '--connections alone is a closed loop'],
])('scenario %s with %o is rejected', (scenario, values, message) => {
  expect(() => loadArguments(scenario, values)).toThrow(message);
});
