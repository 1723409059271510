import type { Accuracy } from '../generator/check-answer.ts';
import type { GrowthVerdict } from './leak.ts';
import type { ErrorLimit } from './quantities.ts';
import type { PhaseResult } from './run.ts';
import type { ScenarioResult } from './scenarios.ts';

/** The limits that decide the exit code. A missing limit is not checked. */
export interface Thresholds {
  readonly maxP99Ms?: number;
  readonly minPerSecond?: number;
  readonly maxErrors?: ErrorLimit;
  readonly minAccuracy?: number;
  readonly maxRecoveryMs?: number;
}

/** The result of a check, as texts for people. */
export interface Check {
  readonly name: string;
  readonly limit: string;
  readonly value: string;
  readonly passed: boolean;
  /** Set if the check passed only because there is too little data for a verdict. */
  readonly undecided?: true;
  /** A sentence with the value and the limit. */
  readonly message: string;
}

/** Returns the outcome of a check as a symbol and in words. */
export function outcomeOf({ passed, undecided }: Check): { sign: string; word: string } {
  if (undecided === true) return { sign: '?', word: 'no verdict' };
  return passed ? { sign: '✓', word: 'passed' } : { sign: '✗', word: 'failed' };
}

/** Returns whether any limit was set. */
export function hasThreshold(thresholds: Thresholds): boolean {
  return Object.values(thresholds).some((limit) => limit !== undefined);
}

/** Compares the result of a run with the thresholds. */
export function checkThresholds(
  thresholds: Thresholds,
  scenarioResult: ScenarioResult,
  accuracy: Accuracy,
  memory: readonly GrowthVerdict[],
): Check[] {
  const { checkedPhases, knee, recovery } = scenarioResult;
  const checks: (Check | undefined)[] = [
    kneeCheck(knee),
    thresholds.maxP99Ms === undefined || knee !== undefined ? undefined : p99Check(thresholds.maxP99Ms, checkedPhases),
    thresholds.minPerSecond === undefined ? undefined : rateCheck(thresholds.minPerSecond, scenarioResult),
    thresholds.maxErrors === undefined ? undefined : errorCheck(thresholds.maxErrors, checkedPhases),
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

function kneeCheck(knee: ScenarioResult['knee']): Check | undefined {
  if (knee === undefined) return undefined;
  const value = knee.rate === null ? 'none' : `${format(knee.rate)}/s`;
  return check('knee', 'a rate that meets the objective', value, knee.rate !== null, 'no rate met the objective');
}

function p99Check(limit: number, checkedPhases: readonly PhaseResult[]): Check {
  // The worst phase decides, so that the other phases do not hide a slow one.
  const worst = checkedPhases.reduce<PhaseResult | undefined>(
    (worst, phase) => ((phase.latency?.p99 ?? Infinity) > (worst?.latency?.p99 ?? -1) ? phase : worst),
    undefined,
  );
  const p99 = worst?.latency?.p99 ?? Infinity;
  const value = p99 === Infinity ? 'unknown, since no request was answered' : `${format(p99)} ms`;
  return check(
    'p99',
    `at most ${format(limit)} ms`,
    value,
    p99 <= limit,
    `--max-p99 is breached: p99 of phase ${worst?.name} is ${value}; the limit is ${format(limit)} ms`,
  );
}

function rateCheck(limit: number, { checkedPhases, knee }: ScenarioResult): Check {
  const rate = knee === undefined ? Math.min(...checkedPhases.map(({ perSecond }) => perSecond)) : (knee.rate ?? 0);
  const value = `${format(rate)}/s`;
  const found = knee === undefined ? `the throughput is ${value}` : `the knee is at ${value}`;
  return check(
    knee === undefined ? 'throughput' : 'knee, at least',
    `at least ${format(limit)}/s`,
    value,
    rate >= limit,
    `--min-rps is breached: ${found}; the limit is ${format(limit)}/s`,
  );
}

function errorCheck(limit: ErrorLimit, checkedPhases: readonly PhaseResult[]): Check {
  const failed = checkedPhases.reduce((sum, phase) => sum + phase.failed, 0);
  const all = checkedPhases.reduce((sum, phase) => sum + phase.failed + phase.answered, 0);
  const allowed = 'count' in limit ? `${limit.count}` : `${format(limit.share * 100)} %`;
  const passed = 'count' in limit ? failed <= limit.count : failed <= all * limit.share;
  const kinds = Object.entries(sumErrors(checkedPhases)).map(([reason, count]) => `${count} × ${reason}`);
  return check(
    'errors',
    `at most ${allowed}`,
    `${failed} of ${all}`,
    passed,
    `--max-errors is breached: ${failed} of ${all} requests failed (${kinds.join(', ')}); the limit is ${allowed}`,
  );
}

/** Returns the number of failed requests of all phases by reason. */
function sumErrors(phases: readonly Pick<PhaseResult, 'errors'>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { errors } of phases) {
    for (const [reason, count] of Object.entries(errors)) sums[reason] = (sums[reason] ?? 0) + count;
  }
  return sums;
}

function accuracyCheck(limit: number, { ratio, correct, labelled, mismatches }: Accuracy): Check {
  const value = ratio === null ? 'unknown, since no labelled text was answered' : `${(ratio * 100).toFixed(2)} %`;
  const [worst] = mismatches;
  const example =
    worst === undefined ? '' : `; line ${worst.line} should be "${worst.expected}" and was "${worst.got}"`;
  return check(
    'accuracy',
    `at least ${format(limit * 100)} %`,
    value,
    ratio !== null && ratio >= limit,
    `--min-accuracy is breached: ${value} (${correct} of ${labelled}); the limit is ${format(limit * 100)} %${example}`,
  );
}

function recoveryCheck(limitMs: number, recovery: ScenarioResult['recovery']): Check {
  const seconds = recovery?.seconds ?? null;
  const value = seconds === null ? 'not within the run' : `${format(seconds)} s`;
  const limit = `at most ${format(limitMs / 1_000)} s`;
  return check(
    'recovery',
    limit,
    value,
    seconds !== null && seconds * 1_000 <= limitMs,
    `--max-recovery is breached: recovery after the spike: ${value}; the limit is ${format(limitMs / 1_000)} s`,
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

function leakCheck({ verdict, reason, quantity }: GrowthVerdict): Check {
  const leak = check(`leak in ${quantity}`, 'none', verdict, verdict !== 'leak', `there is a leak: ${reason}`);
  return verdict === 'unsure' ? { ...leak, undecided: true } : leak;
}

/** Formats a number for people, with zero to two decimals depending on its size. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });
}
