import type { ObservableCounter } from '@opentelemetry/api';
import type { Instruments } from '../telemetry/instruments.ts';
import { LABEL } from '../telemetry/names.ts';
import type { FeedbackTotal } from './feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

/**
 * Lets `classifier_feedback_total` and `classifier_shadow_feedback_total` be what the store holds. Read from there they
 * outlive restarts: sums over them are exact, and a rule that takes the difference of two moments needs no extrapolation.
 */
export function observeFeedback(store: FeedbackStore, instruments: Instruments): void {
  observeTotals(instruments.feedback, () => store.totals());
  observeTotals(instruments.shadowFeedback, () => store.trials.totals());
}

function observeTotals(instrument: ObservableCounter, totals: () => Promise<FeedbackTotal[]>): void {
  instrument.addCallback(async (result) => {
    for (const { model, version, actual, predicted, count } of await totals().catch(() => [])) {
      const labels = { [LABEL.model]: model, [LABEL.version]: version };
      result.observe(count, { ...labels, [LABEL.actual]: actual, [LABEL.predicted]: predicted });
    }
  });
}
