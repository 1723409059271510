import type { PredictionRow } from '../../recent/prediction-row.ts';

/** The kinds of dots, in the order in which they are drawn: the last are on top. */
export const DOT_KINDS = ['ok', 'anomaly', 'wrong', 'slow', 'failed'] as const;
export type DotKind = (typeof DOT_KINDS)[number];

/** The words for each kind, and its sign. The signs differ, so that nobody needs to tell the colours apart. */
export const DOT_TITLES: Readonly<Record<DotKind, readonly [sign: string, title: string]>> = {
  ok: ['●', 'usual'],
  anomaly: ['◆', 'unusual text'],
  wrong: ['■', 'wrong'],
  slow: ['▲', 'slow'],
  failed: ['✕', 'failed'],
};

/** A prediction as a dot. */
export interface Dot {
  readonly row: PredictionRow;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly kind: DotKind;
}

/** With fewer predictions none is called slow. */
const MIN_ROWS = 20;

/**
 * Returns the request time from which predictions are called slow: the slowest hundredth of those shown, but at least twice
 * the median.
 */
export function slowLimit(rows: readonly PredictionRow[]): number {
  if (rows.length < MIN_ROWS) return Infinity;
  const times = Float64Array.from(rows, ({ requestSeconds }) => requestSeconds).sort();
  const quantile = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  return Math.max(quantile(0.99), 2 * quantile(0.5));
}

/** Returns the kind of a prediction. A failure counts more than slowness, and so on. */
export function kindOf(row: PredictionRow, slowSeconds: number): DotKind {
  if (row.status === 0 || row.status >= 400) return 'failed';
  if (row.requestSeconds >= slowSeconds) return 'slow';
  if (row.feedback?.correct === false) return 'wrong';
  return row.anomalies.length > 0 ? 'anomaly' : 'ok';
}

/** Returns the dots of predictions, oldest first. */
export function dotsOf(rows: readonly PredictionRow[], slowSeconds: number): Dot[] {
  return rows
    .map((row) => ({ row, time: Date.parse(row.time), kind: kindOf(row, slowSeconds) }))
    .toSorted((a, b) => a.time - b.time);
}
