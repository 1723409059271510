import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { ModelVersion } from '../models/store.ts';
import type { ExperimentRecorder, ShadowResult } from '../predictions/experiment-recorder.ts';
import { artefactOf } from '../predictions/prediction-id.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import type { Experiment, LabelPair, ShadowLabel, SlotPair, WaitingReview } from './database/experiment.ts';
import { hourOf } from './database/feedback.ts';
import type { ExperimentStore } from './database/store-messages.ts';
import { createUsageCounts } from './usage-counts.ts';

/** The time in milliseconds that records are collected before a save. A crash of the process loses these records. */
const FLUSH_INTERVAL_MS = 1_000;
/** The maximum number of labels, and of reviews, in one batch. Further ones are dropped. */
const MAX_LABELS = 20_000;
const WARNING_INTERVAL_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A recorder that saves its records once a second. */
export interface ExperimentLog extends ExperimentRecorder {
  /** Separates the records from before and after a change of a model's roles. */
  startSlot(model: string, at: number): void;
  /** Resolves when all records are saved, or the attempt has failed and is logged. */
  flush(): Promise<void>;
}

/** Creates a log of experiments that saves into the store shared by all processes on this machine. */
export function createExperimentLog(store: Pick<ExperimentStore, 'save'>, log: Log): ExperimentLog {
  const usage = createUsageCounts();
  const pairs = new Map<string, Experiment & LabelPair>();
  const slotPairs = new Map<string, SlotPair>();
  let labels: ShadowLabel[] = [];
  let reviews: WaitingReview[] = [];
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> | undefined;
  let silentUntil = Number.NEGATIVE_INFINITY;

  function schedule(): void {
    timer ??= setTimeout(() => void flush(), FLUSH_INTERVAL_MS).unref();
  }

  function countPair({ active, activeLabel, shadow, shadowLabel, predictedAt, asked }: ShadowResult): void {
    const experiment = experimentOf(active, shadow);
    const key = JSON.stringify([experiment, activeLabel, shadowLabel]);
    const known = pairs.get(key);
    pairs.set(key, { ...experiment, activeLabel, shadowLabel, count: (known?.count ?? 0) + 1 });
    const slot = hourOf(predictedAt) * HOUR_MS;
    const agrees = activeLabel === shadowLabel;
    const slotKey = JSON.stringify([experiment, slot, asked, agrees]);
    const count = (slotPairs.get(slotKey)?.count ?? 0) + 1;
    slotPairs.set(slotKey, { ...experiment, slot, asked, agrees, count });
  }

  /** Saves one batch at a time. If the store is slow, new records wait for the next batch. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    await saving;
    const batch = { labels, reviews, pairs: [...pairs.values()], slotPairs: [...slotPairs.values()], ...usage.take() };
    if (labels.length === 0 && batch.slots.length === 0 && reviews.length === 0) return;
    labels = [];
    reviews = [];
    pairs.clear();
    slotPairs.clear();
    saving = store.save(batch).catch(warn);
    await saving;
  }

  function warn(error: unknown): void {
    const now = performance.now();
    if (now < silentUntil) return;
    silentUntil = now + WARNING_INTERVAL_MS;
    log.warn('experiment data not stored', exceptionAttributes(error), ROOT_CONTEXT);
  }

  return {
    recordAnswer(model, role, seconds, confidence, predictedAt, asked) {
      usage.add(model, role, seconds, confidence, predictedAt, asked);
      schedule();
    },
    recordReview(model, id, predictedAt, label, confidence) {
      if (reviews.length >= MAX_LABELS) return;
      reviews.push({ ...versionKeyOf(model), id, predictedAt, label, confidence });
    },
    recordFailure(model, role, now) {
      usage.add(model, role, undefined, 0, now, false);
      schedule();
    },
    recordShadowResult(result) {
      const { id, predictedAt, shadow, shadowLabel: label, confidence, seconds } = result;
      usage.add(shadow, 'shadow', seconds, confidence, predictedAt, false);
      countPair(result);
      const { version, artefact } = versionKeyOf(shadow);
      if (labels.length < MAX_LABELS) labels.push({ id, predictedAt, version, artefact, label });
      schedule();
    },
    startSlot: usage.startSlot,
    flush,
  };
}

/** Returns the key of a version's evidence. */
export function versionKeyOf({ name, version, manifest }: ModelVersion) {
  return { model: name, version, artefact: artefactOf(manifest.weights.sha256) };
}

/** Returns the key of the evidence about a shadow. */
export function experimentOf(active: ModelVersion, shadow: ModelVersion): Experiment {
  const [one, other] = [versionKeyOf(active), versionKeyOf(shadow)];
  return {
    model: one.model,
    active: one.version,
    activeArtefact: one.artefact,
    shadow: other.version,
    shadowArtefact: other.artefact,
  };
}
