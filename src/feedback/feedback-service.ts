import { type Attributes, TraceFlags, trace } from '@opentelemetry/api';
import type { Models } from '../models/store.ts';
import { Problem } from '../platform/problems.ts';
import type { PredictionIds, PredictionReference } from '../predictions/prediction-id.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import { withinSpan } from '../telemetry/tracing.ts';
import type { FeedbackOutcome } from './database/feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

/** The result of feedback on one prediction. */
export interface FeedbackResult {
  readonly id: string;
  readonly prediction: string;
  readonly label: string;
  readonly correct: boolean;
  readonly predictionTraceId: string;
}

/** Records the true labels of predictions. */
export interface FeedbackService {
  /**
   * Records feedback, and resolves when it is on the disk.
   *
   * @throws {Problem} if the id is not from this service, if its model does not have the label, if the text is
   *   another one than that of the prediction, or if the prediction already has another label
   */
  record(models: Models, id: string, label: string, text?: string): Promise<FeedbackResult>;
}

/** Creates a service that records each feedback in a `feedback` span, which has a link to the `classify` span. */
export function createFeedbackService(ids: PredictionIds, feedbackStore: FeedbackStore, log: Log): FeedbackService {
  const tracer = trace.getTracer(SCOPE);

  function verify(id: string): PredictionReference {
    const reference = ids.verify(id);
    if (reference) return reference;
    throw new Problem('unknown-prediction', '"id" must be a prediction id from this service, unchanged.');
  }

  async function store(
    reference: PredictionReference,
    id: string,
    actual: string,
    text?: string,
  ): Promise<FeedbackOutcome> {
    const { traceId, spanId, time, model, version, label: predicted } = reference;
    const attributes: Attributes = {
      [ATTRIBUTE.modelName]: model,
      [ATTRIBUTE.modelVersion]: version,
      [ATTRIBUTE.predictionId]: id,
      [ATTRIBUTE.predictionLabel]: predicted,
      [ATTRIBUTE.feedbackLabel]: actual,
      [ATTRIBUTE.feedbackCorrect]: actual === predicted,
    };
    // The id does not contain the sampling decision of the prediction, so the link has no flags.
    const prediction = { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
    const span = tracer.startSpan(SPAN.feedback, { attributes, links: [{ context: prediction }] });
    return withinSpan(span, async () => {
      const receivedAt = Date.now();
      const outcome = await feedbackStore.record({
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
    async record(models, id, label, text) {
      const reference = verify(id);
      requireLabel(models, reference, label);
      if (text !== undefined && !ids.matches(reference, text)) {
        throw new Problem('text-mismatch', '"text" must be the text of this prediction, unchanged.');
      }
      if ((await store(reference, id, label, text)) === 'conflict') {
        throw new Problem(
          'feedback-conflict',
          'This prediction already has feedback with another label. The first label is kept.',
        );
      }
      const { label: prediction, traceId: predictionTraceId } = reference;
      return { id, prediction, label, correct: label === prediction, predictionTraceId };
    },
  };
}

/** Checks a label. The labels of all loaded versions are allowed, because the version of the prediction may be gone. */
function requireLabel(models: Models, { model, label: predicted }: PredictionReference, label: string): void {
  const loaded = models.get(model);
  if (!loaded) throw new Problem('model-not-found', `The model of this prediction, ${model}, is not loaded.`);
  const labels = new Set([predicted, ...loaded.versions.flatMap(({ classifier }) => classifier.labels)]);
  if (labels.has(label)) return;
  throw new Problem('unknown-label', `"label" must be a label of the model ${model}: ${[...labels].join(', ')}.`);
}
