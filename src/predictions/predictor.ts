import { type Context, context, trace } from '@opentelemetry/api';
import type { Classifier, Contribution, Scores } from '../classifier/scoring/classifier.ts';
import type { AnsweringRole } from '../models/routing.ts';
import type { Model } from '../models/store.ts';
import { Problem } from '../platform/problems.ts';
import type { RecentRequest } from '../recent/memory/recent-request.ts';
import { inWindow, WINDOW } from '../runtimes/answer-all.ts';
import { classifyNow } from '../runtimes/linear.ts';
import { type DeferredClassifier, isDeferred, type TimedClassification } from '../runtimes/runtime.ts';
import { createFairQueue } from './fair-queue.ts';
import type { BegunSpan, PredictionCaller } from './prediction-origin.ts';
import {
  createPredictionTelemetry,
  type PredictionTelemetryOptions,
  type RecordedPrediction,
} from './prediction-telemetry.ts';

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
  /** Stops the wait for another thread. The promise is then rejected with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** Predicts labels and records each prediction. */
export interface Predictor {
  /**
   * Predicts the label of one text. Each step has a span.
   *
   * @returns a promise if the model works on another thread
   * @throws {Problem} if the text is too long, or the other thread has too much to do (503)
   */
  predict(model: Model, text: string, options?: PredictOptions): Prediction | Promise<Prediction>;
  /**
   * Predicts the label of one text with the reasons. It waits for a turn, so that other work runs in between.
   *
   * @param options `features` is the number of features in the explanation. `signal` stops the wait, and the promise is then
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
  /** The number of requests that may wait for models on other threads or elsewhere; by default all. */
  readonly maxDeferred?: number;
}

/** The longest time in milliseconds that a batch runs before other work gets a turn. */
const TURN_MS = 5;

/** Creates a predictor that runs the classifier and records telemetry. */
export function createPredictor({
  maxTextCharacters,
  maxDeferred = Number.POSITIVE_INFINITY,
  ...options
}: PredictorOptions): Predictor {
  const telemetry = createPredictionTelemetry(options);
  const queue = createFairQueue();
  let deferred = 0;

  type OneOptions = PredictOptions & { steps: boolean; explain: number; index: number; role: AnsweringRole };

  function predictSingle(
    model: Model,
    text: string,
    { role = 'named', minConfidence, request, caller, synthetic, signal }: PredictOptions,
    explain: number,
  ): Prediction | Promise<Prediction> {
    const options = { steps: true, explain, role, minConfidence, request, caller, synthetic, signal, index: 0 };
    const { classifier } = model;
    return isDeferred(classifier)
      ? withinLimit(() => predictLater(model, classifier, text, options))
      : predictNow(model, classifier, text, options);
  }

  function predictNow(model: Model, classifier: Classifier, text: string, options: OneOptions): Prediction {
    const parent = context.active();
    const started = performance.now();
    let classification: TimedClassification;
    try {
      classification = classifyNow(classifier, text);
    } catch (error) {
      recordFailure(model, text, started, parent, options);
      throw error;
    }
    const { tokens, scores } = classification;
    // Explain now, because the next text reuses the buffers of `tokens`.
    const explanation = options.explain > 0 ? classifier.explain(tokens, scores) : undefined;
    return record(model, text, classification, parent, options, explanation);
  }

  /** Does the work of a request that can wait. Slow models must not take the places of requests for fast ones. */
  async function withinLimit<T>(work: () => Promise<T>): Promise<T> {
    if (deferred >= maxDeferred) {
      const detail = `${maxDeferred} requests wait for encoders or endpoints, the maximum. Retry later.`;
      throw new Problem('overloaded', detail, { 'retry-after': '1' });
    }
    deferred += 1;
    try {
      return await work();
    } finally {
      deferred -= 1;
    }
  }

  async function predictLater(
    model: Model,
    classifier: DeferredClassifier,
    text: string,
    options: OneOptions,
  ): Promise<Prediction> {
    const parent = context.active();
    const started = performance.now();
    const begun = classifier.isRemote ? telemetry.startSpan(parent, started) : undefined;
    const classify = () => classifier.classify(text, { signal: options.signal });
    let classification: TimedClassification;
    try {
      classification = await (begun ? context.with(trace.setSpan(parent, begun.span), classify) : classify());
    } catch (error) {
      // The model does not fail if a client has left.
      if (options.signal?.aborted) begun?.span.end();
      else recordFailure(model, text, started, parent, options, begun);
      throw error;
    }
    const explanation = options.explain > 0 ? classifier.explain(text, classification.scores) : undefined;
    return record(model, text, classification, parent, options, explanation, begun);
  }

  function recordFailure(
    model: Model,
    text: string,
    started: number,
    parent: Context,
    { role, request, caller, synthetic = false }: OneOptions,
    begun?: BegunSpan,
  ): void {
    telemetry.recordFailure(model, text, started, { parent, role, request, caller, synthetic, begun });
  }

  function record(
    model: Model,
    text: string,
    classification: TimedClassification,
    parent: Context,
    { steps, explain, role, minConfidence = 0, request, caller, synthetic = false, index }: OneOptions,
    explanation: readonly Contribution[] | undefined,
    begun?: BegunSpan,
  ): Prediction {
    const { scores } = classification;
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
      begun,
    });
    const prediction = { id, model, scores, anomalies, review, abstained };
    return explanation ? { ...prediction, explanation: explanation.slice(0, explain) } : prediction;
  }

  function checkLength(text: string, name: string): void {
    if (text.length <= maxTextCharacters) return;
    throw new Problem(
      'text-too-long',
      `${name} has ${text.length} characters; at most ${maxTextCharacters} are allowed.`,
    );
  }

  return {
    predict(model, text, options = {}) {
      checkLength(text, '"text"');
      return predictSingle(model, text, options, 0);
    },

    async explain(model, text, { features, ...options }) {
      checkLength(text, '"text"');
      await queue.nextTurn();
      options.signal.throwIfAborted();
      return predictSingle(model, text, options, features);
    },

    async predictBatch(model, texts, { signal, role = 'named', minConfidence, request, caller, synthetic }) {
      for (const [index, text] of texts.entries()) checkLength(text, `"texts[${index}]"`);
      const predictions: Prediction[] = [];
      const { classifier } = model;
      const shared = { steps: false, explain: 0, role, minConfidence, request, caller, synthetic, signal };
      if (isDeferred(classifier)) {
        // Only some texts of a batch wait at the same time, so that a batch does not fill the queue of the encoder.
        const answerAll = () =>
          inWindow(texts, WINDOW, async (text, index) => {
            predictions[index] = await predictLater(model, classifier, text, { ...shared, index });
          });
        await withinLimit(answerAll);
        return predictions;
      }
      let turnEndsAt = Number.NEGATIVE_INFINITY;
      for (const [index, text] of texts.entries()) {
        if (performance.now() >= turnEndsAt) {
          await queue.nextTurn();
          signal.throwIfAborted();
          turnEndsAt = performance.now() + TURN_MS;
        }
        predictions.push(predictNow(model, classifier, text, { ...shared, index }));
      }
      return predictions;
    },
  };
}
