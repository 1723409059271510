import { findLeak, type GrowthVerdict } from './leak.ts';
import type { ResourceRow } from './resource-watch.ts';
import type { Stability } from './result.ts';
import type { PhaseResult, TimelineRow } from './run.ts';
import { type Point, theilSen } from './trend.ts';

/**
 * What is watched, and by which share garbage alone may let it rise. V8 lets a heap grow to a multiple of what it kept; of the
 * process as a whole, half as much again is more than that.
 */
const watched = [
  ['memory', 'memoryBytes', 0.5],
  ['heap', 'heapBytes', Infinity],
] as const;
const mostPoints = 240;

/** Judges whether a soak stayed as it was: memory and latency over its counted phase. */
export function judgeStability(
  soak: PhaseResult,
  timeline: readonly TimelineRow[],
  resources: readonly ResourceRow[],
): Stability {
  const counted = resources.filter(({ seconds }) => seconds >= soak.from && seconds <= soak.to);
  const memory = watched.flatMap(([what, key, mostGarbage]): GrowthVerdict[] => {
    const samples = counted.flatMap(({ seconds, majorCollections, [key]: bytes }) =>
      bytes === undefined ? [] : [{ seconds, bytes, ...(majorCollections !== undefined && { majorCollections }) }],
    );
    return samples.length === 0 ? [] : [findLeak(what, samples, mostGarbage)];
  });
  const windows = timeline.filter(({ phase }) => phase === soak.name);
  const latency = (['p50', 'p99'] as const).map((what) => {
    const points = windows.flatMap(({ seconds, latency }): Point[] =>
      latency === null ? [] : [[seconds, latency[what]]],
    );
    const sorted = points.map(([, milliseconds]) => milliseconds).sort((a, b) => a - b);
    return { what, trend: theilSen(thin(points)), median: sorted[sorted.length >> 1] ?? 0 };
  });
  return { memory, latency };
}

/** At most so many points, evenly spread: pairs of points are compared, and their number grows with the square. */
function thin(points: readonly Point[]): Point[] {
  const step = Math.max(1, points.length / mostPoints);
  return Array.from({ length: Math.min(points.length, mostPoints) }, (_, at) => points[Math.floor(at * step)]!);
}
