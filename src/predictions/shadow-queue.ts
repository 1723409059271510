import { type Attributes, context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Model } from '../models/store.ts';
import { classifyNow } from '../runtimes/linear.ts';
import { type DeferredClassifier, isDeferred, type TimedClassification } from '../runtimes/runtime.ts';
import { exceptionAttributes } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL } from '../telemetry/names.ts';
import { createCpuBudget, createPolicyBudgets } from './shadow-budgets.ts';
import type { ShadowJob, ShadowQueueOptions } from './shadow-job.ts';

/** The share of one core that all shadows of a process may use together. */
const CPU_SHARE = 0.2;
/** The longest time in milliseconds that shadows score before other work gets a turn. */
const TURN_MS = 0.5;
/** The limits of the queue: a batch of the largest size, or a few texts of the greatest length. */
const MAX_WAITING = 1_024;
const MAX_WAITING_CHARACTERS = 4_000_000;
/** The maximum number of texts that an encoder scores for shadows at the same time, so that requests do not wait long. */
const MAX_DEFERRED = 4;
/** The same for texts at endpoints. Further texts are skipped: an endpoint that hangs must not stop other shadows. */
const MAX_REMOTE = 8;
const WARNING_INTERVAL_MS = 60_000;

/** A queue of texts that shadows score after the answers are sent. */
export interface ShadowQueue {
  /**
   * Adds a text.
   *
   * @returns true if the queue will end the span of the text, or false if the text exceeds a limit or is not in the share, and is
   *   not added
   */
  offer(job: ShadowJob): boolean;
  /** Scores waiting texts without a budget for a limited time, and discards the others. */
  drain(milliseconds: number): void;
}

/** The reasons why a shadow did not score a text. */
const SKIP_REASONS = ['budget', 'queue', 'failed'] as const;
type SkipReason = (typeof SKIP_REASONS)[number];

/**
 * Creates the queue for all shadows of a process. It scores for a short time in each round of the event loop, after the
 * events of sockets. It skips texts above its CPU share, so that a slow shadow does not delay requests.
 */
