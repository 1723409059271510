import { setTimeout as delay } from 'node:timers/promises';
import type { Effect } from '../ledger.ts';
import { PACE } from '../pace.ts';
import type { Random } from '../plan.ts';
import { isReady } from '../processes.ts';
import type { World } from '../world.ts';

/** A fault that the run can cause. */
export interface Fault {
  readonly name: string;
  /** Two faults of one group never happen at once. */
  readonly group:
    | 'process'
    | 'gateway'
    | 'collector'
    | 'data'
    | 'models'
    | 'mail'
    | 'clock'
    | 'log'
    | 'clients'
    | 'inputs';
  /** Returns whether the fault is possible in this run. */
  readonly isPossible?: (world: World) => boolean;
  /** Causes the fault, and resolves when its cause is gone and the system has recovered. */
  run(world: World, random: Random): Promise<void>;
}

/** The time in milliseconds within which the system serves again after the end of a fault. */
const RECOVERY_MS = 20_000 * PACE;

/** Runs a fault that may have effects on requests, until the service is ready again. */
export async function withEffects(
  { ledger, service, active }: World,
  fault: string,
  effects: readonly Effect[],
  work: () => Promise<void>,
): Promise<void> {
  const close = ledger.open(fault, effects);
  active.add(fault);
  try {
    await work();
    active.delete(fault);
    const deadline = performance.now() + RECOVERY_MS;
    while (!(await isReady(service.url))) {
      if (performance.now() > deadline) {
        ledger.violate('the service recovers', `not ready ${RECOVERY_MS} ms after ${fault}`);
        break;
      }
      await delay(100);
    }
  } finally {
    active.delete(fault);
    close();
  }
}

/** Waits for a time that the seed decides. */
export function pause(random: Random, fromMs: number, toMs: number): Promise<void> {
  return delay(random.whole(fromMs, toMs));
}
