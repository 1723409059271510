import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Model } from '../models/store.ts';
import type { ExperimentRecorder } from '../predictions/shadow-queue.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { DURATION_BUCKETS, durationBucket } from './duration-buckets.ts';
import {
  type Experiment,
  FAILED_BUCKET,
  type LabelPair,
  type MinuteCount,
  minuteOf,
  type ShadowLabel,
  type VersionUse,
} from './database/experiment.ts';
import type { ExperimentStore } from './feedback-store.ts';

/** The time in milliseconds that records are collected before a save. A crash of the process loses these records. */
const FLUSH_INTERVAL_MS = 1_000;
/** The maximum number of labels in one batch. Further labels are dropped. */
const MAX_LABELS = 20_000;
const WARNING_INTERVAL_MS = 60_000;

/** A recorder that saves its records once a second. */
export interface ExperimentLog extends ExperimentRecorder {
  /** Resolves when all records are saved, or the attempt has failed and is logged. */
  flush(): Promise<void>;
}

/**
 * The counts and the sums of confidences of one version in one use, by duration bucket. The last element holds
 * failures.
 */
interface BucketCounts {
  readonly counts: Uint32Array;
  readonly confidences: Float64Array;
}

/** Creates a log of experiments that saves into the store shared by all processes on this machine. */
export function createExperimentLog(store: Pick<ExperimentStore, 'save'>, log: Log): ExperimentLog {
  const countsByUse = { answer: new Map<Model, BucketCounts>(), shadow: new Map<Model, BucketCounts>() };
  const pairs = new Map<string, Experiment & LabelPair>();
  let labels: ShadowLabel[] = [];
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> | undefined;
  let silentUntil = Number.NEGATIVE_INFINITY;

  function count(model: Model, use: VersionUse, index: number, confidence: number): void {
    let bucketCounts = countsByUse[use].get(model);
    if (!bucketCounts) {
      bucketCounts = {
        counts: new Uint32Array(DURATION_BUCKETS + 1),
        confidences: new Float64Array(DURATION_BUCKETS + 1),
      };
      countsByUse[use].set(model, bucketCounts);
    }
    bucketCounts.counts[index]! += 1;
    bucketCounts.confidences[index]! += confidence;
    timer ??= setTimeout(() => void flush(), FLUSH_INTERVAL_MS).unref();
  }

  function countPair(model: string, active: string, shadow: string, activeLabel: string, shadowLabel: string): void {
    const key = JSON.stringify([model, active, shadow, activeLabel, shadowLabel]);
    const known = pairs.get(key);
    pairs.set(key, { model, active, shadow, activeLabel, shadowLabel, count: (known?.count ?? 0) + 1 });
  }

  function takeMinuteCounts(): MinuteCount[] {
    const minute = minuteOf(Date.now());
    const rows: MinuteCount[] = [];
    for (const use of ['answer', 'shadow'] as const) {
      for (const [{ name: model, version }, { counts, confidences }] of countsByUse[use]) {
        for (const [index, count] of counts.entries()) {
          if (count === 0) continue;
          const bucket = index === DURATION_BUCKETS ? FAILED_BUCKET : index;
          rows.push({ model, version, use, minute, bucket, count, confidence: confidences[index]! });
        }
      }
      countsByUse[use].clear();
    }
    return rows;
  }

  /** Saves one batch at a time. If the store is slow, new records wait for the next batch. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    await saving;
    const batch = { labels, pairs: [...pairs.values()], minutes: takeMinuteCounts() };
    if (batch.labels.length === 0 && batch.minutes.length === 0) return;
    labels = [];
    pairs.clear();
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
    recordAnswer(model, seconds, confidence) {
      count(model, 'answer', durationBucket(seconds), confidence);
    },
    recordFailure(model, use) {
      count(model, use, DURATION_BUCKETS, 0);
    },
    recordShadowResult({ id, predictedAt, active, activeLabel, shadow, shadowLabel, confidence, seconds }) {
      count(shadow, 'shadow', durationBucket(seconds), confidence);
      countPair(active.name, active.version, shadow.version, activeLabel, shadowLabel);
      if (labels.length < MAX_LABELS) labels.push({ id, predictedAt, version: shadow.version, label: shadowLabel });
    },
    flush,
  };
}
