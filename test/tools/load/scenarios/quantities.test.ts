import { expect, test } from 'vitest';
import {
  parseDuration,
  parseErrorLimit,
  parseFactor,
  parseRate,
  parseShare,
  parseUrl,
  parseWhole,
} from '../../../../tools/load/scenarios/quantities.ts';

test('quantities are parsed with their units', () => {
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
  [() => parseRate('rate', '-5'), '--rate is "-5"; allowed: requests per second'],
  [() => parseShare('min-accuracy', '97'), '--min-accuracy is "97"; allowed: a share from 0 to 1'],
  [() => parseErrorLimit('max-errors', '1.5'), '--max-errors is "1.5"; allowed: a whole number'],
  [() => parseWhole('connections', '0', 1, 10), '--connections is "0"; allowed: a whole number from 1 to 10'],
  [() => parseFactor('factor', '1'), '--factor is "1"; allowed: a number above 1'],
  [() => parseUrl('target', 'localhost:3000'), '--target is "localhost:3000"; allowed: an address such as'],
])('an invalid quantity is reported with the allowed values', (parse, message) => {
  expect(parse).toThrow(message);
});

test('an address with a password is rejected, and the message does not hold the password', () => {
  expect(() => parseUrl('target', 'http://me:hush@localhost')).toThrow(/^(?!.*hush).*--target/);
});
