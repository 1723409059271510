import { median } from '../classifier/contender.ts';
import type { ContenderName } from './contender.ts';
import type { Checked, Measured } from './measure.ts';

/** What became of one contender. */
export interface Outcome {
  readonly name: ContenderName;
  readonly traced: boolean;
  readonly rounds: readonly Measured[];
  readonly checked?: Checked | undefined;
  /** Why it was not run, or not to the end. */
  readonly failure?: string | undefined;
}

/** Medians of its rounds; what failed is added up. Undefined for a contender that was not run. */
export function summary({ rounds }: Outcome): Measured | undefined {
  if (rounds.length === 0) return undefined;
  const of = (figure: (one: Measured) => number) => median(rounds.map(figure));
  const total = (figure: (one: Measured) => number) => rounds.reduce((sum, one) => sum + figure(one), 0);
  return {
    requests: total(({ requests }) => requests),
    failed: total(({ failed }) => failed),
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuMicroseconds: of(({ cpuMicroseconds }) => cpuMicroseconds),
    othersMicroseconds: of(({ othersMicroseconds }) => othersMicroseconds),
    residentMiB: of(({ residentMiB }) => residentMiB),
    spansPerRequest: of(({ spansPerRequest }) => spansPerRequest),
  };
}

/** One line of an error's message, fit for a table: where it quotes a log, the last line that tells of an error, or else the last. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message
    .split('\n')
    // A quoted log stands behind a bar.
    .map((line) => line.replace(/^\s*\|/, '').trim())
    .filter(Boolean);
  const reason = lines.findLast((line) => /error\b|cannot|not found|no such/i.test(line)) ?? lines.at(-1);
  // A bar would end the table's cell.
  return (reason ?? 'no reason given').slice(0, 300).replaceAll('|', '\\|');
}
