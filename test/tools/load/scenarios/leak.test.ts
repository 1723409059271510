import { expect, test } from 'vitest';
import { findLeak, type MemorySample } from '../../../../tools/load/scenarios/leak.ts';

const MEBIBYTE = 1_048_576;

/** Creates a generator of numbers from 0 to 1, the same in every run. */
function createNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/**
 * Returns the memory of a process over ten minutes: one sample per second, a sawtooth of 40 MiB every 37 s, and extra.
 */
function soak(extraMebibytes: (seconds: number) => number, collects = true): MemorySample[] {
  const noise = createNoise(7);
  return Array.from({ length: 600 }, (_, seconds) => ({
    seconds,
    bytes: (150 + 40 * ((seconds % 37) / 37) + 2 * noise() + extraMebibytes(seconds)) * MEBIBYTE,
    majorCollections: collects ? Math.floor(seconds / 37) : 0,
  }));
}

test('the sawtooth of garbage collection is not a leak', () => {
  expect(
    findLeak(
      'memory',
      soak(() => 0),
    ),
  ).toMatchObject({ verdict: 'steady' });
});

test('a warm-up that ends is not a leak', () => {
  const { verdict } = findLeak(
    'memory',
    soak((seconds) => 60 * (1 - Math.exp(-seconds / 60))),
  );
  expect(verdict).not.toBe('leak');
});

test('a leak below the sawtooth is found, and reported with its slope', () => {
  const found = findLeak(
    'heap',
    soak((seconds) => seconds / 10),
  );
  expect(found).toMatchObject({ quantity: 'heap', verdict: 'leak' });
  expect((found.trend!.slope * 60) / MEBIBYTE).toBeCloseTo(6, 0);
  expect(found.trend!.lower).toBeGreaterThan(0);
  expect(found.reason).toMatch(/^heap changes by \+[\d.]+ MiB a minute/);
});

test('a certain but tiny growth is steady: it is not worth a failed release', () => {
  const found = findLeak(
    'memory',
    soak((seconds) => seconds / 400),
  );
  expect(found.verdict).toBe('steady');
});

test('growth without collections has no verdict: it may be garbage', () => {
  const found = findLeak(
    'memory',
    soak((seconds) => seconds / 10, false),
  );
  expect(found).toMatchObject({ verdict: 'unsure' });
  expect(found.reason).toContain('0 major collections');
});

test('growth beyond the share of garbage is a leak even without collections, which a leak makes rare', () => {
  const fast = soak((seconds) => seconds / 4, false);
  expect(findLeak('heap', fast).verdict).toBe('unsure');
  expect(findLeak('memory', fast, 0.5)).toMatchObject({ quantity: 'memory', verdict: 'leak' });
  expect(
    findLeak(
      'memory',
      soak((seconds) => seconds / 10, false),
      0.5,
    ).verdict,
  ).toBe('unsure');
});

test('a service that does not report collections gets a verdict from its lower edge alone', () => {
  const withoutCollections = (samples: MemorySample[]) => samples.map(({ seconds, bytes }) => ({ seconds, bytes }));
  expect(findLeak('memory', withoutCollections(soak((seconds) => seconds / 10))).verdict).toBe('leak');
  expect(findLeak('memory', withoutCollections(soak(() => 0))).verdict).toBe('steady');
});

test('too few samples have no verdict', () => {
  expect(findLeak('memory', soak((seconds) => seconds).slice(0, 10))).toMatchObject({ verdict: 'unsure', trend: null });
});