export function createShadowQueue({
  instruments,
  log,
  driftMonitor,
  recorder,
  memory,
  cpuShare = CPU_SHARE,
  budgetOf = () => undefined,
}: ShadowQueueOptions): ShadowQueue {
  const budget = createCpuBudget(cpuShare);
  const policyBudgets = createPolicyBudgets(budgetOf);
  let waiting: ShadowJob[] = [];
  let characters = 0;
  let isScheduled = false;
  let deferred = 0;
  let remote = 0;
  let silentUntil = Number.NEGATIVE_INFINITY;
  const initialized = new WeakSet<Model>();

  /** Sets the counters to 0, because Prometheus uses the first value of a counter as its baseline. */
  function initializeCounters(shadow: Model): void {
    initialized.add(shadow);
    for (const reason of SKIP_REASONS) {
      instruments.shadowSkipped.add(0, { ...labelsOf(shadow), [LABEL.reason]: reason });
    }
  }

  function skip({ shadow }: ShadowJob, reason: SkipReason): void {
    instruments.shadowSkipped.add(1, { ...labelsOf(shadow), [LABEL.reason]: reason });
  }

  function discardWaiting(): void {
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
    const { classifier } = job.shadow;
    if (isDeferred(classifier)) {
      void (classifier.isRemote ? scoreElsewhere(job, classifier) : scoreLater(job, classifier));
      return;
    }
    try {
      job.span.setAttributes(record(job, classifyNow(classifier, job.text)));
    } catch (error) {
      fail(job, error);
    }
    job.span.end(job.endTime);
  }

  /** Scores on another thread. Its CPU time counts for the budget too. */
  async function scoreLater(job: ShadowJob, classifier: DeferredClassifier): Promise<void> {
    deferred += 1;
    const classify = () => classifier.classify(job.text);
    await scoreBy(job, classify, ({ encoding }) => {
      if (!encoding) return;
      budget.spend((encoding.encoded - encoding.tokenizeStarted) / encoding.batchSize, performance.now());
    });
    deferred -= 1;
    if (waiting.length > 0) scheduleTurn();
  }

  /** Lets an endpoint score. It continues the trace of the prediction. */
  async function scoreElsewhere(job: ShadowJob, classifier: DeferredClassifier): Promise<void> {
    if (remote >= MAX_REMOTE) {
      skip(job, 'queue');
      job.span.end(job.endTime);
      return;
    }
    remote += 1;
    const classify = () => context.with(job.scope, () => classifier.classify(job.text));
    await scoreBy(job, classify, ({ cost = 0 }) => policyBudgets.spend(job.shadow, cost, performance.now()));
    remote -= 1;
  }

  /** Records a score that takes time, and its cost. */
  async function scoreBy(
    job: ShadowJob,
    classify: () => ReturnType<DeferredClassifier['classify']>,
    spend: (classification: TimedClassification) => void,
  ): Promise<void> {
    try {
      const classification = await classify();
      spend(classification);
      job.span.setAttributes(record(job, classification));
    } catch (error) {
      fail(job, error);
    }
    job.span.end(job.endTime);
  }

  function fail(job: ShadowJob, error: unknown): void {
    skip(job, 'failed');
    recorder.recordFailure(job.shadow, 'shadow', Date.now());
    warn(job, error);
  }

  function record(
    { active, shadow, text, label, id, row, predictedAt, asked, scope }: ShadowJob,
    { tokens, scores, started, scored }: TimedClassification,
  ): Attributes {
    const seconds = (scored - started) / 1000;
    const { unknownRatio } = tokens;
    const { label: shadowLabel, confidence } = scores;
    const agrees = shadowLabel === label;
    const labels = labelsOf(shadow);
    instruments.shadowPredictions.add(1, { ...labels, [LABEL.label]: label, [LABEL.agrees]: String(agrees) }, scope);
    instruments.shadowDuration.record(seconds, labels, scope);
    instruments.shadowConfidence.record(confidence, labels, scope);
    driftMonitor.observe(shadow, { label: shadowLabel, confidence, characters: text.length, unknownRatio });
    if (row !== 0) memory?.recordShadow(row, shadow.version, shadowLabel);
    recorder.recordShadowResult({
      id,
      predictedAt,
      active,
      activeLabel: label,
      shadow,
      shadowLabel,
      confidence,
      seconds,
      asked,
    });
    return {
      [ATTRIBUTE.shadowVersion]: shadow.version,
      [ATTRIBUTE.shadowLabel]: shadowLabel,
      [ATTRIBUTE.shadowConfidence]: confidence,
      [ATTRIBUTE.shadowAgrees]: agrees,
    };
  }

  function warn({ active, shadow }: ShadowJob, error: unknown): void {
    const now = performance.now();
    if (now < silentUntil) return;
    silentUntil = now + WARNING_INTERVAL_MS;
    const attributes = {
      [ATTRIBUTE.modelName]: active.name,
      [ATTRIBUTE.modelVersion]: active.version,
      [ATTRIBUTE.shadowVersion]: shadow.version,
      ...exceptionAttributes(error),
    };
    log.warn('shadow failed', attributes, ROOT_CONTEXT);
  }

  function runTurn(): void {
    isScheduled = false;
    let now = performance.now();
    const endsAt = now + TURN_MS;
    while (waiting.length > 0 && deferred < MAX_DEFERRED && now < endsAt) {
      if (budget.isSpent(now)) {
        discardWaiting();
        return;
      }
      scoreNext();
      const startedAt = now;
      now = performance.now();
      budget.spend(now - startedAt, now);
    }
    // A text that an encoder has scored schedules the next turn.
    if (waiting.length > 0 && deferred < MAX_DEFERRED) scheduleTurn();
  }

  function scheduleTurn(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(runTurn);
  }

  return {
    offer(job) {
      if (!initialized.has(job.shadow)) initializeCounters(job.shadow);
      const now = performance.now();
      const permission = policyBudgets.check(job.shadow, now);
      if (permission === 'not chosen') return false;
      const isFull = waiting.length >= MAX_WAITING || characters + job.text.length > MAX_WAITING_CHARACTERS;
      if (isFull || permission === 'spent' || budget.isSpent(now)) {
        skip(job, isFull ? 'queue' : 'budget');
        return false;
      }
      waiting.push(job);
      characters += job.text.length;
      scheduleTurn();
      return true;
    },

    drain(milliseconds) {
      const endsAt = performance.now() + milliseconds;
      while (waiting.length > 0 && deferred < MAX_DEFERRED && performance.now() < endsAt) scoreNext();
      discardWaiting();
    },
  };
}

function labelsOf({ name, version }: Model) {
  return { [LABEL.model]: name, [LABEL.version]: version };
}
