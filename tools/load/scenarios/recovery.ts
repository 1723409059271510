import type { PhaseResult, TimelineRow } from './run.ts';

const slower = 2;
const leastLimitMs = 10;

/**
 * How long a service needed after a spike to be as fast as before: until the end of the last window whose 99th percentile was
 * above twice that of the time before the spike, or which had a failed request.
 *
 * @returns `seconds` null where it was still slow at the end, or nothing is known of the time before
 */
export function recoverySeconds(
  [before, , after]: readonly PhaseResult[],
  timeline: readonly TimelineRow[],
): { seconds: number | null; limitMs: number } {
  const limitMs = Math.max(leastLimitMs, slower * (before?.latency?.p99 ?? 0));
  const windows = timeline.filter(({ phase }) => phase === after?.name);
  if (after === undefined || before?.latency == null || windows.length === 0) return { seconds: null, limitMs };
  const slow = windows.findLastIndex(
    ({ failed, latency }) => failed > 0 || (latency !== null && latency.p99 > limitMs),
  );
  if (slow === -1) return { seconds: 0, limitMs };
  if (slow === windows.length - 1) return { seconds: null, limitMs };
  return { seconds: windows[slow]!.seconds - after.from, limitMs };
}
