import type { ProcessEvent, ProcessMeasurements, ProcessPoint } from '../prediction-row.ts';
import { latencyQuantile } from './latency-buckets.ts';
import { addPoint, createPoint, type RawPoint } from './process-history.ts';

/** Events of several workers that differ by less time are the same event. */
const SAME_EVENT_MS = 5_000;

/** Returns the measurements of a point for people. */
export function measurementsOf(point: RawPoint): ProcessMeasurements {
  const seconds = Math.max(0.001, point.seconds);
  return {
    requestsPerSecond: point.requests / seconds,
    errorsPerSecond: point.errors / seconds,
    p50Seconds: latencyQuantile(point.durations, 0.5),
    p95Seconds: latencyQuantile(point.durations, 0.95),
    p99Seconds: latencyQuantile(point.durations, 0.99),
    cpuRatio: point.cpuSeconds / seconds,
    memoryBytes: point.memoryBytes,
    eventLoopDelaySeconds: point.eventLoopDelaySeconds,
  };
}

/** Adds up the points of several workers, oldest first. */
export function mergePoints(workers: readonly (readonly RawPoint[])[]): ProcessPoint[] {
  const byTime = new Map<number, RawPoint>();
  for (const point of workers.flat()) {
    const sum = byTime.get(point.time) ?? createPoint(point.time);
    byTime.set(point.time, sum);
    addPoint(sum, point);
    sum.memoryBytes += point.memoryBytes;
    sum.seconds = Math.max(sum.seconds, point.seconds);
  }
  return [...byTime.values()]
    .toSorted((a, b) => a.time - b.time)
    .map((point) => ({ time: new Date(point.time).toISOString(), ...measurementsOf(point) }));
}

/** Returns the events of several workers, oldest first, each once. */
export function mergeEvents(workers: readonly (readonly ProcessEvent[])[]): ProcessEvent[] {
  const merged: ProcessEvent[] = [];
  for (const event of workers.flat().toSorted((a, b) => a.time.localeCompare(b.time))) {
    const isKnown = merged.some((known) => isSame(known, event));
    if (!isKnown) merged.push(event);
  }
  return merged;
}

function isSame(a: ProcessEvent, b: ProcessEvent): boolean {
  if (a.kind !== b.kind || a.detail !== b.detail) return false;
  return Math.abs(Date.parse(a.time) - Date.parse(b.time)) < SAME_EVENT_MS;
}
