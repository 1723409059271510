import { type Attributes, type Context, SpanStatusCode, trace } from '@opentelemetry/api';
import { type AnomalyReason, findAnomalies } from '../classifier/statistics/anomalies.ts';
import type { Observation } from '../classifier/statistics/training-reference.ts';
import type { DriftMonitor } from '../drift/drift-monitor.ts';
import type { Model } from '../models/store.ts';
import type { PredictionMemory } from '../recent/memory/prediction-memory.ts';
import type { TimedClassification } from '../runtimes/runtime.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../telemetry/names.ts';
import { traceIds } from '../telemetry/tracing.ts';
import { recordEncoding, SLOW_SECONDS, stepAttributes } from './classification-steps.ts';
import type { ExperimentRecorder } from './experiment-recorder.ts';
import { UNKNOWN_CONFIDENCE } from './id-layout.ts';
import { telemetryOf } from './model-telemetry.ts';
import type { PredictionIds } from './prediction-id.ts';
import { addOrigin, type BegunSpan, type PredictionOrigin } from './prediction-origin.ts';
import type { ReviewSampler } from './review-sampler.ts';
import type { ShadowQueue } from './shadow-queue.ts';

/** Options of the prediction telemetry. */
export interface PredictionTelemetryOptions {
  readonly ids: PredictionIds;
  readonly reviewSampler: ReviewSampler;
  readonly instruments: Instruments;
  readonly log: Log;
  readonly driftMonitor: Pick<DriftMonitor, 'observe'>;
  /** Returns the shadow of a model version while this version is active. */
  readonly shadowOf: (model: Model) => Model | undefined;
  readonly shadows: Pick<ShadowQueue, 'offer'>;
  readonly recorder: Pick<ExperimentRecorder, 'recordAnswer' | 'recordFailure' | 'recordReview'>;
  /** The memory of the latest predictions, if there is one. */
  readonly memory?: Pick<PredictionMemory, 'add'>;
  /** If true, spans contain the text. */
  readonly captureText: boolean;
}

/** The facts about a recorded prediction that its answer contains. */
export interface RecordedPrediction {
  /** The signed id for feedback. */
  readonly id: string;
  /** The reasons why the text is unusual for the model; usually none. */
  readonly anomalies: readonly AnomalyReason[];
  /** True if a reviewed label is wanted. */
  readonly review: boolean;
}

/** Records predictions in spans, metrics and logs, and in the drift monitor. */
export interface PredictionTelemetry {
  /**
   * Starts the `classify` span of a prediction whose work continues the trace elsewhere.
   *
   * @param started the start, as returned by `performance.now()`
   */
  startSpan(parent: Context, started: number): BegunSpan;
  /**
   * Records one prediction.
   *
   * @param origin its `steps` is true if each step gets a span; its `index` is the position of the text in its batch; its
   *   `abstained` is true if the confidence is too low for the request or the policy
   */
  record(
    model: Model,
    text: string,
    classification: TimedClassification,
    origin: PredictionOrigin & { steps: boolean; index: number; abstained: boolean },
  ): RecordedPrediction;
  /**
   * Records a failed classification.
   *
   * @param started the start, as returned by `performance.now()`
   */
  recordFailure(model: Model, text: string, started: number, origin: PredictionOrigin): void;
}

/**
 * Creates the telemetry of predictions. It creates spans after the work, from times taken during the work, so that
 * telemetry does not slow down what it measures. All spans of a prediction use one reading of each clock, so that they
 * nest exactly.
 */
