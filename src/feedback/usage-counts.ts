import type { Model } from '../models/store.ts';
import { artefactOf } from '../predictions/prediction-id.ts';
import { FAILED_BUCKET, type MinuteCount, minuteOf, type SlotCount, type UsageRole } from './database/experiment.ts';
import { binOf, hourOf } from './database/feedback.ts';
import { DURATION_BUCKETS, durationBucket } from './duration-buckets.ts';

const HOUR_MS = 3_600_000;
const CONFIDENCE_BINS = 10;

/** The texts that the versions of this process scored and that are not saved yet. All methods run within requests. */
export interface UsageCounts {
  /**
   * Counts a text.
   *
   * @param seconds the time to score it, or undefined if the version failed
   * @param now the time of the prediction in milliseconds
   */
  add(
    model: Model,
    role: UsageRole,
    seconds: number | undefined,
    confidence: number,
    now: number,
    asked: boolean,
  ): void;
  /** Starts a new slot of a model, because its roles change. */
  startSlot(name: string, at: number): void;
  /** Returns all counts since the last call. */
  take(): { minutes: MinuteCount[]; slots: SlotCount[] };
}

/** The counts of one version in one role since the last save. The last element of the durations holds failures. */
interface Counts {
  readonly model: Model;
  readonly role: UsageRole;
  readonly durations: Uint32Array;
  readonly confidences: Float64Array;
  readonly bins: Uint32Array;
  readonly askedBins: Uint32Array;
}

/** Creates counts. A slot is an hour, or the part of an hour since the roles of the model changed. */
export function createUsageCounts(): UsageCounts {
  const byRole: Record<UsageRole, Map<Model, Counts>> = {
    active: new Map(),
    canary: new Map(),
    named: new Map(),
    shadow: new Map(),
  };
  const changedAt = new Map<string, number>();
  let minutes: MinuteCount[] = [];
  let slots: SlotCount[] = [];
  /** The time of the last text, and the hour of all counts that are not in `slots` yet. */
  let lastTime = 0;
  let hour = 0;

  function create(model: Model, role: UsageRole): Counts {
    const created = {
      model,
      role,
      durations: new Uint32Array(DURATION_BUCKETS + 1),
      confidences: new Float64Array(DURATION_BUCKETS + 1),
      bins: new Uint32Array(CONFIDENCE_BINS),
      askedBins: new Uint32Array(CONFIDENCE_BINS),
    };
    byRole[role].set(model, created);
    return created;
  }

  /** Moves the counts of one model, or of all models, into rows of the current slot. */
  function closeSlot(name?: string): void {
    for (const versions of Object.values(byRole)) {
      for (const [model, counts] of versions) {
        if (name !== undefined && model.name !== name) continue;
        // The clock may have been set back since the change: then the hour is the slot.
        const change = changedAt.get(model.name) ?? 0;
        const slot = hourOf(change) === hour ? change : hour * HOUR_MS;
        slots.push(...slotCounts(counts, slot));
        minutes.push(...minuteCounts(counts, minuteOf(lastTime)));
        versions.delete(model);
      }
    }
  }

  return {
    add(model, role, seconds, confidence, now, asked) {
      const current = hourOf(now);
      if (current !== hour) {
        closeSlot();
        hour = current;
      }
      lastTime = now;
      const { durations, confidences, bins, askedBins } = byRole[role].get(model) ?? create(model, role);
      if (seconds === undefined) {
        durations[DURATION_BUCKETS]! += 1;
        return;
      }
      const bucket = durationBucket(seconds);
      durations[bucket]! += 1;
      confidences[bucket]! += confidence;
      (asked ? askedBins : bins)[binOf(confidence)]! += 1;
    },

    startSlot(name, at) {
      closeSlot(name);
      changedAt.set(name, at);
    },

    take() {
      closeSlot();
      const taken = { minutes, slots };
      minutes = [];
      slots = [];
      return taken;
    },
  };
}

function minuteCounts(
  { model: { name: model, version }, role, durations, confidences }: Counts,
  minute: number,
): MinuteCount[] {
  const rows: MinuteCount[] = [];
  for (const [index, count] of durations.entries()) {
    if (count === 0) continue;
    const bucket = index === DURATION_BUCKETS ? FAILED_BUCKET : index;
    const use = role === 'shadow' ? 'shadow' : 'answer';
    rows.push({ model, version, use, minute, bucket, count, confidence: confidences[index]! });
  }
  return rows;
}

function slotCounts({ model, role, durations, bins, askedBins }: Counts, slot: number): SlotCount[] {
  const artefact = artefactOf(model.manifest.weights.sha256);
  const version = { model: model.name, version: model.version, artefact, role, slot };
  const rows: SlotCount[] = [];
  for (const [index, count] of durations.entries()) {
    const bin = index === DURATION_BUCKETS ? FAILED_BUCKET : index;
    if (count > 0) rows.push({ ...version, kind: 'duration', bin, asked: false, count });
  }
  for (const [counts, asked] of [
    [bins, false],
    [askedBins, true],
  ] as const) {
    for (const [bin, count] of counts.entries()) {
      if (count > 0) rows.push({ ...version, kind: 'confidence', bin, asked, count });
    }
  }
  return rows;
}
