import { context } from '@opentelemetry/api';
import type { Contribution, Scores } from '../classifier/scoring/classifier.ts';
import type { AnsweringRole } from '../models/routing.ts';
import type { Model } from '../models/store.ts';
import { Problem } from '../platform/problems.ts';
import type { RecentRequest } from '../recent/memory/recent-request.ts';
import { createFairQueue } from './fair-queue.ts';
import type { PredictionCaller } from './prediction-origin.ts';
import {
  createPredictionTelemetry,
  type PredictionTelemetryOptions,
  type RecordedPrediction,
} from './prediction-telemetry.ts';
import type { TimedClassification } from './timed-classification.ts';

/** A prediction, as the API returns it. */
export interface Prediction extends RecordedPrediction {
  readonly model: Model;
  readonly scores: Scores;
  /** True if the confidence is below the minimum of the request or of the policy. */
  readonly abstained: boolean;
  /** The strongest features first. Present if the caller requested it. */
  readonly explanation?: readonly Contribution[];
}

/** Facts about the request of a prediction. */
interface PredictOptions {
  readonly role?: AnsweringRole;
  /** A prediction with a lower confidence is marked as abstained; default 0. */
  readonly minConfidence?: number | undefined;
  /** The request in the memory of predictions. Without it, the prediction is not remembered. */
  readonly request?: RecentRequest | undefined;
  /** Undefined if the service has no tokens. */
  readonly caller?: PredictionCaller | undefined;
  /** True for a request of a load test. */
  readonly synthetic?: boolean | undefined;
}

/** Predicts labels and records each prediction. */
export interface Predictor {
  /**
   * Predicts the label of one text. Each step has a span.
   *
   * @throws {Problem} if the text is too long
   */
  predict(model: Model, text: string, options?: PredictOptions): Prediction;
  /**
   * Predicts the label of one text with the reasons. It waits for a turn, so that other work runs in between.
   *
   * @param options `features` is the number of features in the explanation; `signal` stops the wait, and the promise is then
   *   rejected with the reason of the signal
   * @throws {Problem} if the text is too long
   */
  explain(
    model: Model,
    text: string,
    options: PredictOptions & { features: number; signal: AbortSignal },
  ): Promise<Prediction>;
  /**
   * Predicts the labels of many texts, in their order. Other work runs in between.
   *
   * @param options `signal` stops the work, and the promise is then rejected with the reason of the signal
   * @throws {Problem} if a text is too long
   */
  predictBatch(
    model: Model,
    texts: readonly string[],
    options: PredictOptions & { signal: AbortSignal },
  ): Promise<Prediction[]>;
}

/** Options of the predictor. */
export interface PredictorOptions extends PredictionTelemetryOptions {
  readonly maxTextCharacters: number;
}

/** The longest time in milliseconds that a batch runs before other work gets a turn. */
const TURN_MS = 5;

/** Creates a predictor that runs the classifier and records telemetry. */
export function createPredictor({ maxTextCharacters, ...options }: PredictorOptions): Predictor {
  const telemetry = createPredictionTelemetry(options);
  const queue = createFairQueue();

  function predictOne(
    model: Model,
    text: string,
    {
      steps,
      explain,
      role,
      minConfidence = 0,
      request,
      caller,
      synthetic = false,
      index,
    }: PredictOptions & { steps: boolean; explain: number; index: number; role: AnsweringRole },
  ): Prediction {
    const parent = context.active();
    const started = performance.now();
    let classification: TimedClassification;
    try {
      classification = classify(model, text);
    } catch (error) {
      telemetry.recordFailure(model, text, started, { parent, role, request, caller, synthetic });
      throw error;
    }
    const { tokens, scores } = classification;
    // Explain now, because the next text reuses the buffers of `tokens`.
    const explanation = explain > 0 ? model.classifier.explain(tokens, scores).slice(0, explain) : undefined;
    const abstained = scores.confidence < minConfidence;
    const { id, anomalies, review } = telemetry.record(model, text, classification, {
      parent,
      role,
      request,
      caller,
      synthetic,
      steps,
      index,
      abstained,
    });
    const prediction = { id, model, scores, anomalies, review, abstained };
    return explanation ? { ...prediction, explanation } : prediction;
  }

  function checkLength(text: string, name: string): void {
    if (text.length <= maxTextCharacters) return;
    throw new Problem(
      'text-too-long',
      `${name} has ${text.length} characters; at most ${maxTextCharacters} are allowed.`,
    );
  }

  return {
    predict(model, text, { role = 'named', minConfidence, request, caller, synthetic } = {}) {
      checkLength(text, '"text"');
      return predictOne(model, text, {
        steps: true,
        explain: 0,
        role,
        minConfidence,
        request,
        caller,
        synthetic,
        index: 0,
      });
    },

    async explain(model, text, { features, signal, role = 'named', minConfidence, request, caller, synthetic }) {
      checkLength(text, '"text"');
      await queue.nextTurn();
      signal.throwIfAborted();
      return predictOne(model, text, {
        steps: true,
        explain: features,
        role,
        minConfidence,
        request,
        caller,
        synthetic,
        index: 0,
      });
    },

    async predictBatch(model, texts, { signal, role = 'named', minConfidence, request, caller, synthetic }) {
      for (const [index, text] of texts.entries()) checkLength(text, `"texts[${index}]"`);
      const predictions: Prediction[] = [];
      let turnEndsAt = Number.NEGATIVE_INFINITY;
      for (const [index, text] of texts.entries()) {
        if (performance.now() >= turnEndsAt) {
          await queue.nextTurn();
          signal.throwIfAborted();
          turnEndsAt = performance.now() + TURN_MS;
        }
        const options = { steps: false, explain: 0, role, minConfidence, request, caller, synthetic, index };
        predictions.push(predictOne(model, text, options));
      }
      return predictions;
    },
  };
}

function classify({ classifier }: Model, text: string): TimedClassification {
  const started = performance.now();
  const tokens = classifier.tokenize(text);
  const tokenized = performance.now();
  const scores = classifier.score(tokens);
  return { tokens, scores, started, tokenized, scored: performance.now() };
}
