import { median } from '../harness/median.ts';
import type { ContenderName } from './contender.ts';
import type { CheckResult, Measurement } from './measure.ts';

/** The results of a contender. */
export interface Outcome {
  readonly name: ContenderName;
  readonly traced: boolean;
  readonly rounds: readonly Measurement[];
  readonly check?: CheckResult | undefined;
  /** The reason why the contender was not run, or not to the end. */
  readonly failure?: string | undefined;
}

/** Returns the medians of the rounds and the sums of their requests and failures, or `undefined` without a round. */
export function summarize({ rounds }: Outcome): Measurement | undefined {
  if (rounds.length === 0) return undefined;
  const medianOf = (figure: (round: Measurement) => number) => median(rounds.map(figure));
  const sumOf = (figure: (round: Measurement) => number) => rounds.reduce((sum, round) => sum + figure(round), 0);
  return {
    requests: sumOf(({ requests }) => requests),
    failed: sumOf(({ failed }) => failed),
    perSecond: medianOf(({ perSecond }) => perSecond),
    p50Ms: medianOf(({ p50Ms }) => p50Ms),
    p99Ms: medianOf(({ p99Ms }) => p99Ms),
    cpuMicroseconds: medianOf(({ cpuMicroseconds }) => cpuMicroseconds),
    othersMicroseconds: medianOf(({ othersMicroseconds }) => othersMicroseconds),
    residentMiB: medianOf(({ residentMiB }) => residentMiB),
    spansPerRequest: medianOf(({ spansPerRequest }) => spansPerRequest),
  };
}

/**
 * Returns one line of the message of an error, for a cell of a Markdown table. Many messages quote the end of a log:
 * the line is the last one that names an error, or the last one.
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message
    .split('\n')
    // The lines of a quoted log start with a bar.
    .map((line) => line.replace(/^\s*\|/, '').trim())
    .filter(Boolean);
  const reason = lines.findLast((line) => /error\b|cannot|not found|no such/i.test(line)) ?? lines.at(-1);
  // An unescaped bar would end the cell.
  return (reason ?? 'no reason given').slice(0, 300).replaceAll('|', '\\|');
}
