import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { durationBucket } from '../../../src/feedback/duration-buckets.ts';
import { evidenceOfArms, evidenceOfPairs } from '../../../src/maintenance/comparison/evidence.ts';
import type { UsageTotal, VersionMeasurements } from '../../../src/maintenance/comparison/measurement-types.ts';
import { compareLatencies } from '../../../src/maintenance/rollout/latency.ts';
import { decide } from '../../../src/maintenance/rollout/policy.ts';
import type { PolicyMeasurements } from '../../../src/maintenance/rollout/policy-measurements.ts';
import { initialState } from '../../../src/maintenance/rollout/policy-state.ts';
import { policySchema } from '../../../src/models/policy-file.ts';

const policy = policySchema.parse({
  mode: 'automatic',
  promote: { minimumShadowSeconds: 0, minimumCanarySeconds: 0 },
});
const REQUIRED = policy.promote.confidence;

function usageOf(seconds: readonly number[]): UsageTotal {
  const counts = new Map<number, number>();
  for (const one of seconds) counts.set(durationBucket(one), (counts.get(durationBucket(one)) ?? 0) + 1);
  return {
    predictions: seconds.length,
    errors: 0,
    durations: [...counts].map(([bucket, count]) => ({ bucket, count })),
  };
}

/** Draws durations of a busy machine: texts of different lengths, and in one of fifty the process had to wait. */
function draw(random: () => number, { factor = 1, waitShare = 0.02, waitSeconds = 0.05 } = {}): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const wait = random() < waitShare ? waitSeconds * random() : 0;
  return factor * 2e-4 * Math.exp(0.5 * normal) + wait;
}

function sample(seed: number, count: number, options = {}): UsageTotal {
  const random = createRandom(seed);
  return usageOf(Array.from({ length: count }, () => draw(random, options)));
}

/** Returns the share of runs in which a claim holds at any of the looks, one after every hundred predictions. */
function shareOfRuns(
  options: object,
  holds: (comparison: NonNullable<ReturnType<typeof compareLatencies>>) => boolean,
) {
  const runs = Array.from({ length: 100 }, (_, seed) =>
    [100, 200, 300, 500, 1_000, 2_000, 4_000].some((count) => {
      const comparison = compareLatencies(policy, sample(2 * seed, count, options), sample(2 * seed + 1, count));
      return comparison !== undefined && holds(comparison);
    }),
  );
  return runs.filter(Boolean).length / runs.length;
}

/** A few hundred predictions. The machine was busy during four of the second version. */
const calm = usageOf(Array.from({ length: 300 }, (_, at) => (at < 299 ? 2e-4 : 1e-3)));
const disturbed = usageOf(Array.from({ length: 300 }, (_, at) => (at < 296 ? 2e-4 : 2e-2)));

describe('the comparison of latencies', () => {
  test('needs the predictions that the policy demands', () => {
    expect(compareLatencies(policy, sample(1, 99), sample(2, 1_000))).toBeUndefined();
    expect(compareLatencies(policy, sample(1, 1_000), sample(2, 99))).toBeUndefined();
  });

  test('shows that fast versions are within a large ratio, although the ratio reaches below the first bucket', () => {
    const lenient = policySchema.parse({ promote: { maxLatencyRatio: 1_000 } });
    const fast = usageOf(Array.from({ length: 300 }, () => 3e-5));
    expect(compareLatencies(lenient, fast, fast)!.notSlower).toBeGreaterThan(REQUIRED);
  });

  test('is not decided by the slowest of a few hundred predictions', () => {
    const { p99Ratio, slower, notSlower } = compareLatencies(policy, disturbed, calm)!;
    expect(p99Ratio).toBeGreaterThan(10);
    expect(slower).toBeLessThan(0.5);
    expect(notSlower).toBeGreaterThan(REQUIRED);
  });

  test('shows of an equally fast version that it is not slower, after some hundred predictions', () => {
    const shown = Array.from({ length: 50 }, (_, seed) =>
      compareLatencies(policy, sample(2 * seed, 300), sample(2 * seed + 1, 300)),
    );
    expect(shown.filter((one) => one!.notSlower >= REQUIRED).length).toBeGreaterThan(45);
  });

  test('finds an equally fast version slower in at most one of twenty runs, with many looks', () => {
    expect(shareOfRuns({}, ({ slower }) => slower >= REQUIRED)).toBeLessThanOrEqual(0.05);
  });

  test('lets a version that is three times slower pass in at most one of twenty runs, with many looks', () => {
    expect(shareOfRuns({ factor: 3 }, ({ notSlower }) => notSlower >= REQUIRED)).toBeLessThanOrEqual(0.05);
  });

  test('finds a version whose slowest texts are much slower, although its median is the same', () => {
    const { medianRatio, slower } = compareLatencies(
      policy,
      sample(1, 5_000, { waitShare: 0.05, waitSeconds: 1 }),
      sample(2, 5_000),
    )!;
    expect(medianRatio).toBeLessThan(1.2);
    expect(slower).toBeGreaterThan(REQUIRED);
  });
});

