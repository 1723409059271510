import { type Attributes, TraceFlags, trace } from '@opentelemetry/api';
import type { Models } from '../models/store.ts';
import { Problem } from '../platform/problems.ts';
import type { PredictionIds, PredictionReference } from '../predictions/prediction-id.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import { withinSpan } from '../telemetry/tracing.ts';
import type { FeedbackOutcome, LabelSource } from './database/feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

/** The result of feedback on one prediction. */
export interface FeedbackResult {
  readonly id: string;
  readonly prediction: string;
  readonly label: string;
  readonly correct: boolean;
  readonly predictionTraceId: string;
}

/** Feedback as a client sends it. */
export interface GivenFeedback {
  readonly id: string;
  readonly label: string;
  readonly source: LabelSource;
  readonly text?: string | undefined;
}

/** Records the true labels of predictions. */
export interface FeedbackService {
  /**
   * Records feedback, and resolves when it is on the disk.
   *
   * @throws {Problem} if the id is not from this service, if its model does not have the label, if the text is another one
   *   than that of the prediction, or if the prediction already has another label
   */
  record(models: Models, feedback: GivenFeedback): Promise<FeedbackResult>;
  /**
   * Replaces the label of a feedback in every count, and writes the change into its trail.
   *
   * @param actor the origin of the correction
   * @throws {Problem} if the id is not from this service, if its model does not have the label, or if it has no feedback
   */
  correct(models: Models, id: string, label: string, actor: string): Promise<Correction>;
  /**
   * Deletes the label, the text and the trail of a feedback.
   *
   * @param checkModel throws if the actor may not erase feedback for a model
   * @throws {Problem} if the id is not from this service, or if it has no feedback
   */
  erase(id: string, actor: string, checkModel?: (name: string) => void): Promise<void>;
}

/** The result of a correction. */
export interface Correction extends FeedbackResult {
  readonly previousLabel: string;
  readonly source: LabelSource;
}

/** Receives the label of a prediction, or `undefined` if it was erased. @param spanId of the `classify` span */
export type LabelListener = (spanId: string, label: Pick<GivenFeedback, 'label' | 'source'> | undefined) => void;

/** Creates a service that records each feedback in a `feedback` span, which has a link to the `classify` span. */
export function createFeedbackService(
  ids: PredictionIds,
  feedbackStore: FeedbackStore,
  log: Log,
  onLabel: LabelListener = () => {},
): FeedbackService {
  const tracer = trace.getTracer(SCOPE);

  function verify(id: string): PredictionReference {
    const reference = ids.verify(id);
    if (reference) return reference;
    throw new Problem('unknown-prediction', '"id" must be a prediction id from this service, unchanged.');
  }

  async function store(reference: PredictionReference, given: GivenFeedback): Promise<FeedbackOutcome> {
    const { traceId, spanId, time: predictedAt, model, version, label: predicted, details } = reference;
    const { id, label: actual, source, text } = given;
    const attributes: Attributes = {
      [ATTRIBUTE.modelName]: model,
      [ATTRIBUTE.modelVersion]: version,
      [ATTRIBUTE.predictionId]: id,
      [ATTRIBUTE.predictionLabel]: predicted,
      [ATTRIBUTE.feedbackSource]: source,
      [ATTRIBUTE.feedbackLabel]: actual,
      [ATTRIBUTE.feedbackCorrect]: actual === predicted,
    };
    // The id does not contain the sampling decision of the prediction, so the link has no flags.
    const prediction = { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
    const span = tracer.startSpan(SPAN.feedback, { attributes, links: [{ context: prediction }] });
    return withinSpan(span, async () => {
      const receivedAt = Date.now();
      const facts = {
        id,
        model,
        version,
        predicted,
        actual,
        source,
        predictedAt,
        receivedAt,
        text: text?.toWellFormed(),
      };
      const outcome = await feedbackStore.record({
        ...facts,
        artefact: details?.artefact ?? '',
        role: details?.role,
        confidence: details?.confidence,
        reviewShare: details?.reviewShare ?? 0,
      });
      log.info('feedback', { ...attributes, [ATTRIBUTE.feedbackOutcome]: outcome });
      span.setAttribute(ATTRIBUTE.feedbackOutcome, outcome);
      return outcome;
    });
  }

  return {
    async record(models, given) {
      const { id, label, text } = given;
      const reference = verify(id);
      requireLabel(models, reference, label);
      if (text !== undefined && !ids.matches(reference, text)) {
        throw new Problem('text-mismatch', '"text" must be the text of this prediction, unchanged.');
      }
      if ((await store(reference, given)) === 'conflict') {
        throw new Problem(
          'feedback-conflict',
          'This prediction already has feedback with another label. The first label is kept.',
        );
      }
      onLabel(reference.spanId, given);
      return resultOf(reference, id, label);
    },

    async correct(models, id, label, actor) {
      const reference = verify(id);
      requireLabel(models, reference, label);
      const before = await feedbackStore.correct(id, label, actor, Date.now());
      if (!before) throw noFeedback();
      onLabel(reference.spanId, { label, source: before.source });
      log.info('feedback corrected', {
        [ATTRIBUTE.modelName]: reference.model,
        [ATTRIBUTE.modelVersion]: reference.version,
        [ATTRIBUTE.predictionId]: id,
        [ATTRIBUTE.feedbackLabel]: label,
        [ATTRIBUTE.changeWho]: actor,
      });
      return { ...resultOf(reference, id, label), previousLabel: before.actual, source: before.source };
    },

    async erase(id, actor, checkModel) {
      const { model, version, spanId } = verify(id);
      checkModel?.(model);
      if (!(await feedbackStore.erase(id, actor, Date.now()))) throw noFeedback();
      onLabel(spanId, undefined);
      log.info('feedback erased', {
        [ATTRIBUTE.modelName]: model,
        [ATTRIBUTE.modelVersion]: version,
        [ATTRIBUTE.predictionId]: id,
        [ATTRIBUTE.changeWho]: actor,
      });
    },
  };
}

function resultOf({ label: prediction, traceId: predictionTraceId }: PredictionReference, id: string, label: string) {
  return { id, prediction, label, correct: label === prediction, predictionTraceId };
}

function noFeedback(): Problem {
  return new Problem('feedback-not-found', 'This prediction has no feedback.');
}

/** Checks a label. The labels of all stored versions are allowed, because the version of the prediction may be gone. */
function requireLabel(models: Models, { model, label: predicted }: PredictionReference, label: string): void {
  const loaded = models.get(model);
  if (!loaded) throw new Problem('model-not-found', `The model of this prediction, ${model}, is not loaded.`);
  const labels = new Set([predicted, ...loaded.versions.flatMap(({ manifest }) => manifest.labels)]);
  if (labels.has(label)) return;
  throw new Problem('unknown-label', `"label" must be a label of the model ${model}: ${[...labels].join(', ')}.`);
}
