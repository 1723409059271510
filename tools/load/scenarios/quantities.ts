import { UsageError } from '../../../src/cli/usage.ts';
import { MS_PER_UNIT, parseDurationMs } from '../../../src/platform/durations.ts';

const MAX_DURATION_MS = 7 * MS_PER_UNIT.d;

/**
 * Parses a time such as `25ms`, `30s`, `10m` or `1h` into milliseconds.
 *
 * @throws {UsageError} if the value is not a time from above 0 to 168 hours
 */
export function parseDuration(option: string, value: string): number {
  const milliseconds = parseDurationMs(value) ?? 0;
  if (milliseconds <= 0 || milliseconds > MAX_DURATION_MS) {
    throw refuse(option, value, 'a time above 0 with its unit, ms, s, m, h or d, up to 7d: 25ms, 30s, 10m');
  }
  return milliseconds;
}

/**
 * Parses a rate such as `500`, `500/s` or `0.5`, in requests per second.
 *
 * @throws {UsageError} if the value is not a rate
 */
export function parseRate(option: string, value: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(value) ?? [];
  const rate = Number(amount);
  if (!(rate > 0 && rate <= 1_000_000)) {
    throw refuse(option, value, 'requests per second, above 0 and up to 1000000: 500, 0.5/s');
  }
  return rate;
}

/**
 * Parses a whole number from `from` to `to`.
 *
 * @throws {UsageError} if the value is not such a number
 */
export function parseWhole(option: string, value: string, from: number, to: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < from || number > to) {
    throw refuse(option, value, `a whole number from ${from} to ${to}`);
  }
  return number;
}

/**
 * Parses a factor, a number above 1.
 *
 * @throws {UsageError} if the value is not such a number
 */
export function parseFactor(option: string, value: string): number {
  const factor = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || factor <= 1 || factor > 1_000) {
    throw refuse(option, value, 'a number above 1 and up to 1000');
  }
  return factor;
}

/**
 * Parses a share such as `0.97` or `97%` into a number from 0 to 1.
 *
 * @throws {UsageError} if the value is not a share
 */
export function parseShare(option: string, value: string): number {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(value) ?? [];
  const share = percent === '%' ? Number(amount) / 100 : Number(amount);
  if (!(share >= 0 && share <= 1)) throw refuse(option, value, 'a share from 0 to 1, or a percentage: 0.97, 97%');
  return share;
}

/** The largest allowed number of failed requests, or their largest allowed share. */
export type ErrorLimit = { readonly count: number } | { readonly share: number };

/**
 * Parses a number of failed requests such as `0`, or their share such as `0.1%`.
 *
 * @throws {UsageError} if the value is neither
 */
export function parseErrorLimit(option: string, value: string): ErrorLimit {
  if (/^\d{1,9}$/.test(value)) return { count: Number(value) };
  if (/^\d+(\.\d+)?%$/.test(value) && Number.parseFloat(value) <= 100) return { share: Number.parseFloat(value) / 100 };
  throw refuse(option, value, 'a whole number of requests, or a percentage of them: 0, 10, 0.1%');
}

/**
 * Parses an HTTP or HTTPS address without credentials.
 *
 * @throws {UsageError} if the value is not such an address
 */
export function parseUrl(option: string, value: string): URL {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw refuse(option, value, 'an address such as http://localhost:3000');
  }
  if (url.username !== '' || url.password !== '') {
    // The message does not repeat the value, which may hold a password.
    throw new UsageError(`--${option} holds a user or password; allowed: an address without, such as ${url.origin}`);
  }
  return url;
}

function refuse(option: string, value: string, allowed: string): UsageError {
  return new UsageError(`--${option} is ${JSON.stringify(value)}; allowed: ${allowed}`);
}
