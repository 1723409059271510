import { type Attributes, type Context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { anomaliesOf } from '../classifier/anomalies.ts';
import type { Scores, Tokens } from '../classifier/classifier.ts';
import type { Observation } from '../classifier/reference.ts';
import type { DriftMonitor } from '../drift/drift-monitor.ts';
import type { AnsweringRole } from '../models/routing.ts';
import type { Model } from '../models/store.ts';
import type { Instruments } from '../monitoring/instruments.ts';
import type { Log } from '../monitoring/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../monitoring/telemetry.ts';
import { traceIds } from '../monitoring/trace-ids.ts';
import type { PredictionIds } from './prediction-id.ts';
import type { ShadowQueue } from './shadow-queue.ts';
import type { TrialRecorder } from './trial-recorder.ts';

/** One classification with the times at which its steps began and ended, in milliseconds of `performance.now()`. */
export interface Timed {
  readonly tokens: Tokens;
  readonly scores: Scores;
  readonly started: number;
  readonly tokenized: number;
  readonly scored: number;
}

export interface FollowerOptions {
  readonly ids: PredictionIds;
  readonly instruments: Instruments;
  readonly log: Log;
  readonly driftMonitor: Pick<DriftMonitor, 'observe'>;
  /** The version that scores beside this one while it is the active one. */
  readonly shadowOf: (model: Model) => Model | undefined;
  readonly shadows: Pick<ShadowQueue, 'offer'>;
  readonly recorder: Pick<TrialRecorder, 'answered' | 'failed'>;
  readonly captureText: boolean;
}

/** Where a prediction belongs: the span that asked for it, and the role in which the model answered. */
export interface Asked {
  readonly parent: Context;
  readonly role: AnsweringRole;
}

/** Tells of predictions: in spans, metrics and log records, and to the drift monitor. */
export interface Follower {
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
export function createFollower({
  ids,
  instruments,
  log,
  driftMonitor,
  shadowOf,
  shadows,
  recorder,
  captureText,
}: FollowerOptions): Follower {
  const tracer = trace.getTracer(SCOPE);

  function startClassifySpan(model: Model, text: string, startTime: number, { parent, role }: Asked): Span {
    const attributes = modelAttributes(model);
    attributes[ATTRIBUTE.modelRole] = role;
    attributes[ATTRIBUTE.inputCharacters] = text.length;
    if (captureText) attributes[ATTRIBUTE.inputText] = text;
    return tracer.startSpan(SPAN.classify, { startTime, attributes }, parent);
  }

  function reportSlow(model: Model, text: string, timed: Timed, answer: Attributes, scope: Context): void {
    const steps = {
      [ATTRIBUTE.predictionDuration]: (timed.scored - timed.started) / 1000,
      [ATTRIBUTE.tokenizeDuration]: (timed.tokenized - timed.started) / 1000,
      [ATTRIBUTE.scoreDuration]: (timed.scored - timed.tokenized) / 1000,
      [ATTRIBUTE.inputCharacters]: text.length,
      [ATTRIBUTE.inputTokens]: timed.tokens.count,
    };
    log.warn('slow prediction', { ...modelAttributes(model), ...answer, ...steps }, scope);
  }

  return {
    follow(model, text, timed, asked) {
      const now = Date.now();
      const epoch = now - performance.now();
      const { tokens, scores, started, tokenized, scored } = timed;
      const { name, version } = model;
      const span = startClassifySpan(model, text, epoch + started, asked);
      const scope = trace.setSpan(asked.parent, span);
      if (asked.steps) {
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
      const anomalies = anomaliesOf(observation, model.manifest.thresholds);
      const answer: Attributes = {
        [ATTRIBUTE.predictionId]: id,
        [ATTRIBUTE.predictionLabel]: scores.label,
        [ATTRIBUTE.predictionConfidence]: scores.confidence,
      };
      if (anomalies.length > 0) answer[ATTRIBUTE.anomalyReason] = anomalies.join();
      span.setAttributes(answer);
      span.setAttribute(ATTRIBUTE.inputTokens, tokens.count);
      span.setAttribute(ATTRIBUTE.inputUnknownRatio, tokens.unknownRatio);
      const shadow = asked.role === 'active' ? shadowOf(model) : undefined;
      const endTime = epoch + scored;
      const { label } = scores;
      // Where a shadow will score the text too, the span ends when it has.
      const isTaken =
        shadow && shadows.offer({ active: model, shadow, text, id, predictedAt: now, label, span, endTime, scope });
      if (!isTaken) span.end(endTime);

      const seconds = (scored - started) / 1000;
      const { labels, byLabel } = labelsOf(model);
      instruments.predictions.add(1, byLabel.get(scores.label), scope);
      instruments.predictionDuration.record(seconds, labels, scope);
      instruments.predictionConfidence.record(scores.confidence, labels, scope);
      for (const reason of anomalies) instruments.anomalies.add(1, { ...labels, [LABEL.reason]: reason }, scope);
      driftMonitor.observe(model, observation);
      recorder.answered(model, seconds, scores.confidence);
      if (sampled) {
        if (seconds > SLOW_SECONDS) reportSlow(model, text, timed, answer, scope);
        const record = { ...modelAttributes(model), ...answer, [ATTRIBUTE.predictionDuration]: seconds };
        log.info('prediction', record, scope);
      }
      return id;
    },

    followFailure(model, text, begun, asked) {
      const epoch = Date.now() - performance.now();
      const span = startClassifySpan(model, text, epoch + begun, asked);
      span.setStatus({ code: SpanStatusCode.ERROR }).end();
      recorder.failed(model, 'answer');
    },
  };
}

const modelLabels = new WeakMap<Model, ModelLabels>();

/** The labels of a model's metrics, made once: instruments find frozen ones by their identity. */
interface ModelLabels {
  readonly labels: Attributes;
  readonly byLabel: ReadonlyMap<string, Attributes>;
}

function labelsOf(model: Model): ModelLabels {
  const known = modelLabels.get(model);
  if (known !== undefined) return known;
  const labels = Object.freeze({ [LABEL.model]: model.name, [LABEL.version]: model.version });
  const withLabel = (label: string) => Object.freeze({ ...labels, [LABEL.label]: label });
  const made = { labels, byLabel: new Map(model.classifier.labels.map((label) => [label, withLabel(label)])) };
  modelLabels.set(model, made);
  return made;
}

function modelAttributes({ name, version }: Model): Attributes {
  return { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.modelVersion]: version };
}
