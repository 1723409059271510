import { expect, test } from 'vitest';
import { loadArguments } from '../../../../tools/load/load-arguments.ts';
import {
  parseDuration,
  parseErrorLimit,
  parseFactor,
  parseRate,
  parseShare,
  parseUrl,
  parseWhole,
} from '../../../../tools/load/scenarios/quantities.ts';

test('quantities are read with their units', () => {
  expect(['25ms', '1.5s', '10m', '1h'].map((value) => parseDuration('x', value))).toEqual([25, 1_500, 600_000, 3.6e6]);
  expect(['500', '500/s', '0.5'].map((value) => parseRate('x', value))).toEqual([500, 500, 0.5]);
  expect(['0.97', '97%', '1'].map((value) => parseShare('x', value))).toEqual([0.97, 0.97, 1]);
  expect(['0', '12', '0.1%'].map((value) => parseErrorLimit('x', value))).toEqual([
    { count: 0 },
    { count: 12 },
    { share: 0.001 },
  ]);
});

test.each([
  [() => parseDuration('max-p99', '25'), '--max-p99 is "25"; allowed: a time above 0 with its unit'],
  [() => parseDuration('max-p99', '0s'), '--max-p99 is "0s"; allowed: a time above 0'],
  [() => parseRate('rate', '-5'), '--rate is "-5"; allowed: requests a second'],
  [() => parseShare('min-accuracy', '97'), '--min-accuracy is "97"; allowed: a share from 0 to 1'],
  [() => parseErrorLimit('max-errors', '1.5'), '--max-errors is "1.5"; allowed: a whole number'],
  [() => parseWhole('connections', '0', 1, 10), '--connections is "0"; allowed: a whole number from 1 to 10'],
  [() => parseFactor('factor', '1'), '--factor is "1"; allowed: a number above 1'],
  [() => parseUrl('target', 'localhost:3000'), '--target is "localhost:3000"; allowed: an address such as'],
])('what cannot be read is named, with what is allowed', (parse, message) => {
  expect(parse).toThrow(message);
});

test('a password in an address is refused without being told', () => {
  expect(() => parseUrl('target', 'http://me:hush@localhost')).toThrow(/^(?!.*hush).*--target/);
});

const target = 'http://localhost:3000';

test('a scenario has its own defaults', () => {
  const { scenario, settings, thresholds, metrics } = loadArguments(undefined, { target });
  expect(scenario).toBe('load');
  expect(settings).toMatchObject({ pressure: { rate: 100 }, durationMs: 60_000, warmUpMs: 6_000 });
  expect(thresholds).toEqual({ maxErrors: { count: 0 } });
  expect(metrics.href).toBe('http://localhost:9464/metrics');
  expect(loadArguments('soak', { target }).settings).toMatchObject({ durationMs: 600_000, warmUpMs: 60_000 });
});

test('the rate asked for is enough for the rate that is wanted', () => {
  expect(loadArguments('load', { target, 'min-rps': '500' }).settings.pressure).toEqual({ rate: 525 });
  expect(loadArguments('load', { target, connections: '8' }).settings.pressure).toEqual({ connections: 8 });
});

test.each([
  ['loud', { target }, '--scenario is "loud"; allowed: smoke, load, stress, spike, soak'],
  ['load', {}, '--target is missing'],
  ['load', { target, factor: '3' }, '--factor belongs to the scenario spike'],
  ['stress', { target, duration: '3s' }, '--duration does not belong to stress'],
  ['stress', { target, connections: '3' }, '--connections alone is a closed loop'],
])('scenario %s with %o is refused', (scenario, values, message) => {
  expect(() => loadArguments(scenario, values)).toThrow(message);
});
