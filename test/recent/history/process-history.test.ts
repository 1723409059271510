import { describe, expect, test } from 'vitest';
import { LATENCY_BUCKETS, latencyBucketOf, latencyQuantile } from '../../../src/recent/history/latency-buckets.ts';
import { measurementsOf, mergeEvents, mergePoints } from '../../../src/recent/history/merge-history.ts';
import { ProcessHistory } from '../../../src/recent/history/process-history.ts';

const START = Date.parse('2026-01-01T12:00:00Z');
const idle = { cpuSeconds: 0, memoryBytes: 100, eventLoopDelaySeconds: 0 };

describe('latencies', () => {
  test('a quantile is at most 13 % from the true one', () => {
    const counts = new Uint32Array(LATENCY_BUCKETS);
    const seconds = Array.from({ length: 1_000 }, (_, at) => 0.0001 * 1.01 ** at);
    for (const one of seconds) counts[latencyBucketOf(one)]! += 1;
    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = seconds[Math.ceil(share * 1_000) - 1]!;
      expect(Math.abs(latencyQuantile(counts, share)! / exact - 1)).toBeLessThan(0.13);
    }
  });

  test('the shortest and the longest durations have a bucket, and none is null', () => {
    expect([latencyBucketOf(0), latencyBucketOf(Number.NaN), latencyBucketOf(1e9)]).toEqual([
      0,
      0,
      LATENCY_BUCKETS - 1,
    ]);
    expect(latencyQuantile(new Uint32Array(LATENCY_BUCKETS), 0.5)).toBeNull();
  });
});

describe('the history of a process', () => {
  function record(seconds: number): ProcessHistory {
    const history = new ProcessHistory();
    history.sample(START, idle);
    for (let second = 1; second <= seconds; second += 1) {
      history.count(0.01, false);
      history.count(0.02, second % 2 === 0);
      const eventLoopDelaySeconds = second === 5 ? 0.5 : 0.001;
      history.sample(START + second * 1_000, {
        cpuSeconds: second / 4,
        memoryBytes: 100 + second,
        eventLoopDelaySeconds,
      });
    }
    return history;
  }

  test('has points of ten seconds', () => {
    const points = mergePoints([record(20).pointsAfter(START)]);
    expect(points).toHaveLength(2);
    expect(points[0]).toMatchObject({
      time: '2026-01-01T12:00:10.000Z',
      requestsPerSecond: 2,
      errorsPerSecond: 0.5,
      memoryBytes: 110,
      eventLoopDelaySeconds: 0.5,
    });
    expect(points[1]).toMatchObject({ requestsPerSecond: 2, cpuRatio: 0.25, eventLoopDelaySeconds: 0.001 });
    expect(points[1]!.p50Seconds).toBeCloseTo(0.01, 2);
    expect(points[1]!.p99Seconds).toBeCloseTo(0.02, 2);
  });

  test('keeps an hour', () => {
    const history = new ProcessHistory();
    for (let second = 0; second < 4_000; second += 1) history.sample(START + second * 1_000, idle);
    const points = history.pointsAfter(0);
    expect(points).toHaveLength(360);
    expect(points.at(-1)!.time).toBe(START + 4_000_000);
  });

  test('has the last second by itself', () => {
    expect(measurementsOf(record(4).last())).toMatchObject({
      requestsPerSecond: 2,
      errorsPerSecond: 1,
      cpuRatio: 0.25,
    });
  });

  test('a sample that comes late counts for the time it covers', () => {
    const history = new ProcessHistory();
    history.sample(START, idle);
    for (let request = 0; request < 30; request += 1) history.count(0.01, false);
    history.sample(START + 3_000, idle);
    expect(measurementsOf(history.last()).requestsPerSecond).toBe(10);
  });
});

describe('several workers', () => {
  test('add up, and the longest delay counts', () => {
    const pointOf = (requests: number, delay: number) => {
      const history = new ProcessHistory();
      history.sample(START, idle);
      for (let request = 0; request < requests; request += 1) history.count(0.01, false);
      history.sample(START + 1_000, { cpuSeconds: 0.5, memoryBytes: 1_000, eventLoopDelaySeconds: delay });
      return history.pointsAfter(START);
    };
    expect(mergePoints([pointOf(10, 0.1), pointOf(30, 0.2)])).toEqual([
      expect.objectContaining({ requestsPerSecond: 40, cpuRatio: 1, memoryBytes: 2_000, eventLoopDelaySeconds: 0.2 }),
    ]);
  });

  test('report an event once, although each noticed it', () => {
    const event = (at: number, detail: string) =>
      ({ time: new Date(START + at).toISOString(), kind: 'role', detail }) as const;
    const merged = mergeEvents([
      [event(5_000, 'Version 2 is active.'), event(90_000, 'Version 1 is active.')],
      [event(5_900, 'Version 2 is active.'), event(200_000, 'Version 2 is active.')],
    ]);
    expect(merged.map(({ detail }) => detail)).toEqual([
      'Version 2 is active.',
      'Version 1 is active.',
      'Version 2 is active.',
    ]);
  });
});
