import type { SlotCount } from '../../feedback/database/experiment.ts';
import { type HourOfLabels, hourOf } from '../../feedback/database/feedback.ts';
import { versionKeyOf } from '../../feedback/experiment-log.ts';
import type { FeedbackStore } from '../../feedback/feedback-store.ts';
import type { AnsweringRole } from '../../models/routing.ts';
import type { ModelVersion } from '../../models/store.ts';
import type { ArmHour, Reports } from './evidence.ts';

/** The predictions of a version in one role, and their labels. */
export interface Arm {
  readonly hours: readonly ArmHour[];
  readonly reports: Reports;
}

/** The period of an arm, in milliseconds since the epoch. */
export interface Period {
  readonly since: number;
  readonly until?: number;
}

/**
 * Reads the predictions of a version in one role and period, and their labels, by the hour of the *prediction*. So a label
 * that comes late counts in the hour of its prediction, and requests that named the version count for no comparison.
 */
export async function readArm(
  model: ModelVersion,
  role: AnsweringRole,
  { since, until }: Period,
  store: Pick<FeedbackStore, 'hours' | 'experiments'>,
): Promise<Arm> {
  const key = versionKeyOf(model);
  const [labels, slots] = await Promise.all([
    store.hours({ ...key, role, since, until }),
    store.experiments.slots({ ...key, role, kind: 'confidence', since }),
  ]);
  return combine(labels, until === undefined ? slots : slots.filter(({ slot }) => slot < until));
}

function combine(labels: readonly HourOfLabels[], slots: readonly SlotCount[]): Arm {
  const hours = new Map<number, { hour: number; all: Mutable; asked: Mutable }>();
  const reports = { predictions: 0, objections: 0 };
  const at = (hour: number) => {
    const known = hours.get(hour) ?? { hour, all: noCounts(), asked: noCounts() };
    hours.set(hour, known);
    return known;
  };
  for (const { slot, asked, count } of slots) {
    const hour = at(hourOf(slot));
    hour.all.due += count;
    if (asked) hour.asked.due += count;
    reports.predictions += count;
  }
  for (const { hour, asked, count, correct, objections } of labels) {
    for (const counts of asked ? [at(hour).all, at(hour).asked] : [at(hour).all]) {
      counts.count += count;
      counts.correct += correct;
    }
    reports.objections += objections;
  }
  return { hours: [...hours.values()].sort((a, b) => a.hour - b.hour), reports };
}

interface Mutable {
  due: number;
  count: number;
  correct: number;
}

function noCounts(): Mutable {
  return { due: 0, count: 0, correct: 0 };
}
