import { type Attributes, type Context, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Scores, Tokens } from '../classifier/scoring/classifier.ts';
import { findAnomalies } from '../classifier/statistics/anomalies.ts';
import type { Observation } from '../classifier/statistics/training-reference.ts';
import type { DriftMonitor } from '../drift/drift-monitor.ts';
import type { AnsweringRole } from '../models/routing.ts';
import type { Model } from '../models/store.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../telemetry/names.ts';
import { traceIds } from '../telemetry/tracing.ts';
import type { ExperimentRecorder } from './experiment-recorder.ts';
import type { PredictionIds } from './prediction-id.ts';
import type { ShadowQueue } from './shadow-queue.ts';

/** One classification with the times at which its steps began and ended, in milliseconds of `performance.now()`. */
export interface Timed {
  readonly tokens: Tokens;
  readonly scores: Scores;
  readonly started: number;
  readonly tokenized: number;
  readonly scored: number;
}

export interface PredictionTelemetryOptions {
  readonly ids: PredictionIds;
  readonly instruments: Instruments;
  readonly log: Log;
  readonly driftMonitor: Pick<DriftMonitor, 'observe'>;
  /** The version that scores beside this one while it is the active one. */
  readonly shadowOf: (model: Model) => Model | undefined;
  readonly shadows: Pick<ShadowQueue, 'offer'>;
  readonly recorder: Pick<ExperimentRecorder, 'answered' | 'failed'>;
  readonly captureText: boolean;
}

/** Where a prediction belongs: the span that asked for it, and the role in which the model answered. */
export interface Asked {
  readonly parent: Context;
  readonly role: AnsweringRole;
}

/** Tells of predictions: in spans, metrics and log records, and to the drift monitor. */
export interface PredictionTelemetry {
  /**
   * Tells of one prediction.
   *
   * @param asked with whether each step gets a span of its own
   * @returns the id by which the prediction can be followed
   */
  follow(model: Model, text: string, timed: Timed, asked: Asked & { steps: boolean }): string;
  /** Tells of a classification that failed; `begun` as by `performance.now()`. */
  followFailure(model: Model, text: string, begun: number, asked: Asked): void;
}

/** What the latency objective allows for a whole request: a prediction that takes as long says where the time went. */
const SLOW_SECONDS = 0.025;

/**
 * Spans are made after the work with the times taken during it, so that following costs nothing of what it times. All
 * spans of one prediction count from one reading of each clock: nested spans then nest exactly.
 */
