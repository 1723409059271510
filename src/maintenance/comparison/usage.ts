import { ratio, sum } from '../../classifier/statistics/confusion-matrix.ts';
import { durationQuantile } from '../../feedback/duration-buckets.ts';
import { FAILED_BUCKET, type MinuteCount } from '../../feedback/experiment.ts';

/** What a version did over some time. */
export interface Usage {
  readonly predictions: number;
  readonly errors: number;
  /** How long it took to tokenise and score one text, in seconds; null where it scored none. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Null where it scored none. */
  readonly meanConfidence: number | null;
}

/** Adds up what a version did, minute by minute. */
export function summariseUsage(minutes: readonly MinuteCount[]): Usage {
  const scored = minutes.filter(({ bucket }) => bucket !== FAILED_BUCKET);
  const predictions = sum(scored.map(({ count }) => count));
  return {
    predictions,
    errors: sum(minutes.map(({ count }) => count)) - predictions,
    p50: durationQuantile(scored, 0.5),
    p99: durationQuantile(scored, 0.99),
    meanConfidence: predictions === 0 ? null : ratio(sum(scored.map(({ confidence }) => confidence)), predictions),
  };
}
