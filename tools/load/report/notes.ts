import type { ResourceRow } from '../scenarios/resource-watch.ts';
import type { LoadResult } from '../scenarios/result.ts';
import type { PhaseResult } from '../scenarios/run.ts';
import { format } from '../scenarios/thresholds.ts';

const MAX_LATENESS_MS = 10;
/** The generator is a part of the measurement if it is later than this share of the median latency. */
const MAX_LATENESS_SHARE = 0.15;
const MIN_ANSWERED_SHARE = 0.97;
/** The share of the cores of a machine above which its other work is a part of the measurement. */
const MAX_LOAD = 1;

/** Returns sentences about conditions that make the numbers of a run less reliable. */
export function notesOf(result: Omit<LoadResult, 'notes'>): string[] {
  const { checkedPhases, metrics, interrupted, measuredOnly } = result;
  return [
    ...(interrupted ? ['The run was stopped before its end.'] : []),
    ...(measuredOnly ? ['Nothing limited the result, so this run only measured: set --min-rps, or --baseline.'] : []),
    ...checkedPhases.flatMap(phaseNotes),
    ...machineNotes(result),
    ...trafficNotes(result),
    ...(metrics.problem === null
      ? []
      : [`No memory and CPU: ${metrics.problem}. Set the metrics endpoint of the service with --metrics URL.`]),
    ...stabilityNotes(result),
  ];
}

function phaseNotes({ name, loadLevel, perSecond, lateness, latency }: PhaseResult): string[] {
  const notes: string[] = [];
  const isLate = lateness !== null && lateness.p99 > MAX_LATENESS_MS;
  const isLateInMedian =
    lateness !== null && latency !== null && lateness.p50 > latency.p50 * MAX_LATENESS_SHARE && lateness.p50 > 0.1;
  if (isLate || isLateInMedian) {
    notes.push(
      `Phase ${name}: the load generator itself was late (p50 ${format(lateness.p50)} ms, p99 ${format(lateness.p99)} ms), so it sent requests in bunches, in which some wait for others. Give it a core of its own, or lower the rate.`,
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
  return notes;
}

function machineNotes({ machine, comparison }: Omit<LoadResult, 'notes'>): string[] {
  const notes: string[] = [];
  if (machine.load.before > machine.cores * MAX_LOAD) {
    notes.push(
      `The machine was busy before the run: a load of ${format(machine.load.before)} on ${machine.cores} cores. Latencies contain the wait for a core.`,
    );
  }
  return [...notes, ...(comparison?.differences ?? [])];
}

function trafficNotes({ settings, data, versions, resources }: Omit<LoadResult, 'notes'>): string[] {
  const notes: string[] = [];
  const [first] = versions;
  if (data.name === 'sample mails' && first !== undefined && !first.version.startsWith('spam@')) {
    notes.push(
      `The texts are sample mails, and ${first.version} may meet others: send its own traffic with --data FILE.`,
    );
  }
  if (settings.synthetic && resources.length > 1 && countSynthetic(resources) === 0) {
    notes.push(
      'The service counted the predictions as real ones: it honours --synthetic only from a token with the scope manage.',
    );
  }
  return notes;
}

function countSynthetic(resources: readonly ResourceRow[]): number {
  return (resources.at(-1)?.syntheticPredictions ?? 0) - (resources[0]?.syntheticPredictions ?? 0);
}

function stabilityNotes({ scenario, stability }: Omit<LoadResult, 'notes'>): string[] {
  const notes: string[] = [];
  if (scenario === 'soak' && (stability === null || stability.memory.length === 0)) {
    notes.push('There is no verdict on leaks: the memory of the service is not known.');
  }
  for (const { verdict, quantity, reason } of stability?.memory ?? []) {
    if (verdict === 'unsure') notes.push(`No verdict on a leak in ${quantity}: ${reason}.`);
  }
  return notes;
}
