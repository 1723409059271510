import { describe, expect, it } from 'vitest';
import type { ContenderName } from '../../../bench/serving/contender.ts';
import type { Measurement } from '../../../bench/serving/measure.ts';
import { type Outcome, reasonOf } from '../../../bench/serving/outcome.ts';
import { report } from '../../../bench/serving/report.ts';

const conditions = { rounds: 3, seconds: 4, mails: 400, charactersPerMail: 1800, machine: 'A machine.', notes: [] };

function round(perSecond: number, figures: Partial<Measurement> = {}): Measurement {
  return {
    requests: perSecond * 4,
    perSecond,
    p50Ms: 1,
    p99Ms: 2,
    failed: 0,
    cpuMicroseconds: 1e6 / perSecond,
    othersMicroseconds: 0,
    residentMiB: 100,
    spansPerRequest: 4,
    ...figures,
  };
}

function outcome(name: ContenderName, ...rounds: Measurement[]): Outcome {
  return { name, traced: name !== 'ceiling', rounds, check: { accuracy: 0.98, spansPerRequest: 4 } };
}

function lineOf(text: string, start: string): string {
  return text.split('\n').find((line) => line.startsWith(start)) ?? '';
}

describe('report', () => {
  it('shows the medians of the rounds, the ratio to Waymark, and the sum of failures', () => {
    const text = report(
      [
        outcome('traced', round(4000)),
        outcome(
          'flaskTraced',
          round(100, { failed: 2 }),
          round(400, { spansPerRequest: 3 }),
          round(500, { failed: 3, spansPerRequest: 3 }),
        ),
      ],
      conditions,
    );
    expect(lineOf(text, '| Flask + scikit-learn + OpenTelemetry')).toBe(
      '| Flask + scikit-learn + OpenTelemetry | 400 | 10.0 × | 1.0 ms | 2.0 ms | 2500 µs | 100 MiB | 98.0 % | 4 | 75.0 % | 5 |',
    );
  });

  it('gives the reason for a contender that was not run; goals that depend on it are unknown', () => {
    const text = report(
      [outcome('traced', round(4000)), { name: 'natural', traced: true, rounds: [], failure: 'npm is missing' }],
      conditions,
    );
    expect(lineOf(text, '| Koa + natural')).toContain('| not run: npm is missing |');
    expect(lineOf(text, '- at least 50 times the requests/s of Koa + natural')).toMatch(
      /not run: Koa \+ natural.*\*\*unknown\*\*/,
    );
  });

  it('keeps the rounds of a contender that failed later, and gives the reason', () => {
    const text = report([{ ...outcome('traced', round(4000)), failure: 'it ended' }], conditions);
    expect(lineOf(text, '| **Waymark')).toMatch(/\(not completed: it ended\) \| 4000 \|/);
  });

  it.each([
    { flask: 499, p99Ms: 8, rate: 'met', latency: 'met' },
    { flask: 501, p99Ms: 7.9, rate: 'not met', latency: 'not met' },
  ])('compares with Flask at $flask requests/s and p99 of $p99Ms ms', ({ flask, p99Ms, rate, latency }) => {
    const text = report([outcome('traced', round(4000)), outcome('flaskTraced', round(flask, { p99Ms }))], conditions);
    expect(lineOf(text, '- at least 8 times')).toContain(`**${rate}**`);
    expect(lineOf(text, '- at least 8 times')).toContain(`(by CPU time per request ${(4000 / flask).toFixed(2)})`);
    expect(lineOf(text, '- p99 at most a quarter')).toContain(`**${latency}**`);
  });

  it('limits the CPU time per request of two workers in both directions, and shows the highest possible speed-up', () => {
    const one = round(4000, { cpuMicroseconds: 200, othersMicroseconds: 50 });
    const reportFor = (cpuMicroseconds: number) =>
      report([outcome('traced', one), outcome('workers', round(6000, { cpuMicroseconds }))], conditions);
    const line = '- `WORKERS=2`: CPU time';
    expect(lineOf(reportFor(215), line)).toContain('**met**');
    expect(lineOf(reportFor(225), line)).toContain('**not met**');
    expect(lineOf(reportFor(175), line)).toContain('**not met**');
    // 2 s of CPU time per second at 250 µs per request: 8,000 requests/s, twice the 4,000 of one worker.
    expect(lineOf(reportFor(200), '- Two cores can give')).toContain('2.00 times');
  });
});

describe('reasonOf', () => {
  it('is the last line of the quoted log, with escaped bars', () => {
    const error = new Error('workers did not start (exit code 78). The end of its log x:\n  | WORKERS: "2" | no\n');
    expect(reasonOf(error)).toBe('WORKERS: "2" \\| no');
  });

  it('is the line with the error in the log, not the lines after it', () => {
    const error = new Error(
      'it did not start:\n  | TypeError [ERR_X]: no port\n  |     at f (x.js:1)\n  | \n  | Node.js v26',
    );
    expect(reasonOf(error)).toBe('TypeError [ERR_X]: no port');
  });
});
