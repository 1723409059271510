import { type ContenderName, names } from './contender.ts';
import type { Measured } from './measure.ts';

/** One thing that the benchmark has to show. */
export interface Goal {
  readonly claim: string;
  /** Undefined where one of the two was not run. */
  readonly met: boolean | undefined;
  readonly measured: string;
}

type Summaries = ReadonlyMap<ContenderName, Measured>;

/** Judges what has to be shown by what was measured. */
export function judge(summaries: Summaries): Goal[] {
  const times = (claim: string, over: ContenderName, under: ContenderName, least: number) =>
    withCpuTime(
      summaries,
      ratioGoal(summaries, claim, over, under, ({ perSecond }) => perSecond, { least }),
      over,
      under,
    );
  return [
    times('at least 8 times the requests/s of Flask + scikit-learn + OpenTelemetry', 'traced', 'flaskTraced', 8),
    times('10 times would be better', 'traced', 'flaskTraced', 10),
    ratioGoal(summaries, 'with p99 at most a quarter of its', 'traced', 'flaskTraced', ({ p99Ms }) => p99Ms, {
      most: 0.25,
    }),
    times('half of what `node:http` does without a classifier', 'traced', 'ceiling', 0.5),
    times('at least 50 times Koa + natural', 'traced', 'natural', 50),
    times(
      '`WORKERS=2` on both cores, load generator included: at least 1.5 times one worker',
      'workers',
      'traced',
      1.5,
    ),
    ratioGoal(
      summaries,
      '`WORKERS=2`: CPU time a request within 10 % of one worker',
      'workers',
      'traced',
      ({ cpuMicroseconds }) => cpuMicroseconds,
      { least: 0.9, most: 1.1 },
    ),
  ];
}

function ratioGoal(
  summaries: Summaries,
  claim: string,
  over: ContenderName,
  under: ContenderName,
  figure: (one: Measured) => number,
  { least = 0, most = Number.POSITIVE_INFINITY }: { least?: number; most?: number },
): Goal {
  const [a, b] = [summaries.get(over), summaries.get(under)];
  if (!a || !b) return { claim, met: undefined, measured: `not run: ${names[a ? under : over]}` };
  const ratio = figure(a) / figure(b);
  return { claim, met: ratio >= least && ratio <= most, measured: `${ratio.toFixed(2)} times` };
}

/** Adds what the same ratio is by CPU time, which a busy machine moves less. */
function withCpuTime(summaries: Summaries, goal: Goal, over: ContenderName, under: ContenderName): Goal {
  const [a, b] = [summaries.get(over), summaries.get(under)];
  // The rate of two workers comes from two cores: their CPU time says something else, and has a goal of its own.
  if (!a || !b || over === 'workers') return goal;
  const ratio = b.cpuMicroseconds / a.cpuMicroseconds;
  return { ...goal, measured: `${goal.measured} (by CPU time a request ${ratio.toFixed(2)})` };
}

/**
 * The most that two cores can give over one worker on one of them: one worker leaves idle only what load generator and
 * Collector do not take of the other core.
 *
 * @returns a factor of the requests/s of one worker; undefined where that was not run
 */
export function mostOfTwoCores(summaries: Summaries): number | undefined {
  const one = summaries.get('traced');
  if (!one) return undefined;
  return 2e6 / (one.cpuMicroseconds + one.othersMicroseconds) / one.perSecond;
}
