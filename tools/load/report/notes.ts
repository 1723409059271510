import type { Stability } from '../scenarios/result.ts';
import type { PhaseResult } from '../scenarios/run.ts';
import type { ScenarioName } from '../scenarios/scenarios.ts';
import { format } from '../scenarios/thresholds.ts';

const lateMs = 10;
const leastAnswered = 0.97;

/** What a reader has to know before they believe the numbers. */
export function notesOf(
  scenario: ScenarioName,
  judged: readonly PhaseResult[],
  metricsProblem: string | undefined,
  stability: Stability | null,
  interrupted: boolean,
): string[] {
  const notes: string[] = [];
  if (interrupted) notes.push('The run was stopped before its end.');
  for (const { name, pressure, perSecond, lateness } of judged) {
    if (lateness !== null && lateness.p99 > lateMs) {
      notes.push(
        `Phase ${name}: the load generator itself was late (p99 ${format(lateness.p99)} ms), so latencies are upper bounds. Give it a core of its own, or ask for less.`,
      );
    }
    if ('rate' in pressure && perSecond < pressure.rate * leastAnswered) {
      notes.push(
        `Phase ${name}: ${format(pressure.rate)}/s were asked for, ${format(perSecond)}/s were answered well: more than the service can take.`,
      );
    }
    if ('connections' in pressure) {
      notes.push(
        `Phase ${name} is a closed loop: a stalled service slows the load down, so that its latencies look better than users would find them. Use --rate to see stalls.`,
      );
    }
  }
  if (metricsProblem !== undefined) {
    notes.push(`No memory and CPU: ${metricsProblem}. Name the service's metrics endpoint with --metrics URL.`);
  }
  if (scenario === 'soak' && (stability === null || stability.memory.length === 0)) {
    notes.push('There is no verdict on leaks: the memory of the service is not known.');
  }
  for (const { verdict, what, reason } of stability?.memory ?? []) {
    if (verdict === 'unsure') notes.push(`No verdict on a leak in ${what}: ${reason}.`);
  }
  return notes;
}
