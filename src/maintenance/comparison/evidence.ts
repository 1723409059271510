import { evidenceOfBetter, evidenceOfShareAbove } from '../../classifier/statistics/binomial-tests.ts';
import { evidenceOfGreater, type Tally } from '../../classifier/statistics/two-proportions.ts';
import type { HourOfPairs } from '../../feedback/database/experiment.ts';

/**
 * The evidence about a version against another one, as e-values that are valid for any number of evaluations. `better` and
 * `worse` use the labels as they are: they are valid if the labels are a fair sample. `provenBetter` and `provenWorse` need no
 * assumption about the labels: each missing label counts against the claim.
 */
export interface Evidence {
  readonly better: number;
  readonly worse: number;
  readonly provenBetter: number;
  readonly provenWorse: number;
  readonly coverage: Coverage;
}

/** The labels from `truth` and `review` that exist, of those that there could be. */
export interface Coverage {
  /** The number of predictions; of two versions on the same texts, those with two different labels. */
  readonly due: number;
  readonly labelled: number;
  /** The number of predictions that were picked for review, and of those with a label. */
  readonly asked: number;
  readonly reviewed: number;
}

/** The labels of one version in one hour of predictions. */
export interface ArmHour {
  readonly hour: number;
  /** All predictions. */
  readonly all: ArmCounts;
  /** The predictions that were picked for review. */
  readonly asked: ArmCounts;
}

interface ArmCounts extends Tally {
  /** The number of predictions. */
  readonly due: number;
}

/** The share of labels that must exist for an hour to count as complete. */
const COMPLETE_SHARE = 0.95;

const NO_COUNTS: ArmCounts = { due: 0, count: 0, correct: 0 };

/**
 * Measures the evidence about a shadow. Only texts with two different labels can show a difference, so only their missing
 * labels matter.
 *
 * The proven evidence is the mean of two e-values: one over all predictions, one over those that were picked for review. It
 * is computed for all hours, and for the hours up to the last complete one: late labels are missing in the last hours only. A
 * choice between the two is allowed, because the evidence reaches 1/alpha at *any* time with a probability of at most alpha.
 */
export function evidenceOfPairs(hours: readonly HourOfPairs[]): Evidence {
  const all = sumPairs(hours);
  const asked = sumPairs(hours.filter((hour) => hour.asked));
  const prefixes = prefixesOf(hours, ({ due, labelled }) => labelled >= COMPLETE_SHARE * due, sumPairs);
  const proven = (claim: (counts: PairSums) => number) =>
    Math.max(
      ...prefixes.map((prefix) => {
        const asked = sumPairs(prefix.filter((hour) => hour.asked));
        return (claim(sumPairs(prefix)) + claim(asked)) / 2;
      }),
    );
  return {
    better: evidenceOfBetter(all.onlyActive, all.onlyShadow),
    worse: evidenceOfBetter(all.onlyShadow, all.onlyActive),
    provenBetter: proven(({ onlyActive, onlyShadow, missing }) => evidenceOfBetter(onlyActive + missing, onlyShadow)),
    provenWorse: proven(({ onlyActive, onlyShadow, missing }) => evidenceOfBetter(onlyShadow + missing, onlyActive)),
    coverage: { due: all.due, labelled: all.labelled, asked: asked.due, reviewed: asked.labelled },
  };
}

interface PairSums {
  readonly due: number;
  readonly labelled: number;
  readonly missing: number;
  readonly onlyActive: number;
  readonly onlyShadow: number;
}

function sumPairs(hours: readonly HourOfPairs[]): PairSums {
  const sums = { due: 0, labelled: 0, onlyActive: 0, onlyShadow: 0 };
  for (const { disagreements, onlyActive, onlyShadow, neither } of hours) {
    sums.due += disagreements;
    sums.labelled += onlyActive + onlyShadow + neither;
    sums.onlyActive += onlyActive;
    sums.onlyShadow += onlyShadow;
  }
  return { ...sums, missing: Math.max(0, sums.due - sums.labelled) };
}

