import { type Attributes, TraceFlags, trace } from '@opentelemetry/api';
import type { Models } from '../models/store.ts';
import { Problem } from '../platform/problems.ts';
import type { PredictionIds, PredictionReference } from '../predictions/prediction-id.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import { withinSpan } from '../telemetry/within-span.ts';
import type { Outcome } from './feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

/** What feedback came to. */
export interface Judged {
  readonly id: string;
  readonly prediction: string;
  readonly label: string;
  readonly correct: boolean;
  readonly predictionTraceId: string;
}

/** Takes the true labels of predictions. */
export interface FeedbackDesk {
  /**
   * Resolves when the feedback is kept for good.
   *
   * @throws {Problem} for an id that is not ours, a label that its model does not have, or another label than before
   */
  judge(models: Models, id: string, label: string, text?: string): Promise<Judged>;
}

/** Each feedback is followed by a span of its own, with a link to the `classify` span that it judges. */
export function createFeedbackDesk(ids: PredictionIds, store: FeedbackStore, log: Log): FeedbackDesk {
  const tracer = trace.getTracer(SCOPE);

  function verified(id: string): PredictionReference {
    const reference = ids.verify(id);
    if (reference) return reference;
    throw new Problem('unknown-prediction', '"id" must be the id of a prediction of this service, as it was given.');
  }

  async function keep(reference: PredictionReference, id: string, actual: string, text?: string): Promise<Outcome> {
    const { traceId, spanId, time, model, version, label: predicted } = reference;
    const attributes: Attributes = {
      [ATTRIBUTE.modelName]: model,
      [ATTRIBUTE.modelVersion]: version,
      [ATTRIBUTE.predictionId]: id,
      [ATTRIBUTE.predictionLabel]: predicted,
      [ATTRIBUTE.feedbackLabel]: actual,
      [ATTRIBUTE.feedbackCorrect]: actual === predicted,
    };
    // The id does not say whether that trace was sampled; a link claims nothing that is not known.
    const judged = { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
    const span = tracer.startSpan(SPAN.feedback, { attributes, links: [{ context: judged }] });
    return withinSpan(span, async () => {
      const receivedAt = Date.now();
      const outcome = await store.record({
        id,
        model,
        version,
        predicted,
        actual,
        predictedAt: time,
        receivedAt,
        text,
      });
      log.info('feedback', { ...attributes, [ATTRIBUTE.feedbackOutcome]: outcome });
      span.setAttribute(ATTRIBUTE.feedbackOutcome, outcome);
      return outcome;
    });
  }

  return {
    async judge(models, id, label, text) {
      const reference = verified(id);
      requireLabel(models, reference, label);
      if ((await keep(reference, id, label, text)) === 'conflict') {
        throw new Problem('feedback-conflict', 'This prediction has feedback with another label already; it is kept.');
      }
      const { label: prediction, traceId: predictionTraceId } = reference;
      return { id, prediction, label, correct: label === prediction, predictionTraceId };
    },
  };
}

/** A version may be gone when its feedback comes: the labels of the model's other versions are allowed too. */
function requireLabel(models: Models, { model, label: predicted }: PredictionReference, label: string): void {
  const loaded = models.get(model);
  if (!loaded) throw new Problem('model-not-found', `The model of this prediction, ${model}, is not loaded.`);
  const labels = new Set([predicted, ...loaded.versions.flatMap(({ classifier }) => classifier.labels)]);
  if (labels.has(label)) return;
  throw new Problem('unknown-label', `"label" must be a label of the model ${model}: ${[...labels].join(', ')}.`);
}