export function createPredictionTelemetry({
  ids,
  reviewSampler,
  instruments,
  log,
  driftMonitor,
  shadowOf,
  shadows,
  recorder,
  memory,
  captureText,
}: PredictionTelemetryOptions): PredictionTelemetry {
  const tracer = trace.getTracer(SCOPE);

  return {
    startSpan(parent, started) {
      const epoch = Date.now() - performance.now();
      return { span: tracer.startSpan(SPAN.classify, { startTime: epoch + started }, parent), epoch };
    },

    record(model, text, classification, origin) {
      const now = Date.now();
      const epoch = origin.begun?.epoch ?? now - performance.now();
      const { tokens, scores, started, tokenized, scored } = classification;
      const { name, version } = model;
      const { labels, byLabel, spanAttributes, reference, isCascade } = telemetryOf(model);
      const span = origin.begun?.span ?? tracer.startSpan(SPAN.classify, { startTime: epoch + started }, origin.parent);
      const isRecording = span.isRecording();
      const scope = trace.setSpan(origin.parent, span);
      if (origin.steps && isRecording && !classification.isRemote) {
        if (classification.encoding) recordEncoding(tracer, classification, classification.encoding, epoch, scope);
        else {
          tracer.startSpan(SPAN.tokenize, { startTime: epoch + started }, scope).end(epoch + tokenized);
          tracer.startSpan(SPAN.score, { startTime: epoch + tokenized }, scope).end(epoch + scored);
        }
      }

      const { request } = origin;
      const { traceId, spanId, sampled } = traceIds(scope, request?.traceId);
      const { label, confidence } = scores;
      const { sha256 } = model.manifest.weights;
      const { role, caller, abstained, synthetic } = origin;
      const reviewShare = synthetic ? 0 : reviewSampler.shareOf(traceId, origin.index);
      const asked = reviewShare > 0;
      const idBytes = ids.encode({
        traceId,
        spanId,
        time: now,
        model: name,
        version,
        label,
        role,
        // Everybody can read an id.
        confidence: caller?.answers === 'label' ? UNKNOWN_CONFIDENCE : confidence,
        reviewShare,
        sha256,
        text,
      });
      const id = idBytes.toString('base64url');
      const observation: Observation = {
        label,
        confidence,
        characters: text.length,
        unknownRatio: tokens.unknownRatio,
        isObfuscated: tokens.isObfuscated,
      };
      const anomalies = findAnomalies(observation, model.manifest.thresholds);
      const reason = anomalies.length > 0 ? anomalies.join() : undefined;
      if (isRecording) {
        // One call, because a span without attributes adopts the object and does not copy it.
        const attributes = { ...spanAttributes };
        attributes[ATTRIBUTE.modelRole] = origin.role;
        attributes[ATTRIBUTE.inputCharacters] = text.length;
        attributes[ATTRIBUTE.predictionId] = id;
        attributes[ATTRIBUTE.predictionLabel] = scores.label;
        attributes[ATTRIBUTE.predictionConfidence] = scores.confidence;
        attributes[ATTRIBUTE.inputTokens] = tokens.count;
        attributes[ATTRIBUTE.inputUnknownRatio] = tokens.unknownRatio;
        if (reason !== undefined) attributes[ATTRIBUTE.anomalyReason] = reason;
        if (asked) attributes[ATTRIBUTE.predictionReview] = true;
        if (abstained) attributes[ATTRIBUTE.predictionAbstained] = true;
        addOrigin(attributes, origin);
        if (captureText) attributes[ATTRIBUTE.inputText] = text.toWellFormed();
        span.setAttributes(attributes);
      }
      let row = 0;
      if (memory && request) {
        const remembered = {
          reference,
          role,
          label,
          confidence,
          text,
          tokens: tokens.count,
          unknownRatio: tokens.unknownRatio,
          started,
          tokenized,
          scored,
          id: idBytes,
          anomalies,
          review: asked,
          abstained,
          synthetic,
          index: origin.index,
        };
        row = memory.add(request, remembered, epoch);
      }
      const shadow = origin.role === 'active' && !synthetic ? shadowOf(model) : undefined;
      const endTime = epoch + scored;
      // If the queue accepts the text, the span ends after the shadow has scored it.
      const isQueued =
        shadow &&
        shadows.offer({ active: model, shadow, text, id, row, predictedAt: now, label, asked, span, endTime, scope });
      if (!isQueued) span.end(endTime);

      const seconds = (scored - started) / 1000;
      instruments.predictionDuration.record(seconds, labels, scope);
      if (synthetic) {
        instruments.syntheticPredictions.add(1, labels, scope);
      } else {
        instruments.predictions.add(1, byLabel.get(scores.label), scope);
        instruments.predictionConfidence.record(scores.confidence, labels, scope);
        for (const reason of anomalies) instruments.anomalies.add(1, { ...labels, [LABEL.reason]: reason }, scope);
        if (isCascade) instruments.escalations.add(classification.encoding ? 1 : 0, labels, scope);
        if (abstained) instruments.abstentions.add(1, labels, scope);
        driftMonitor.observe(model, observation);
        recorder.recordAnswer(model, role, seconds, confidence, now, asked);
        if (asked) recorder.recordReview(model, id, now, label, confidence);
      }
      if (sampled) {
        const record: Attributes = {
          [ATTRIBUTE.modelName]: name,
          [ATTRIBUTE.modelVersion]: version,
          [ATTRIBUTE.predictionId]: id,
          [ATTRIBUTE.predictionLabel]: scores.label,
          [ATTRIBUTE.predictionConfidence]: scores.confidence,
        };
        if (reason !== undefined) record[ATTRIBUTE.anomalyReason] = reason;
        if (asked) record[ATTRIBUTE.predictionReview] = true;
        if (abstained) record[ATTRIBUTE.predictionAbstained] = true;
        addOrigin(record, origin);
        record[ATTRIBUTE.predictionDuration] = seconds;
        if (seconds > SLOW_SECONDS) {
          log.warn('slow prediction', { ...record, ...stepAttributes(classification, text.length) }, scope);
        }
        log.info('prediction', record, scope);
      }
      return { id, anomalies, review: asked };
    },

    recordFailure(model, text, started, origin) {
      const epoch = Date.now() - performance.now();
      const attributes: Attributes = {
        [ATTRIBUTE.modelName]: model.name,
        [ATTRIBUTE.modelVersion]: model.version,
        [ATTRIBUTE.modelRole]: origin.role,
        [ATTRIBUTE.inputCharacters]: text.length,
      };
      addOrigin(attributes, origin);
      if (captureText) attributes[ATTRIBUTE.inputText] = text.toWellFormed();
      const span = origin.begun?.span ?? tracer.startSpan(SPAN.classify, { startTime: epoch + started }, origin.parent);
      span.setAttributes(attributes).setStatus({ code: SpanStatusCode.ERROR }).end();
      const { reference } = telemetryOf(model);
      const { request, role, synthetic } = origin;
      request?.fail({ reference, role, synthetic, characters: text.length });
      if (!synthetic) recorder.recordFailure(model, role, Date.now());
    },
  };
}