/**
 * Measures the evidence about a version against another one that answered other texts. A missing label of the version counts
 * against the claim, and so does one of the other version.
 */
export function evidenceOfArms(other: readonly ArmHour[], version: readonly ArmHour[]): Evidence {
  const [ofOther, ofVersion] = [sumArm(other), sumArm(version)];
  const isComplete = ({ all }: ReturnType<typeof sumArm>) => all.count >= COMPLETE_SHARE * all.due;
  const end = Math.min(lastComplete(other, isComplete), lastComplete(version, isComplete));
  const prefixes = [Number.POSITIVE_INFINITY, end].map((last) =>
    [other, version].map((hours) => sumArm(hours.filter(({ hour }) => hour <= last))),
  );
  const proven = (claim: (other: ArmCounts, version: ArmCounts) => number) =>
    Math.max(...prefixes.map(([one, two]) => (claim(one!.all, two!.all) + claim(one!.asked, two!.asked)) / 2));
  return {
    better: evidenceOfGreater(ofOther.all, ofVersion.all),
    worse: evidenceOfGreater(ofVersion.all, ofOther.all),
    provenBetter: proven((one, two) => evidenceOfGreater(fill(one, true), fill(two, false))),
    provenWorse: proven((one, two) => evidenceOfGreater(fill(two, true), fill(one, false))),
    coverage: {
      due: ofOther.all.due + ofVersion.all.due,
      labelled: ofOther.all.count + ofVersion.all.count,
      asked: ofOther.asked.due + ofVersion.asked.due,
      reviewed: ofOther.asked.count + ofVersion.asked.count,
    },
  };
}

/** Returns the counts with a label for each prediction: the missing ones are all correct, or all wrong. */
export function fill({ due, count, correct }: ArmCounts, isCorrect: boolean): Tally {
  const missing = Math.max(0, due - count);
  return { count: count + missing, correct: isCorrect ? correct + missing : correct };
}

/** Adds up the labels of a version. */
export function sumArm(hours: readonly ArmHour[]): { readonly all: ArmCounts; readonly asked: ArmCounts } {
  return { all: sumCounts(hours.map(({ all }) => all)), asked: sumCounts(hours.map(({ asked }) => asked)) };
}

function sumCounts(counts: readonly ArmCounts[]): ArmCounts {
  return counts.reduce(
    (sum, { due, count, correct }) => ({
      due: sum.due + due,
      count: sum.count + count,
      correct: sum.correct + correct,
    }),
    NO_COUNTS,
  );
}

/**
 * Returns the evidence that a version is reported as wrong more often than another one, as an e-value. Both were chosen at
 * random for the same users, who do not know which one answered: so the reports of both have the same bias. Under equal rates
 * each report is about the version with a probability of its share of the predictions.
 */
export function evidenceOfReports(other: Reports, version: Reports): number {
  const predictions = other.predictions + version.predictions;
  if (predictions === 0 || version.predictions === 0 || other.predictions === 0) return 1;
  const objections = other.objections + version.objections;
  return evidenceOfShareAbove(version.predictions / predictions, version.objections, objections);
}

/** The number of predictions of a version, and of those that somebody reported as wrong. */
export interface Reports {
  readonly predictions: number;
  readonly objections: number;
}

/** Returns all hours, and the hours up to the last one with which they are complete. */
function prefixesOf<T extends { readonly hour: number }, S>(
  hours: readonly T[],
  isComplete: (sums: S) => boolean,
  sum: (hours: readonly T[]) => S,
): T[][] {
  const last = hours.findLast(({ hour }) => isComplete(sum(hours.filter((other) => other.hour <= hour))))?.hour;
  return [[...hours], ...(last === undefined ? [] : [hours.filter(({ hour }) => hour <= last)])];
}

function lastComplete(hours: readonly ArmHour[], isComplete: (sums: ReturnType<typeof sumArm>) => boolean): number {
  const last = hours.findLast(({ hour }) => isComplete(sumArm(hours.filter((other) => other.hour <= hour))));
  return last?.hour ?? Number.NEGATIVE_INFINITY;
}
