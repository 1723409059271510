import { setTimeout as delay } from 'node:timers/promises';
import type { Attributes, ObservableCounter } from '@opentelemetry/api';
import { binNames } from '../classifier/statistics/training-reference.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import { type LiveVersions, liveVersions } from '../telemetry/live-versions.ts';
import { LABEL } from '../telemetry/names.ts';
import type { ConfidenceTotal, FeedbackTotal } from './database/feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

/** The names of the tenths of a confidence, as the drift metrics name them. */
const CONFIDENCE_BINS = binNames('confidence', []);

/**
 * Observes `classifier_feedback_total` and the other counters of feedback from the store. The stored totals survive
 * restarts. Sums over these counters are exact, and a rule that subtracts two values needs no extrapolation. New feedback
 * on a version that has left starts its series again.
 */
export function observeFeedback(store: FeedbackStore, instruments: Instruments, versions = liveVersions): void {
  observeTotals(instruments.feedback, () => store.totals(), labelsOfPair, versions);
  observeTotals(instruments.shadowFeedback, () => store.experiments.totals(), labelsOfPair, versions);
  observeTotals(instruments.feedbackConfidence, () => store.confidenceTotals(), labelsOfConfidence, versions);
}

/** The longest time in milliseconds that a scrape waits for the store. After it, the last totals are reported. */
const MAX_WAIT_MS = 250;

type Total = Pick<FeedbackTotal, 'model' | 'version' | 'source' | 'count'>;

function labelsOfPair({ actual, predicted }: FeedbackTotal): Attributes {
  return { [LABEL.actual]: actual, [LABEL.predicted]: predicted };
}

function labelsOfConfidence({ bin, correct }: ConfidenceTotal): Attributes {
  return { [LABEL.bin]: CONFIDENCE_BINS[bin], [LABEL.correct]: String(correct) };
}

function observeTotals<T extends Total>(
  instrument: ObservableCounter,
  totals: () => Promise<T[]>,
  labelsOf: (total: T) => Attributes,
  versions: LiveVersions,
): void {
  let latest: T[] | undefined;
  let reading: Promise<void> | undefined;

  /** Reads the totals, once at a time: a locked store must not gather requests. */
  function read(): Promise<void> {
    reading ??= totals()
      .then((read) => {
        if (latest) for (const { model, version } of changedTotals(latest, read)) versions.touch(model, version);
        latest = [...read, ...missingTotals(latest ?? [], read)];
      })
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  instrument.addCallback(async (result) => {
    await Promise.race([read(), delay(MAX_WAIT_MS, undefined, { ref: false })]);
    for (const total of latest ?? []) {
      const { model, version, source, count } = total;
      const labels = { [LABEL.model]: model, [LABEL.version]: version, [LABEL.source]: source };
      result.observe(count, { ...labels, ...labelsOf(total) });
    }
  });
}

function keyOf<T extends Total>({ count, ...key }: T): string {
  return JSON.stringify(key);
}

/**
 * Returns the totals that are not read any more, as 0: another replica reports them now. The SDK would
 * go on to report their last values, and a sum over the replicas would count them twice.
 */
function missingTotals<T extends Total>(before: readonly T[], after: readonly T[]): T[] {
  const present = new Set(after.map(keyOf));
  return before.filter((total) => !present.has(keyOf(total))).map((total) => ({ ...total, count: 0 }));
}

/** Returns the totals that were not there before, or that counted less. */
function changedTotals<T extends Total>(before: readonly T[], after: readonly T[]): T[] {
  const counts = new Map(before.map((total) => [keyOf(total), total.count]));
  return after.filter((total) => counts.get(keyOf(total)) !== total.count);
}
