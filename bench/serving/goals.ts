import { type ContenderName, contenderTitles } from './contender.ts';
import type { Measurement } from './measure.ts';

/** A goal of the benchmark and its outcome. */
export interface Goal {
  readonly claim: string;
  /** `undefined` if one of the two contenders was not run. */
  readonly met: boolean | undefined;
  readonly measured: string;
}

type Summaries = ReadonlyMap<ContenderName, Measurement>;

/** Compares the goals of the benchmark with the measurements. */
export function checkGoals(summaries: Summaries): Goal[] {
  const throughput = (claim: string, over: ContenderName, under: ContenderName, min: number) =>
    withCpuTime(
      summaries,
      ratioGoal(summaries, claim, over, under, ({ perSecond }) => perSecond, { min }),
      over,
      under,
    );
  return [
    throughput('at least 8 times the requests/s of Flask + scikit-learn + OpenTelemetry', 'traced', 'flaskTraced', 8),
    throughput('better: at least 10 times', 'traced', 'flaskTraced', 10),
    ratioGoal(summaries, 'p99 at most a quarter of that server', 'traced', 'flaskTraced', ({ p99Ms }) => p99Ms, {
      max: 0.25,
    }),
    throughput('at least half the requests/s of `node:http` without a classifier', 'traced', 'ceiling', 0.5),
    throughput('at least 50 times the requests/s of Koa + natural', 'traced', 'natural', 50),
    throughput(
      '`WORKERS=2` on both cores, shared with the load generator: at least 1.5 times one worker',
      'workers',
      'traced',
      1.5,
    ),
    ratioGoal(
      summaries,
      '`WORKERS=2`: CPU time per request within 10 % of one worker',
      'workers',
      'traced',
      ({ cpuMicroseconds }) => cpuMicroseconds,
      { min: 0.9, max: 1.1 },
    ),
  ];
}

function ratioGoal(
  summaries: Summaries,
  claim: string,
  over: ContenderName,
  under: ContenderName,
  figure: (measurement: Measurement) => number,
  { min = 0, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number },
): Goal {
  const [a, b] = [summaries.get(over), summaries.get(under)];
  if (!a || !b) return { claim, met: undefined, measured: `not run: ${contenderTitles[a ? under : over]}` };
  const ratio = figure(a) / figure(b);
  return { claim, met: ratio >= min && ratio <= max, measured: `${ratio.toFixed(2)} times` };
}

/** Adds the ratio of the CPU times, which vary less on a busy machine. */
function withCpuTime(summaries: Summaries, goal: Goal, over: ContenderName, under: ContenderName): Goal {
  const [a, b] = [summaries.get(over), summaries.get(under)];
  // Two workers run on two cores, so their ratio of CPU times differs from that of the rates. It has its own goal.
  if (!a || !b || over === 'workers') return goal;
  const ratio = b.cpuMicroseconds / a.cpuMicroseconds;
  return { ...goal, measured: `${goal.measured} (by CPU time per request ${ratio.toFixed(2)})` };
}

/**
 * Returns the highest possible speed-up of two cores over one worker on one of them. It is below 2, since the load
 * generator and the Collector already use a part of the other core.
 *
 * @returns a factor of the requests/s of one worker, or `undefined` if one worker was not run
 */
export function maxSpeedUpOfTwoCores(summaries: Summaries): number | undefined {
  const one = summaries.get('traced');
  if (!one) return undefined;
  return 2e6 / (one.cpuMicroseconds + one.othersMicroseconds) / one.perSecond;
}
