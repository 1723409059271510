import { describe, expect, it } from 'vitest';
import type { ContenderName } from '../../../bench/serving/contender.ts';
import type { Measured } from '../../../bench/serving/measure.ts';
import { type Outcome, reasonOf } from '../../../bench/serving/outcome.ts';
import { report } from '../../../bench/serving/report.ts';

const circumstances = { rounds: 3, seconds: 4, mails: 400, charactersPerMail: 1800, machine: 'A machine.', notes: [] };

function round(perSecond: number, figures: Partial<Measured> = {}): Measured {
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

function ran(name: ContenderName, ...rounds: Measured[]): Outcome {
  return { name, traced: name !== 'ceiling', rounds, checked: { right: 0.98, spansPerRequest: 4 } };
}

function lineOf(text: string, start: string): string {
  return text.split('\n').find((line) => line.startsWith(start)) ?? '';
}

describe('report', () => {
  it('gives medians of the rounds, their ratio to Waymark, and all that failed', () => {
    const text = report(
      [
        ran('traced', round(4000)),
        ran(
          'flaskTraced',
          round(100, { failed: 2 }),
          round(400, { spansPerRequest: 3 }),
          round(500, { failed: 3, spansPerRequest: 3 }),
        ),
      ],
      circumstances,
    );
    expect(lineOf(text, '| Flask + scikit-learn + OpenTelemetry')).toBe(
      '| Flask + scikit-learn + OpenTelemetry | 400 | 10.0 × | 1.0 ms | 2.0 ms | 2500 µs | 100 MiB | 98.0 % | 4 | 75.0 % | 5 |',
    );
  });

  it('says of a contender that was not run why, and of what depends on it that it is not known', () => {
    const text = report(
      [ran('traced', round(4000)), { name: 'natural', traced: true, rounds: [], failure: 'npm is away' }],
      circumstances,
    );
    expect(lineOf(text, '| Koa + natural')).toContain('| not run: npm is away |');
    expect(lineOf(text, '- at least 50 times Koa + natural')).toMatch(/not run: Koa \+ natural.*\*\*not known\*\*/);
  });

  it('keeps the rounds of a contender that failed later, and says so', () => {
    const text = report([{ ...ran('traced', round(4000)), failure: 'it ended' }], circumstances);
    expect(lineOf(text, '| **Waymark')).toMatch(/\(not to the end: it ended\) \| 4000 \|/);
  });

  it.each([
    { flask: 499, p99Ms: 8, rate: 'met', latency: 'met' },
    { flask: 501, p99Ms: 7.9, rate: 'not met', latency: 'not met' },
  ])('judges against Flask at $flask requests/s and p99 of $p99Ms ms', ({ flask, p99Ms, rate, latency }) => {
    const text = report([ran('traced', round(4000)), ran('flaskTraced', round(flask, { p99Ms }))], circumstances);
    expect(lineOf(text, '- at least 8 times')).toContain(`**${rate}**`);
    expect(lineOf(text, '- at least 8 times')).toContain(`(by CPU time a request ${(4000 / flask).toFixed(2)})`);
    expect(lineOf(text, '- with p99 at most a quarter')).toContain(`**${latency}**`);
  });

  it('judges CPU time a request of two workers in both directions, and says what two cores can give', () => {
    const one = round(4000, { cpuMicroseconds: 200, othersMicroseconds: 50 });
    const judged = (cpuMicroseconds: number) =>
      report([ran('traced', one), ran('workers', round(6000, { cpuMicroseconds }))], circumstances);
    const line = '- `WORKERS=2`: CPU time';
    expect(lineOf(judged(215), line)).toContain('**met**');
    expect(lineOf(judged(225), line)).toContain('**not met**');
    expect(lineOf(judged(175), line)).toContain('**not met**');
    // 2 s of CPU time a second, at 250 µs a request: 8,000 requests/s, twice the 4,000 of one worker.
    expect(lineOf(judged(200), '- Two cores can give')).toContain('2.00 times');
  });
});

describe('reasonOf', () => {
  it('is the last line of the log that an error quotes, and ends no cell of a table', () => {
    const error = new Error('workers did not start (exit code 78). Its log, x, ends:\n  | WORKERS: "2" | no\n');
    expect(reasonOf(error)).toBe('WORKERS: "2" \\| no');
  });

  it('is the error in that log rather than what stands after it', () => {
    const error = new Error(
      'it did not start:\n  | TypeError [ERR_X]: no port\n  |     at f (x.js:1)\n  | \n  | Node.js v26',
    );
    expect(reasonOf(error)).toBe('TypeError [ERR_X]: no port');
  });
});
