import { setTimeout as delay } from 'node:timers/promises';
import type { ObservableCounter } from '@opentelemetry/api';
import type { Instruments } from '../telemetry/instruments.ts';
import { LABEL } from '../telemetry/names.ts';
import type { FeedbackTotal } from './database/feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

/**
 * Observes `classifier_feedback_total` and `classifier_shadow_feedback_total` from the store. The stored totals survive
 * restarts. Sums over these counters are exact, and a rule that subtracts two values needs no extrapolation.
 */
export function observeFeedback(store: FeedbackStore, instruments: Instruments): void {
  observeTotals(instruments.feedback, () => store.totals());
  observeTotals(instruments.shadowFeedback, () => store.experiments.totals());
}

/** The longest time in milliseconds that a scrape waits for the store. After it, the last totals are reported. */
const MAX_WAIT_MS = 250;

function observeTotals(instrument: ObservableCounter, totals: () => Promise<FeedbackTotal[]>): void {
  let latest: FeedbackTotal[] = [];
  let reading: Promise<void> | undefined;

  /** Reads the totals, once at a time: a locked store must not gather requests. */
  function read(): Promise<void> {
    reading ??= totals()
      .then((read) => {
        latest = read;
      })
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  instrument.addCallback(async (result) => {
    await Promise.race([read(), delay(MAX_WAIT_MS, undefined, { ref: false })]);
    for (const { model, version, source, actual, predicted, count } of latest) {
      const labels = { [LABEL.model]: model, [LABEL.version]: version, [LABEL.source]: source };
      result.observe(count, { ...labels, [LABEL.actual]: actual, [LABEL.predicted]: predicted });
    }
  });
}
