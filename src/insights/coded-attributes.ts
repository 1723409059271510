import { shortestAbove, shortestBelow } from './short-decimals.ts';
import type { Column } from './table.ts';

/** The words of an attribute that get a condition of their own: the most frequent ones. */
const MAX_WORDS = 32;

/** The shares at which the range of a number is divided. */
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** The value of a condition for rows that lack the attribute. */
export const NOT_SET = 'not set';

/** A condition on an attribute: its code is from `from` to `to`. */
export interface CodeRange {
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** An attribute with a small number for each row. */
export interface CodedAttribute {
  readonly column: Column;
  readonly codes: Uint8Array;
  /** The number of codes. */
  readonly size: number;
  readonly conditions: readonly CodeRange[];
}

/** Encodes an attribute of the given rows. */
export function encode(column: Column, rows: Uint32Array): CodedAttribute {
  return column.kind === 'word'
    ? encodeWords(column, column.values, column.codes, rows)
    : encodeNumbers(column, column.numbers, rows);
}

function encodeWords(column: Column, values: readonly string[], words: Uint16Array, rows: Uint32Array): CodedAttribute {
  const counts = new Uint32Array(values.length + 1);
  for (const row of rows) counts[words[row]!]! += 1;
  const frequent = [...counts.keys()]
    .filter((word) => counts[word]! > 0)
    .toSorted((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, MAX_WORDS);
  // The last code is that of all other words.
  const codeOf = new Uint8Array(counts.length).fill(frequent.length);
  for (const [code, word] of frequent.entries()) codeOf[word] = code;
  return {
    column,
    codes: codesOf(rows, (row) => codeOf[words[row]!]!),
    size: frequent.length + 1,
    conditions: frequent.map((word, code) => ({
      value: word === 0 ? NOT_SET : values[word - 1]!,
      from: code,
      to: code,
    })),
  };
}

function encodeNumbers(column: Column, numbers: Float64Array, rows: Uint32Array): CodedAttribute {
  const known = new Float64Array(rows.length);
  let size = 0;
  for (const row of rows) {
    if (Number.isNaN(numbers[row])) continue;
    known[size] = numbers[row]!;
    size += 1;
  }
  const sorted = known.subarray(0, size).sort();
  const starts = binStarts(sorted);
  const bins = starts.length + (sorted.length > 0 ? 1 : 0);
  const codes = codesOf(rows, (row) => {
    const number = numbers[row]!;
    if (Number.isNaN(number)) return bins;
    let bin = 0;
    while (bin < starts.length && number >= starts[bin]!) bin += 1;
    return bin;
  });
  const above = starts.map((start) => shortestAbove(valueBefore(sorted, start), start));
  const below = starts.map((start) => shortestBelow(valueBefore(sorted, start), start));
  const conditions: CodeRange[] = [];
  for (let bin = 0; bin < bins; bin += 1) {
    if (bin > 0) conditions.push({ value: `${above[bin - 1]}..`, from: bin, to: bins - 1 });
    if (bin < bins - 1) conditions.push({ value: `..${below[bin]}`, from: 0, to: bin });
    if (bin > 0 && bin < bins - 1) {
      conditions.push({ value: `${above[bin - 1]}..${below[bin]}`, from: bin, to: bin });
    }
  }
  if (sorted.length < rows.length) conditions.push({ value: NOT_SET, from: bins, to: bins });
  return { column, codes, size: bins + 1, conditions };
}

/** Encodes rows one by one. `Uint8Array.from` would take several times as long. */
function codesOf(rows: Uint32Array, codeOf: (row: number) => number): Uint8Array {
  const codes = new Uint8Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) codes[at] = codeOf(rows[at]!);
  return codes;
}

/** Returns the values at which a new bin starts: at quantiles, and after the smallest value. */
function binStarts(sorted: Float64Array): number[] {
  const least = sorted[0];
  if (least === undefined) return [];
  const starts = new Set<number>();
  const second = sorted.findIndex((number) => number > least);
  if (second > sorted.length / 2) starts.add(sorted[second]!);
  for (const share of SHARES) {
    const start = sorted[Math.floor(share * sorted.length)]!;
    if (start > least) starts.add(start);
  }
  return [...starts].toSorted((a, b) => a - b);
}

/** Returns the largest value below `start`. `start` is above the smallest value. */
function valueBefore(sorted: Float64Array, start: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1]!;
}