describe('a candidate that is clearly better', () => {
  const version = (name: string, total: UsageTotal): VersionMeasurements => ({
    version: name,
    since: 0,
    predictions: total.predictions,
    errors: 0,
    p99Seconds: 0.001,
    total,
    feedback: { count: 300, correct: 290 },
    coverage: { due: 300, labelled: 300, asked: 0, reviewed: 0 },
    reports: { predictions: 300, objections: 0 },
    trainingAccuracy: 0.97,
    trainingTexts: 10_000,
  });
  const measured = (role: 'shadow' | 'canary', total: UsageTotal, beside = calm): PolicyMeasurements => {
    const pairs = { hour: 0, asked: false, disagreements: 40, onlyActive: 0, onlyShadow: 40, neither: 0 };
    const candidate = { ...version('2', total), beside };
    const paired = { bothRight: 260, onlyActive: 0, onlyShadow: 40, neither: 0 };
    return {
      now: 1,
      // Its predictions of a calmer time do not count.
      active: version('1', usageOf(Array.from({ length: 10_000 }, () => 1e-5))),
      ...(role === 'shadow'
        ? { shadow: { ...candidate, agreement: 0.9, paired, evidence: evidenceOfPairs([pairs]) } }
        : { canary: { ...candidate, share: 0.5, evidence: evidenceOfArms([], []), reportedMore: 1 } }),
      drift: { verdict: 'stable', psi: 0 },
      feedbackWithText: 0,
      recent: { count: 0, correct: 0 },
      recentAtBest: [],
      retraining: false,
    };
  };
  const proven = { ...initialState, proven: { version: '2', confidence: 0.99, provenConfidence: 0.99 } };

  test('becomes canary and active although the machine was busy during some of its predictions', () => {
    const { decision } = decide(policy, initialState, measured('shadow', disturbed));
    expect(decision).toMatchObject({ action: 'canary', version: '2', numbers: { latencyRatio: expect.any(Number) } });
    expect(decision.reason).toContain('it is not slower (1.0 times the median latency)');
    expect(decide(policy, proven, measured('canary', disturbed)).decision).toMatchObject({ action: 'promote' });
  });

  test('stays shadow if its median is about three times that of the active version', () => {
    const slow = usageOf(Array.from({ length: 300 }, () => 6e-4));
    const { decision } = decide(policy, initialState, measured('shadow', slow));
    expect(decision.action).toBe('none');
    expect(decision.reason).toMatch(
      /its median latency is [23]\.\d times that of the active version, at most 2 times with 0\.0 %/,
    );
  });

  test('stays canary if its slowest texts are shown to be slower, also if it was not slower as a shadow', () => {
    const tail = usageOf(Array.from({ length: 5_000 }, (_, at) => (at % 20 > 0 ? 2e-4 : 2e-3)));
    const fast = usageOf(Array.from({ length: 5_000 }, () => 2e-4));
    const { decision } = decide(policy, proven, measured('canary', tail, fast));
    expect(decision.action).toBe('none');
    expect(decision.reason).toMatch(/its 99th percentile latency is \d+\.\d times that of the active version/);
  });
});