export function createPredictionTelemetry({
  ids,
  instruments,
  log,
  driftMonitor,
  shadowOf,
  shadows,
  recorder,
  captureText,
}: PredictionTelemetryOptions): PredictionTelemetry {
  const tracer = trace.getTracer(SCOPE);

  function reportSlow(prediction: Attributes, text: string, timed: Timed, scope: Context): void {
    const steps = {
      [ATTRIBUTE.tokenizeDuration]: (timed.tokenized - timed.started) / 1000,
      [ATTRIBUTE.scoreDuration]: (timed.scored - timed.tokenized) / 1000,
      [ATTRIBUTE.inputCharacters]: text.length,
      [ATTRIBUTE.inputTokens]: timed.tokens.count,
    };
    log.warn('slow prediction', { ...prediction, ...steps }, scope);
  }

  return {
    follow(model, text, timed, asked) {
      const now = Date.now();
      const epoch = now - performance.now();
      const { tokens, scores, started, tokenized, scored } = timed;
      const { name, version } = model;
      const { labels, byLabel, spanAttributes } = telemetryOf(model);
      const span = tracer.startSpan(SPAN.classify, { startTime: epoch + started }, asked.parent);
      const isRecording = span.isRecording();
      const scope = trace.setSpan(asked.parent, span);
      if (asked.steps && isRecording) {
        tracer.startSpan(SPAN.tokenize, { startTime: epoch + started }, scope).end(epoch + tokenized);
        tracer.startSpan(SPAN.score, { startTime: epoch + tokenized }, scope).end(epoch + scored);
      }

      const { traceId, spanId, sampled } = traceIds(scope);
      const id = ids.sign({ traceId, spanId, time: now, model: name, version, label: scores.label });
      const observation: Observation = {
        label: scores.label,
        confidence: scores.confidence,
        characters: text.length,
        unknownRatio: tokens.unknownRatio,
      };
      const anomalies = findAnomalies(observation, model.manifest.thresholds);
      const reason = anomalies.length > 0 ? anomalies.join() : undefined;
      if (isRecording) {
        // All at once: a span that has none yet takes them over as they are.
        const attributes = { ...spanAttributes };
        attributes[ATTRIBUTE.modelRole] = asked.role;
        attributes[ATTRIBUTE.inputCharacters] = text.length;
        attributes[ATTRIBUTE.predictionId] = id;
        attributes[ATTRIBUTE.predictionLabel] = scores.label;
        attributes[ATTRIBUTE.predictionConfidence] = scores.confidence;
        attributes[ATTRIBUTE.inputTokens] = tokens.count;
        attributes[ATTRIBUTE.inputUnknownRatio] = tokens.unknownRatio;
        if (reason !== undefined) attributes[ATTRIBUTE.anomalyReason] = reason;
        if (captureText) attributes[ATTRIBUTE.inputText] = text;
        span.setAttributes(attributes);
      }
      const shadow = asked.role === 'active' ? shadowOf(model) : undefined;
      const endTime = epoch + scored;
      const { label } = scores;
      // Where a shadow will score the text too, the span ends when it has.
      const isTaken =
        shadow && shadows.offer({ active: model, shadow, text, id, predictedAt: now, label, span, endTime, scope });
      if (!isTaken) span.end(endTime);

      const seconds = (scored - started) / 1000;
      instruments.predictions.add(1, byLabel.get(scores.label), scope);
      instruments.predictionDuration.record(seconds, labels, scope);
      instruments.predictionConfidence.record(scores.confidence, labels, scope);
      for (const reason of anomalies) instruments.anomalies.add(1, { ...labels, [LABEL.reason]: reason }, scope);
      driftMonitor.observe(model, observation);
      recorder.answered(model, seconds, scores.confidence);
      if (sampled) {
        const record: Attributes = {
          [ATTRIBUTE.modelName]: name,
          [ATTRIBUTE.modelVersion]: version,
          [ATTRIBUTE.predictionId]: id,
          [ATTRIBUTE.predictionLabel]: scores.label,
          [ATTRIBUTE.predictionConfidence]: scores.confidence,
        };
        if (reason !== undefined) record[ATTRIBUTE.anomalyReason] = reason;
        record[ATTRIBUTE.predictionDuration] = seconds;
        if (seconds > SLOW_SECONDS) reportSlow(record, text, timed, scope);
        log.info('prediction', record, scope);
      }
      return id;
    },

    followFailure(model, text, begun, asked) {
      const epoch = Date.now() - performance.now();
      const attributes: Attributes = {
        [ATTRIBUTE.modelName]: model.name,
        [ATTRIBUTE.modelVersion]: model.version,
        [ATTRIBUTE.modelRole]: asked.role,
        [ATTRIBUTE.inputCharacters]: text.length,
      };
      if (captureText) attributes[ATTRIBUTE.inputText] = text;
      const span = tracer.startSpan(SPAN.classify, { startTime: epoch + begun, attributes }, asked.parent);
      span.setStatus({ code: SpanStatusCode.ERROR }).end();
      recorder.failed(model, 'answer');
    },
  };
}

const telemetry = new WeakMap<Model, ModelTelemetry>();

/** What is made once a model for all its predictions. */
interface ModelTelemetry {
  /** Of its metrics: instruments find frozen ones by their identity. */
  readonly labels: Attributes;
  readonly byLabel: ReadonlyMap<string, Attributes>;
  /** Of a `classify` span, with places for what each prediction has of its own: a copy is made quicker than a new one. */
  readonly spanAttributes: Attributes;
}

function telemetryOf(model: Model): ModelTelemetry {
  const known = telemetry.get(model);
  if (known !== undefined) return known;
  const labels = Object.freeze({ [LABEL.model]: model.name, [LABEL.version]: model.version });
  const withLabel = (label: string) => Object.freeze({ ...labels, [LABEL.label]: label });
  const made: ModelTelemetry = {
    labels,
    byLabel: new Map(model.classifier.labels.map((label) => [label, withLabel(label)])),
    spanAttributes: {
      [ATTRIBUTE.modelName]: model.name,
      [ATTRIBUTE.modelVersion]: model.version,
      [ATTRIBUTE.modelRole]: '',
      [ATTRIBUTE.inputCharacters]: 0,
      [ATTRIBUTE.predictionId]: '',
      [ATTRIBUTE.predictionLabel]: '',
      [ATTRIBUTE.predictionConfidence]: 0,
      [ATTRIBUTE.inputTokens]: 0,
      [ATTRIBUTE.inputUnknownRatio]: 0,
    },
  };
  telemetry.set(model, made);
  return made;
}
