import type { Instruments } from '../monitoring/instruments.ts';
import { LABEL } from '../monitoring/telemetry.ts';
import type { FeedbackStore } from './feedback-store.ts';

/**
 * Lets `classifier_feedback_total` be what the store holds. Read from there it outlives restarts: sums over it are exact,
 * and a rule that takes the difference of two moments needs no extrapolation.
 */
export function observeFeedback(store: FeedbackStore, instruments: Instruments): void {
  instruments.feedback.addCallback(async (result) => {
    for (const { model, version, actual, predicted, count } of await store.totals().catch(() => [])) {
      const labels = { [LABEL.model]: model, [LABEL.version]: version };
      result.observe(count, { ...labels, [LABEL.actual]: actual, [LABEL.predicted]: predicted });
    }
  });
}
