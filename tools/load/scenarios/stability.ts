import { findLeak, type GrowthVerdict } from './leak.ts';
import type { ResourceRow } from './resource-watch.ts';
import type { Stability } from './result.ts';
import type { PhaseResult, TimelineRow } from './run.ts';
import { type Point, theilSen } from './trend.ts';

/**
 * The checked quantities, and the share by which garbage alone may raise each. V8 lets a heap grow to a multiple of the
 * memory that it kept. For the process as a whole, half is more than garbage can explain.
 */
const MEMORY_QUANTITIES = [
  ['memory', 'memoryBytes', 0.5],
  ['heap', 'heapBytes', Infinity],
] as const;
const MAX_POINTS = 240;

/** Checks memory and latency for growth during the counted phase of a soak. */
export function checkStability(
  soak: PhaseResult,
  timeline: readonly TimelineRow[],
  resources: readonly ResourceRow[],
): Stability {
  const counted = resources.filter(({ seconds }) => seconds >= soak.from && seconds <= soak.to);
  const memory = MEMORY_QUANTITIES.flatMap(([quantity, key, maxGarbageShare]): GrowthVerdict[] => {
    const samples = counted.flatMap(({ seconds, majorCollections, [key]: bytes }) =>
      bytes === undefined ? [] : [{ seconds, bytes, ...(majorCollections !== undefined && { majorCollections }) }],
    );
    return samples.length === 0 ? [] : [findLeak(quantity, samples, maxGarbageShare)];
  });
  const windows = timeline.filter(({ phase }) => phase === soak.name);
  const latency = (['p50', 'p99'] as const).map((percentile) => {
    const points = windows.flatMap(({ seconds, latency }): Point[] =>
      latency === null ? [] : [[seconds, latency[percentile]]],
    );
    const sorted = points.map(([, milliseconds]) => milliseconds).sort((a, b) => a - b);
    return { percentile, trend: theilSen(thin(points)), median: sorted[sorted.length >> 1] ?? 0 };
  });
  return { memory, latency };
}

/** Returns at most `MAX_POINTS` points, evenly spread, since the number of compared pairs grows with the square. */
function thin(points: readonly Point[]): Point[] {
  const step = Math.max(1, points.length / MAX_POINTS);
  return Array.from({ length: Math.min(points.length, MAX_POINTS) }, (_, at) => points[Math.floor(at * step)]!);
}
