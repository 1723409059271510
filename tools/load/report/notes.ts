import type { Stability } from '../scenarios/result.ts';
import type { PhaseResult } from '../scenarios/run.ts';
import type { ScenarioName } from '../scenarios/scenarios.ts';
import { format } from '../scenarios/thresholds.ts';

const MAX_LATENESS_MS = 10;
const MIN_ANSWERED_SHARE = 0.97;

/** Returns sentences about conditions that make the numbers of a run less reliable. */
export function notesOf(
  scenario: ScenarioName,
  checkedPhases: readonly PhaseResult[],
  metricsProblem: string | undefined,
  stability: Stability | null,
  interrupted: boolean,
): string[] {
  const notes: string[] = [];
  if (interrupted) notes.push('The run was stopped before its end.');
  for (const { name, loadLevel, perSecond, lateness } of checkedPhases) {
    if (lateness !== null && lateness.p99 > MAX_LATENESS_MS) {
      notes.push(
        `Phase ${name}: the load generator itself was late (p99 ${format(lateness.p99)} ms), so latencies are upper bounds. Give it a core of its own, or lower the rate.`,
      );
    }
    if ('rate' in loadLevel && perSecond < loadLevel.rate * MIN_ANSWERED_SHARE) {
      notes.push(
        `Phase ${name}: ${format(loadLevel.rate)}/s were requested, ${format(perSecond)}/s were answered successfully: the service cannot handle this rate.`,
      );
    }
    if ('connections' in loadLevel) {
      notes.push(
        `Phase ${name} is a closed loop: a stalled service slows the load down, so its latencies look better than users would see them. Use --rate to see stalls.`,
      );
    }
  }
  if (metricsProblem !== undefined) {
    notes.push(`No memory and CPU: ${metricsProblem}. Set the metrics endpoint of the service with --metrics URL.`);
  }
  if (scenario === 'soak' && (stability === null || stability.memory.length === 0)) {
    notes.push('There is no verdict on leaks: the memory of the service is not known.');
  }
  for (const { verdict, quantity, reason } of stability?.memory ?? []) {
    if (verdict === 'unsure') notes.push(`No verdict on a leak in ${quantity}: ${reason}.`);
  }
  return notes;
}
