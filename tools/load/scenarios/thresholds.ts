import type { Accuracy } from '../generator/check-answer.ts';
import type { GrowthVerdict } from './leak.ts';
import type { ErrorLimit } from './quantities.ts';
import type { PhaseResult } from './run.ts';
import type { Findings } from './scenarios.ts';

/** What decides the exit code; what is missing is not checked. */
export interface Thresholds {
  readonly maxP99Ms?: number;
  readonly minPerSecond?: number;
  readonly maxErrors?: ErrorLimit;
  readonly minAccuracy?: number;
  readonly maxRecoveryMs?: number;
}

export interface Check {
  readonly name: string;
  readonly limit: string;
  readonly value: string;
  readonly passed: boolean;
  /** It passed only because nothing can be told. */
  readonly undecided?: true;
  /** For people: what was breached, and by what. */
  readonly message: string;
}

/** How a check ended, as a sign and in words. */
export function outcomeOf({ passed, undecided }: Check): { sign: string; word: string } {
  if (undecided === true) return { sign: '?', word: 'no verdict' };
  return passed ? { sign: '✓', word: 'passed' } : { sign: '✗', word: 'failed' };
}

/** Holds what was found against the thresholds. */
export function checkThresholds(
  thresholds: Thresholds,
  findings: Findings,
  accuracy: Accuracy,
  memory: readonly GrowthVerdict[],
): Check[] {
  const { judged, knee, recovery } = findings;
  const checks: (Check | undefined)[] = [
    kneeCheck(knee),
    thresholds.maxP99Ms === undefined || knee !== undefined ? undefined : p99Check(thresholds.maxP99Ms, judged),
    thresholds.minPerSecond === undefined ? undefined : rateCheck(thresholds.minPerSecond, findings),
    thresholds.maxErrors === undefined ? undefined : errorCheck(thresholds.maxErrors, judged),
    thresholds.minAccuracy === undefined ? undefined : accuracyCheck(thresholds.minAccuracy, accuracy),
    thresholds.maxRecoveryMs === undefined ? undefined : recoveryCheck(thresholds.maxRecoveryMs, recovery),
    changedCheck(accuracy),
    ...memory.map(leakCheck),
  ];
  return checks.filter((check) => check !== undefined);
}

function check(name: string, limit: string, value: string, passed: boolean, breach: string): Check {
  return { name, limit, value, passed, message: passed ? `${name} is ${value} (${limit})` : breach };
}

function kneeCheck(knee: Findings['knee']): Check | undefined {
  if (knee === undefined) return undefined;
  const value = knee.rate === null ? 'none' : `${format(knee.rate)}/s`;
  return check('knee', 'a rate that meets the objective', value, knee.rate !== null, 'no rate met the objective');
}

function p99Check(limit: number, judged: readonly PhaseResult[]): Check {
  // Of several phases the worst: a slow one is not to be diluted by the others.
  const worst = judged.reduce<PhaseResult | undefined>(
    (worst, phase) => ((phase.latency?.p99 ?? Infinity) > (worst?.latency?.p99 ?? -1) ? phase : worst),
    undefined,
  );
  const p99 = worst?.latency?.p99 ?? Infinity;
  const value = p99 === Infinity ? 'unknown, since nothing was answered' : `${format(p99)} ms`;
  return check(
    'p99',
    `at most ${format(limit)} ms`,
    value,
    p99 <= limit,
    `--max-p99 is breached: p99 of phase ${worst?.name} is ${value}, allowed are ${format(limit)} ms`,
  );
}

function rateCheck(limit: number, { judged, knee }: Findings): Check {
  const rate = knee === undefined ? Math.min(...judged.map(({ perSecond }) => perSecond)) : (knee.rate ?? 0);
  const value = `${format(rate)}/s`;
  const found = knee === undefined ? `${value} were answered well` : `the knee is at ${value}`;
  return check(
    knee === undefined ? 'throughput' : 'knee, at least',
    `at least ${format(limit)}/s`,
    value,
    rate >= limit,
    `--min-rps is breached: ${found}, wanted are ${format(limit)}/s`,
  );
}

function errorCheck(limit: ErrorLimit, judged: readonly PhaseResult[]): Check {
  const failed = judged.reduce((sum, phase) => sum + phase.failed, 0);
  const all = judged.reduce((sum, phase) => sum + phase.failed + phase.answered, 0);
  const allowed = 'count' in limit ? `${limit.count}` : `${format(limit.share * 100)} %`;
  const passed = 'count' in limit ? failed <= limit.count : failed <= all * limit.share;
  const kinds = Object.entries(sumErrors(judged)).map(([reason, count]) => `${count} × ${reason}`);
  return check(
    'errors',
    `at most ${allowed}`,
    `${failed} of ${all}`,
    passed,
    `--max-errors is breached: ${failed} of ${all} requests failed (${kinds.join(', ')}), allowed are ${allowed}`,
  );
}

/** How many requests failed for each reason, in all these phases. */
function sumErrors(phases: readonly Pick<PhaseResult, 'errors'>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { errors } of phases) {
    for (const [reason, count] of Object.entries(errors)) sums[reason] = (sums[reason] ?? 0) + count;
  }
  return sums;
}

function accuracyCheck(limit: number, { ratio, correct, labelled, mismatches }: Accuracy): Check {
  const value = ratio === null ? 'unknown, since nothing labelled was answered' : `${(ratio * 100).toFixed(2)} %`;
  const [worst] = mismatches;
  const example =
    worst === undefined ? '' : `; line ${worst.line} should be "${worst.expected}" and was "${worst.got}"`;
  return check(
    'accuracy',
    `at least ${format(limit * 100)} %`,
    value,
    ratio !== null && ratio >= limit,
    `--min-accuracy is breached: ${value} (${correct} of ${labelled}), wanted are ${format(limit * 100)} %${example}`,
  );
}

function recoveryCheck(limitMs: number, recovery: Findings['recovery']): Check {
  const seconds = recovery?.seconds ?? null;
  const value = seconds === null ? 'not within the run' : `${format(seconds)} s`;
  const limit = `at most ${format(limitMs / 1_000)} s`;
  return check(
    'recovery',
    limit,
    value,
    seconds !== null && seconds * 1_000 <= limitMs,
    `--max-recovery is breached: back to normal after the spike: ${value}, allowed are ${format(limitMs / 1_000)} s`,
  );
}

function changedCheck({ changed, changes }: Accuracy): Check {
  const [worst] = changes;
  return check(
    'changed answers',
    'none',
    String(changed),
    changed === 0,
    `the same version of the model gave different answers to the same text ${changed} times` +
      (worst === undefined ? '' : `; line ${worst.line} was "${worst.expected}", then "${worst.got}"`),
  );
}

function leakCheck({ verdict, reason, what }: GrowthVerdict): Check {
  const leak = check(`leak in ${what}`, 'none', verdict, verdict !== 'leak', `there is a leak: ${reason}`);
  return verdict === 'unsure' ? { ...leak, undecided: true } : leak;
}

/** A number with as many figures as a person needs. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });
}
