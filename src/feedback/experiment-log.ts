import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Model } from '../models/store.ts';
import type { TrialRecorder } from '../predictions/experiment-recorder.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { durationBucket, durationBuckets } from './duration-buckets.ts';
import {
  failedBucket,
  type LabelPair,
  type MinuteCount,
  minuteOf,
  type ShadowLabel,
  type Trial,
  type Use,
} from './experiment.ts';
import type { TrialStore } from './feedback-store.ts';

/** For how long news comes together before it is handed on. A crash of the process loses that much. */
const TOGETHER_MS = 1_000;
/** So many labels may come together; what is beyond them is not kept. */
const MAX_LABELS = 20_000;
const QUIET_MS = 60_000;

/** A recorder that hands on what it takes down, all of a second at once. */
export interface TrialLog extends TrialRecorder {
  /** Resolves when all that was taken down is handed on. */
  flush(): Promise<void>;
}

/** Of one version in one use: how many took how long, and the sum of their confidences; failures in the last place. */
interface Tally {
  readonly counts: Uint32Array;
  readonly confidences: Float64Array;
}

/** Takes down what versions do, for the store that all processes of this machine share. */
export function createTrialLog(store: Pick<TrialStore, 'keep'>, log: Log): TrialLog {
  const tallies = { answer: new Map<Model, Tally>(), shadow: new Map<Model, Tally>() };
  const pairs = new Map<string, Trial & LabelPair>();
  let labels: ShadowLabel[] = [];
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> | undefined;
  let quietUntil = Number.NEGATIVE_INFINITY;

  function count(model: Model, use: Use, at: number, confidence: number): void {
    let tally = tallies[use].get(model);
    if (!tally) {
      tally = { counts: new Uint32Array(durationBuckets + 1), confidences: new Float64Array(durationBuckets + 1) };
      tallies[use].set(model, tally);
    }
    tally.counts[at]! += 1;
    tally.confidences[at]! += confidence;
    timer ??= setTimeout(() => void flush(), TOGETHER_MS).unref();
  }

  function countPair(model: string, active: string, shadow: string, activeLabel: string, shadowLabel: string): void {
    const key = JSON.stringify([model, active, shadow, activeLabel, shadowLabel]);
    const known = pairs.get(key);
    pairs.set(key, { model, active, shadow, activeLabel, shadowLabel, count: (known?.count ?? 0) + 1 });
  }

  function takeMinutes(): MinuteCount[] {
    const minute = minuteOf(Date.now());
    const rows: MinuteCount[] = [];
    for (const use of ['answer', 'shadow'] as const) {
      for (const [{ name: model, version }, { counts, confidences }] of tallies[use]) {
        for (const [at, count] of counts.entries()) {
          if (count === 0) continue;
          const bucket = at === durationBuckets ? failedBucket : at;
          rows.push({ model, version, use, minute, bucket, count, confidence: confidences[at]! });
        }
      }
      tallies[use].clear();
    }
    return rows;
  }

  /** One at a time: where the store is slow, what comes meanwhile is in the next. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    await underWay;
    const news = { labels, pairs: [...pairs.values()], minutes: takeMinutes() };
    if (news.labels.length === 0 && news.minutes.length === 0) return;
    labels = [];
    pairs.clear();
    underWay = store.keep(news).catch(report);
    await underWay;
  }

  function report(error: unknown): void {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + QUIET_MS;
    log.warn('trial not kept', exceptionAttributes(error), ROOT_CONTEXT);
  }

  return {
    answered(model, seconds, confidence) {
      count(model, 'answer', durationBucket(seconds), confidence);
    },
    failed(model, use) {
      count(model, use, durationBuckets, 0);
    },
    shadowed({ id, predictedAt, active, activeLabel, shadow, shadowLabel, confidence, seconds }) {
      count(shadow, 'shadow', durationBucket(seconds), confidence);
      countPair(active.name, active.version, shadow.version, activeLabel, shadowLabel);
      if (labels.length < MAX_LABELS) labels.push({ id, predictedAt, version: shadow.version, label: shadowLabel });
    },
    flush,
  };
}
