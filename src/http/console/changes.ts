import type { Change, ProcessHistory, ProcessPoint } from '../../recent/prediction-row.ts';

/** The points on each side of a possible step in the traffic. */
const STEP_POINTS = 6;

/** A step is a change of the rate by this factor that chance would give once in three million cases. */
const MIN_FACTOR = 1.5;
const MIN_DEVIATIONS = 5;

/** The shortest time before the selection that counts as its window. */
const MIN_LEAD_MS = 60_000;

/** Returns what changed in the window of some predictions, oldest first. Times are in milliseconds since the epoch. */
export function findChanges({ events, points, stepSeconds }: ProcessHistory, from: number, to: number): Change[] {
  const windowStart = from - Math.max(MIN_LEAD_MS, to - from);
  const isInWindow = ({ time }: { time: string }) => Date.parse(time) >= windowStart && Date.parse(time) <= to;
  const changes: Change[] = events.map(({ time, kind, detail }) => ({ time, kind, detail }));
  return [...changes, ...trafficSteps(points, stepSeconds)]
    .filter(isInWindow)
    .toSorted((a, b) => a.time.localeCompare(b.time));
}

/** Finds the places where the rate of requests changed most, compared with the minute before and after. */
function trafficSteps(points: readonly ProcessPoint[], stepSeconds: number): Change[] {
  const counts = points.map(({ requestsPerSecond }) => requestsPerSecond * stepSeconds);
  const sum = (from: number) => counts.slice(from, from + STEP_POINTS).reduce((total, count) => total + count, 0);
  const steps: Change[] = [];
  let strongest = 0;
  for (let at = STEP_POINTS; at + STEP_POINTS <= counts.length; at += 1) {
    const before = sum(at - STEP_POINTS);
    const after = sum(at);
    const deviations = Math.abs(after - before) / Math.sqrt(before + after + 1);
    const factor = (Math.max(before, after) + 1) / (Math.min(before, after) + 1);
    if (deviations < MIN_DEVIATIONS || factor < MIN_FACTOR) {
      strongest = 0;
      continue;
    }
    // Neighbours see the same step. The strongest of them is the place.
    if (strongest > 0 && deviations <= strongest) continue;
    if (strongest > 0) steps.pop();
    strongest = deviations;
    const rate = (count: number) => (count / (STEP_POINTS * stepSeconds)).toFixed(1);
    const detail = `Requests went from ${rate(before)} to ${rate(after)} per second.`;
    steps.push({ time: points[at - 1]!.time, kind: 'traffic', detail });
  }
  return steps;
}
