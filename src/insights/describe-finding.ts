import type { ChosenSlice } from './choose-findings.ts';
import type { Totals } from './slices.ts';
import type { Table } from './table.ts';

const MAX_TRACES = 3;

/** The quantile of the normal distribution for an interval of 95 %. */
const Z = 1.959964;

/** A value of an attribute. Ranges are `min..max`; a missing value is `not set`. */
export interface Condition {
  readonly attribute: string;
  readonly value: string;
}

/** One or two conditions that hold more often in the selection, with their figures. */
export interface FoundSlice {
  readonly conditions: readonly Condition[];
  /** The share of the selection for which the conditions hold. It is the same number as `coverage`. */
  readonly selectionShare: number;
  readonly baselineShare: number;
  /** `selectionShare / baselineShare`; null if no prediction of the baseline fulfils the conditions. */
  readonly ratio: number | null;
  /** The 95 % interval of the ratio. The upper end is null if it is unlimited. */
  readonly interval: readonly [number, number | null];
  readonly coverage: number;
  /** The share of random selections of the same size that have a slice as strong as this. */
  readonly pValue: number;
  readonly score: number;
  /** The number of predictions in the selection for which the conditions hold. */
  readonly count: number;
  /** Up to three trace ids. */
  readonly traces: readonly string[];
  readonly medianSeconds: number;
  readonly p99Seconds: number;
}

/** Describes a chosen slice in figures. */
export function describeFinding(
  { conditions, score, rows: places, selected }: ChosenSlice,
  {
    table,
    rows,
    isSelected,
    total,
    chance,
  }: { table: Table; rows: Uint32Array; isSelected: Uint8Array; total: Totals; chance: number },
): FoundSlice {
  const others = places.length - selected;
  const selectionShare = selected / total.selected;
  const baselineShare = others / (total.rows - total.selected);
  const seconds = Float64Array.from(places, (place) => table.seconds[rows[place]!]!).sort();
  const inSelection = [...places].filter((place) => isSelected[place] === 1).map((place) => rows[place]!);
  return {
    conditions,
    selectionShare,
    baselineShare,
    ratio: others === 0 ? null : selectionShare / baselineShare,
    interval: ratioInterval(selected, total.selected, others, total.rows - total.selected),
    coverage: selectionShare,
    pValue: chance,
    score,
    count: selected,
    traces: slowestTraces(table, inSelection),
    medianSeconds: quantile(seconds, 0.5),
    p99Seconds: quantile(seconds, 0.99),
  };
}

/** Returns the 95 % interval of a ratio of two shares, by the logarithm of the ratio (Katz and others, 1978). */
function ratioInterval(count: number, of: number, otherCount: number, otherOf: number): [number, number | null] {
  // Half a row is added to each count, so that the interval exists where a count is 0.
  const [a, b] = [count + 0.5, otherCount + 0.5];
  const ratio = a / (of + 0.5) / (b / (otherOf + 0.5));
  const spread = Math.exp(Z * Math.sqrt(Math.max(0, 1 / a - 1 / (of + 0.5) + 1 / b - 1 / (otherOf + 0.5))));
  return [ratio / spread, otherCount === 0 ? null : ratio * spread];
}

function slowestTraces({ seconds, traceId }: Table, rows: readonly number[]): string[] {
  const traces = new Set<string>();
  for (const row of rows.toSorted((a, b) => seconds[b]! - seconds[a]!)) {
    traces.add(hex(traceId.subarray(16 * row, 16 * row + 16)));
    if (traces.size === MAX_TRACES) break;
  }
  return [...traces];
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
