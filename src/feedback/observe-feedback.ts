import type { ObservableCounter } from '@opentelemetry/api';
import type { Instruments } from '../telemetry/instruments.ts';
import { LABEL } from '../telemetry/names.ts';
import type { FeedbackTotal } from './feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

/**
 * Observes `classifier_feedback_total` and `classifier_shadow_feedback_total` from the store. The stored totals survive
 * restarts. Sums over these counters are exact, and a rule that subtracts two values needs no extrapolation.
 */
export function observeFeedback(store: FeedbackStore, instruments: Instruments): void {
  observeTotals(instruments.feedback, () => store.totals());
  observeTotals(instruments.shadowFeedback, () => store.experiments.totals());
}

function observeTotals(instrument: ObservableCounter, totals: () => Promise<FeedbackTotal[]>): void {
  instrument.addCallback(async (result) => {
    for (const { model, version, actual, predicted, count } of await totals().catch(() => [])) {
      const labels = { [LABEL.model]: model, [LABEL.version]: version };
      result.observe(count, { ...labels, [LABEL.actual]: actual, [LABEL.predicted]: predicted });
    }
  });
}
