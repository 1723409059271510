import type { PredictionMemory } from '../memory/prediction-memory.ts';
import { FILTER_FIELDS, NOT_SET } from './filter-fields.ts';
import type { Restricted } from './questions.ts';
import { versionOf } from './read-row.ts';

/** A filter that cannot be used. The message names the parameter and what is allowed. */
export class FilterError extends Error {
  override name = 'FilterError';
}

/** The parameters for times. They are compared with the start of the request. */
const TIMES = ['since', 'until'] as const;

/** The values that one parameter may have. */
const MAX_VALUES = 100;

/** Returns whether a row passes. */
export type RowPredicate = (memory: PredictionMemory, slot: number) => boolean;

/** The names of all parameters that filter. */
export const FILTER_PARAMETERS: readonly string[] = [...Object.keys(FILTER_FIELDS), ...TIMES];

/**
 * Compiles filters. A row passes if it passes each parameter: one of the values, and none of those that start with `!`.
 *
 * @throws {FilterError} if a parameter is unknown or has a bad value
 */
export function compileFilters({ filters, models }: Restricted): RowPredicate {
  const tests = Object.entries(filters).map(([name, value]) => {
    const values = typeof value === 'string' ? [value] : value;
    if (values.length > MAX_VALUES) throw new FilterError(`"${name}" may have at most ${MAX_VALUES} values.`);
    return compileParameter(name, values);
  });
  if (models) {
    const visible = new Set<string | null>(models);
    tests.push((memory, slot) => visible.has(versionOf(memory, slot).model));
  }
  return (memory, slot) => tests.every((test) => test(memory, slot));
}

function compileParameter(name: string, values: readonly string[]): RowPredicate {
  if (name === 'since' || name === 'until') return compileTime(name, values);
  const field = Object.hasOwn(FILTER_FIELDS, name) ? FILTER_FIELDS[name] : undefined;
  if (!field) {
    throw new FilterError(`There is no parameter "${name}"; allowed: ${FILTER_PARAMETERS.join(', ')}.`);
  }
  const accepted = values.filter((value) => !value.startsWith('!'));
  const refused = values.filter((value) => value.startsWith('!')).map((value) => value.slice(1));
  if (field.kind === 'number') {
    const ranges = accepted.map((value) => parseRange(name, value));
    const refusedRanges = refused.map((value) => parseRange(name, value));
    return (memory, slot) => {
      const value = field.read(memory, slot);
      if (refusedRanges.some((holds) => holds(value))) return false;
      return ranges.length === 0 || ranges.some((holds) => holds(value));
    };
  }
  const { allowed, read } = field;
  const bad = allowed && [...accepted, ...refused].find((value) => value !== NOT_SET && !allowed.includes(value));
  if (bad !== undefined)
    throw new FilterError(`"${name}" cannot be ${JSON.stringify(bad)}; allowed: ${allowed!.join(', ')}.`);
  const acceptedSet = new Set(accepted);
  const refusedSet = new Set(refused);
  return (memory, slot) => {
    const value = read(memory, slot) ?? NOT_SET;
    const isIn = (set: ReadonlySet<string>) =>
      typeof value === 'string'
        ? set.has(value)
        : value.length === 0
          ? set.has(NOT_SET)
          : value.some((one) => set.has(one));
    return (acceptedSet.size === 0 || isIn(acceptedSet)) && !(refusedSet.size > 0 && isIn(refusedSet));
  };
}

function compileTime(name: string, values: readonly string[]): RowPredicate {
  const [value] = values;
  const time = value === undefined ? undefined : parseTime(value);
  if (values.length !== 1 || time === undefined) {
    throw new FilterError(`"${name}" must be one time in ISO 8601, such as 2026-11-26T12:00:00Z.`);
  }
  return name === 'since'
    ? ({ columns }, slot) => columns.time[slot]! >= time
    : ({ columns }, slot) => columns.time[slot]! <= time;
}

/** Returns a time in ISO 8601 as milliseconds since the epoch, or `undefined`. `Date.parse` alone accepts much else. */
export function parseTime(value: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

/** Parses `min..max`, where an end may be missing. The maximum itself is within the range. */
function parseRange(name: string, value: string): (value: number) => boolean {
  if (value === NOT_SET) return Number.isNaN;
  const match = /^(\d+(?:\.\d+)?(?:e-?\d+)?)?\.\.(\d+(?:\.\d+)?(?:e-?\d+)?)?$/i.exec(value);
  const exact = /^\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(value) ? Number(value) : undefined;
  if (exact !== undefined) return (number) => number === exact;
  if (!match || value === '..') {
    throw new FilterError(`"${name}" must be a number or a range such as 0.01..0.5, 0.01.. or ..0.5.`);
  }
  const min = match[1] === undefined ? Number.NEGATIVE_INFINITY : Number(match[1]);
  const max = match[2] === undefined ? Number.POSITIVE_INFINITY : Number(match[2]);
  if (min > max) throw new FilterError(`"${name}" has a range whose minimum is above its maximum.`);
  return (number) => number >= min && number <= max;
}
