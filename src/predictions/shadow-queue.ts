import { type Attributes, type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import type { DriftMonitor } from '../drift/drift-monitor.ts';
import type { Model } from '../models/store.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL } from '../telemetry/names.ts';
import { createCpuBudget } from './cpu-budget.ts';
import type { TrialRecorder } from './experiment-recorder.ts';

/** The share of a core that all shadows of a process may take together. */
const CPU_SHARE = 0.2;
/** For how long shadows score before whatever else has come in gets its turn. */
const TURN_MS = 0.5;
/** So much may wait: a batch of the largest size, or a few texts of the greatest length. */
const MAX_WAITING = 1_024;
const MAX_WAITING_CHARACTERS = 4_000_000;
const QUIET_MS = 60_000;

/** A text that was answered, and that a shadow is to score too. */
export interface ShadowJob {
  readonly active: Model;
  readonly shadow: Model;
  readonly text: string;
  /** The prediction that was answered. */
  readonly id: string;
  readonly predictedAt: number;
  readonly label: string;
  /** Its `classify` span, which ends when the shadow has scored, with the time at which it was answered. */
  readonly span: Span;
  readonly endTime: number;
  readonly scope: Context;
}

/** Scores texts by shadows when their answers are on the way. */
export interface ShadowQueue {
  /** Takes a text, and with it the duty to end its span; false where it does not fit, and nothing was taken. */
  offer(job: ShadowJob): boolean;
  /** Scores what still waits, whatever the budget: for so long at most, and gives up the rest. */
  drain(milliseconds: number): void;
}

export interface ShadowQueueOptions {
  readonly instruments: Instruments;
  readonly log: Log;
  readonly driftMonitor: Pick<DriftMonitor, 'observe'>;
  readonly recorder: TrialRecorder;
  readonly cpuShare?: number;
}

/** Why a shadow did not score a text. */
const reasons = ['budget', 'queue', 'failed'] as const;
type Reason = (typeof reasons)[number];

/**
 * One queue for all shadows of a process. It is worked off a little in each round of the event loop, after what came in from
 * sockets, and skips what would take more of the processor than its share: a shadow that is slow makes nobody wait.
 */
export function createShadowQueue({
  instruments,
  log,
  driftMonitor,
  recorder,
  cpuShare = CPU_SHARE,
}: ShadowQueueOptions): ShadowQueue {
  const budget = createCpuBudget(cpuShare);
  let waiting: ShadowJob[] = [];
  let characters = 0;
  let isSet = false;
  let quietUntil = Number.NEGATIVE_INFINITY;
  const counted = new WeakSet<Model>();

  /** Counts from 0 on: Prometheus takes the first that it sees of a counter for its beginning. */
  function beginToCount(shadow: Model): void {
    counted.add(shadow);
    for (const reason of reasons) instruments.shadowSkipped.add(0, { ...labelsOf(shadow), [LABEL.reason]: reason });
  }

  function skip({ shadow }: ShadowJob, reason: Reason): void {
    instruments.shadowSkipped.add(1, { ...labelsOf(shadow), [LABEL.reason]: reason });
  }

  function giveUp(): void {
    for (const job of waiting) {
      skip(job, 'budget');
      job.span.end(job.endTime);
    }
    waiting = [];
    characters = 0;
  }

  function scoreNext(): void {
    const job = waiting.shift()!;
    characters -= job.text.length;
    try {
      job.span.setAttributes(score(job));
    } catch (error) {
      skip(job, 'failed');
      recorder.failed(job.shadow, 'shadow');
      report(job, error);
    }
    job.span.end(job.endTime);
  }

  function score({ active, shadow, text, label, id, predictedAt, scope }: ShadowJob): Attributes {
    const started = performance.now();
    const tokens = shadow.classifier.tokenize(text);
    const scores = shadow.classifier.score(tokens);
    const seconds = (performance.now() - started) / 1000;
    const { unknownRatio } = tokens;
    const { label: shadowLabel, confidence } = scores;
    const agrees = shadowLabel === label;
    const labels = labelsOf(shadow);
    instruments.shadowPredictions.add(1, { ...labels, [LABEL.label]: label, [LABEL.agrees]: String(agrees) }, scope);
    instruments.shadowDuration.record(seconds, labels, scope);
    instruments.shadowConfidence.record(confidence, labels, scope);
    driftMonitor.observe(shadow, { label: shadowLabel, confidence, characters: text.length, unknownRatio });
    recorder.shadowed({ id, predictedAt, active, activeLabel: label, shadow, shadowLabel, confidence, seconds });
    return {
      [ATTRIBUTE.shadowVersion]: shadow.version,
      [ATTRIBUTE.shadowLabel]: shadowLabel,
      [ATTRIBUTE.shadowConfidence]: confidence,
      [ATTRIBUTE.shadowAgrees]: agrees,
    };
  }

  function report({ active, shadow }: ShadowJob, error: unknown): void {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + QUIET_MS;
    const attributes = {
      [ATTRIBUTE.modelName]: active.name,
      [ATTRIBUTE.modelVersion]: active.version,
      [ATTRIBUTE.shadowVersion]: shadow.version,
      ...exceptionAttributes(error),
    };
    log.warn('shadow failed', attributes, ROOT_CONTEXT);
  }

  function takeTurn(): void {
    isSet = false;
    let now = performance.now();
    const ends = now + TURN_MS;
    while (waiting.length > 0 && now < ends) {
      if (budget.isSpent(now)) {
        giveUp();
        return;
      }
      scoreNext();
      const then = now;
      now = performance.now();
      budget.spend(now - then, now);
    }
    if (waiting.length > 0) setTurn();
  }

  function setTurn(): void {
    if (isSet) return;
    isSet = true;
    setImmediate(takeTurn);
  }

  return {
    offer(job) {
      if (!counted.has(job.shadow)) beginToCount(job.shadow);
      const isFull = waiting.length >= MAX_WAITING || characters + job.text.length > MAX_WAITING_CHARACTERS;
      if (isFull || budget.isSpent(performance.now())) {
        skip(job, isFull ? 'queue' : 'budget');
        return false;
      }
      waiting.push(job);
      characters += job.text.length;
      setTurn();
      return true;
    },

    drain(milliseconds) {
      const ends = performance.now() + milliseconds;
      while (waiting.length > 0 && performance.now() < ends) scoreNext();
      giveUp();
    },
  };
}

function labelsOf({ name, version }: Model) {
  return { [LABEL.model]: name, [LABEL.version]: version };
}
