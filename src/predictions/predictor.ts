import { type Attributes, type Context, context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { anomaliesOf } from '../classifier/anomalies.ts';
import type { Contribution, Scores, Tokens } from '../classifier/classifier.ts';
import type { DriftMonitor } from '../drift/drift-monitor.ts';
import { Problem } from '../errors.ts';
import type { AnsweringRole } from '../models/routing.ts';
import type { Model } from '../models/store.ts';
import type { Instruments } from '../monitoring/instruments.ts';
import type { Log } from '../monitoring/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../monitoring/telemetry.ts';
import { traceIds } from '../monitoring/trace-ids.ts';
import type { PredictionIds } from './prediction-id.ts';
import type { ShadowQueue } from './shadow-queue.ts';
import type { TrialRecorder } from './trial-recorder.ts';

export interface Prediction {
  readonly id: string;
  readonly prediction: string;
  readonly confidence: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly model: { readonly name: string; readonly version: string };
  readonly explanation?: readonly Contribution[];
}

export interface Predictor {
  /** Predicts the label of one text, each step in a span of its own. */
  predict(model: Model, text: string, options?: { explain?: boolean; role?: AnsweringRole }): Prediction;
  /** Predicts the labels of many texts, in their order. */
  predictBatch(model: Model, texts: readonly string[], role?: AnsweringRole): Prediction[];
}

export interface PredictorOptions {
  readonly ids: PredictionIds;
  readonly instruments: Instruments;
  readonly log: Log;
  readonly driftMonitor: Pick<DriftMonitor, 'observe'>;
  /** The version that scores beside this one while it is the active one. */
  readonly shadowOf: (model: Model) => Model | undefined;
  readonly shadows: Pick<ShadowQueue, 'offer'>;
  readonly recorder: Pick<TrialRecorder, 'answered' | 'failed'>;
  readonly maxTextCharacters: number;
  readonly captureText: boolean;
}

/** What the latency objective allows for a whole request: a prediction that takes as long says where the time went. */
const SLOW_SECONDS = 0.025;

/** One classification with the times at which its steps began and ended, in milliseconds of `performance.now()`. */
interface Timed {
  readonly tokens: Tokens;
  readonly scores: Scores;
  readonly started: number;
  readonly tokenized: number;
  readonly scored: number;
}

/**
 * The application: runs the classifier, and lets every run be followed. Spans are made after the work with the
 * times taken during it, so that following costs nothing of what it times.
 */
export function createPredictor({
  ids,
  instruments,
  log,
  driftMonitor,
  shadowOf,
  shadows,
  recorder,
  maxTextCharacters,
  captureText,
}: PredictorOptions): Predictor {
  const tracer = trace.getTracer(SCOPE);

  function predictOne(
    model: Model,
    text: string,
    options: { steps: boolean; explain: boolean; role: AnsweringRole },
  ): Prediction {
    // All spans of one prediction count from one reading of each clock: nested spans then nest exactly.
    const epoch = Date.now() - performance.now();
    const parent = context.active();
    const begun = performance.now();
    let timed: Timed;
    try {
      timed = classify(model, text);
    } catch (error) {
      const span = startClassifySpan(model, options.role, text, epoch + begun, parent);
      span.setStatus({ code: SpanStatusCode.ERROR }).end();
      recorder.failed(model, 'answer');
      throw error;
    }

    const span = startClassifySpan(model, options.role, text, epoch + timed.started, parent);
    const scope = trace.setSpan(parent, span);
    if (options.steps) {
      tracer.startSpan(SPAN.tokenize, { startTime: epoch + timed.started }, scope).end(epoch + timed.tokenized);
      tracer.startSpan(SPAN.score, { startTime: epoch + timed.tokenized }, scope).end(epoch + timed.scored);
    }
    const { tokens, scores } = timed;
    const explanation = options.explain ? model.classifier.explain(tokens, scores) : undefined;

    const { name, version } = model;
    const { traceId, spanId, sampled } = traceIds(scope);
    const time = Date.now();
    const id = ids.sign({ traceId, spanId, time, model: name, version, label: scores.label });
    const seconds = (timed.scored - timed.started) / 1000;
    const observation = {
      label: scores.label,
      confidence: scores.confidence,
      characters: text.length,
      unknownRatio: tokens.unknownRatio,
    };
    const anomalies = anomaliesOf(observation, model.manifest.thresholds);
    const answer = {
      [ATTRIBUTE.predictionId]: id,
      [ATTRIBUTE.predictionLabel]: scores.label,
      [ATTRIBUTE.predictionConfidence]: scores.confidence,
      ...(anomalies.length > 0 && { [ATTRIBUTE.anomalyReason]: anomalies.join() }),
    };
    span.setAttributes(answer);
    span.setAttribute(ATTRIBUTE.inputTokens, tokens.count);
    span.setAttribute(ATTRIBUTE.inputUnknownRatio, tokens.unknownRatio);
    const shadow = options.role === 'active' ? shadowOf(model) : undefined;
    const told = { text, id, predictedAt: time, label: scores.label, span, endTime: epoch + timed.scored, scope };
    // Where a shadow will score the text too, the span ends when it has.
    if (!(shadow && shadows.offer({ ...told, active: model, shadow }))) span.end(told.endTime);

    const labels = { [LABEL.model]: name, [LABEL.version]: version };
    instruments.predictions.add(1, { ...labels, [LABEL.label]: scores.label }, scope);
    instruments.predictionDuration.record(seconds, labels, scope);
    instruments.predictionConfidence.record(scores.confidence, labels, scope);
    for (const reason of anomalies) instruments.anomalies.add(1, { ...labels, [LABEL.reason]: reason }, scope);
    driftMonitor.observe(model, observation);
    recorder.answered(model, seconds, scores.confidence);
    if (sampled && seconds > SLOW_SECONDS) reportSlow(model, text, timed, answer, scope);
    if (sampled) {
      log.info('prediction', { ...modelAttributes(model), ...answer, [ATTRIBUTE.predictionDuration]: seconds }, scope);
    }

    return {
      id,
      prediction: scores.label,
      confidence: scores.confidence,
      scores: Object.fromEntries(model.classifier.labels.map((label, i) => [label, scores.probabilities[i]])),
      model: { name, version },
      ...(explanation && { explanation }),
    };
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

  function startClassifySpan(
    model: Model,
    role: AnsweringRole,
    text: string,
    startTime: number,
    parent: Context,
  ): Span {
    const attributes: Attributes = {
      ...modelAttributes(model),
      [ATTRIBUTE.modelRole]: role,
      [ATTRIBUTE.inputCharacters]: text.length,
      ...(captureText && { [ATTRIBUTE.inputText]: text }),
    };
    return tracer.startSpan(SPAN.classify, { startTime, attributes }, parent);
  }

  function checkLength(text: string, name: string): void {
    if (text.length <= maxTextCharacters) return;
    throw new Problem(
      'text-too-long',
      `${name} has ${text.length} characters; at most ${maxTextCharacters} are allowed.`,
    );
  }

  return {
    predict(model, text, { explain = false, role = 'named' } = {}) {
      checkLength(text, '"text"');
      return predictOne(model, text, { steps: true, explain, role });
    },
    predictBatch(model, texts, role = 'named') {
      texts.forEach((text, i) => {
        checkLength(text, `"texts[${i}]"`);
      });
      return texts.map((text) => predictOne(model, text, { steps: false, explain: false, role }));
    },
  };
}

function classify({ classifier }: Model, text: string): Timed {
  const started = performance.now();
  const tokens = classifier.tokenize(text);
  const tokenized = performance.now();
  const scores = classifier.score(tokens);
  return { tokens, scores, started, tokenized, scored: performance.now() };
}

function modelAttributes({ name, version }: Model): Attributes {
  return { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.modelVersion]: version };
}
