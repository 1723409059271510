import { UsageError } from '../../../src/cli/usage.ts';

const millisecondsPerUnit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
type Unit = keyof typeof millisecondsPerUnit;

/** A time such as `25ms`, `30s`, `10m` or `1h`, in milliseconds. */
export function parseDuration(option: string, value: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? [];
  const milliseconds = Number(amount) * millisecondsPerUnit[unit as Unit];
  if (!(milliseconds > 0 && milliseconds <= 7 * 24 * 3_600_000)) {
    throw refuse(option, value, 'a time above 0 with its unit, ms, s, m or h, up to 168h: 25ms, 30s, 10m');
  }
  return milliseconds;
}

/** A rate such as `500`, `500/s` or `0.5`, in requests a second. */
export function parseRate(option: string, value: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(value) ?? [];
  const rate = Number(amount);
  if (!(rate > 0 && rate <= 1_000_000)) {
    throw refuse(option, value, 'requests a second, above 0 and up to 1000000: 500, 0.5/s');
  }
  return rate;
}

/** A whole number in a range. */
export function parseWhole(option: string, value: string, from: number, to: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < from || number > to) {
    throw refuse(option, value, `a whole number from ${from} to ${to}`);
  }
  return number;
}

/** A number above one, for a factor. */
export function parseFactor(option: string, value: string): number {
  const factor = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || factor <= 1 || factor > 1_000) {
    throw refuse(option, value, 'a number above 1 and up to 1000');
  }
  return factor;
}

/** A share such as `0.97` or `97%`, from 0 to 1. */
export function parseShare(option: string, value: string): number {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(value) ?? [];
  const share = percent === '%' ? Number(amount) / 100 : Number(amount);
  if (!(share >= 0 && share <= 1)) throw refuse(option, value, 'a share from 0 to 1, or a percentage: 0.97, 97%');
  return share;
}

/** So many errors, or such a share of the requests. */
export type ErrorLimit = { readonly count: number } | { readonly share: number };

/** A number of errors such as `0`, or a share of the requests such as `0.1%`. */
export function parseErrorLimit(option: string, value: string): ErrorLimit {
  if (/^\d{1,9}$/.test(value)) return { count: Number(value) };
  if (/^\d+(\.\d+)?%$/.test(value) && Number.parseFloat(value) <= 100) return { share: Number.parseFloat(value) / 100 };
  throw refuse(option, value, 'a whole number of requests, or a percentage of them: 0, 10, 0.1%');
}

/** An address of HTTP. */
export function parseUrl(option: string, value: string): URL {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw refuse(option, value, 'an address such as http://localhost:3000');
  }
  if (url.username !== '' || url.password !== '') {
    // The value itself is not told: it holds a password.
    throw new UsageError(`--${option} holds a user or password; allowed: an address without, such as ${url.origin}`);
  }
  return url;
}

function refuse(option: string, value: string, allowed: string): UsageError {
  return new UsageError(`--${option} is ${JSON.stringify(value)}; allowed: ${allowed}`);
}
