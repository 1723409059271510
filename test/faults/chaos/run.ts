import { setTimeout as delay } from 'node:timers/promises';
import { checkCounts, checkEnd, checkHealth, checkStorage, checkUsage, measure } from './checks.ts';
import { startClients } from './clients.ts';
import { CLIENT_FAULTS } from './faults/client-faults.ts';
import type { Fault } from './faults/fault.ts';
import { INPUT_FAULTS } from './faults/input-faults.ts';
import { MODEL_FAULTS } from './faults/model-faults.ts';
import { OUTSIDE_FAULTS } from './faults/outside-faults.ts';
import { PROCESS_FAULTS } from './faults/process-faults.ts';
import type { Violation } from './ledger.ts';
import { PACE } from './pace.ts';
import { createRandom, planFaults } from './plan.ts';
import { type ChaosOptions, createWorld, type World } from './world.ts';

const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...OUTSIDE_FAULTS,
  ...MODEL_FAULTS,
  ...CLIENT_FAULTS,
  ...INPUT_FAULTS,
];

/** The time in milliseconds before the first fault, in which the processes reach their usual size. */
const WARM_UP_MS = 4_000;
/** The number of faults that may happen at once. */
const MAX_AT_ONCE = 3;

/** Runs the system under load, causes faults by the plan of the seed, and returns the broken promises. */
export async function runChaos(options: ChaosOptions): Promise<readonly Violation[]> {
  const world = await createWorld(options);
  const { ledger, service, gateway, requests } = world;
  try {
    const possible = FAULTS.filter(({ isPossible }) => isPossible?.(world) ?? true);
    const isFull = world.hasMounts && world.clock !== undefined;
    print(
      `seed ${options.seed}, ${options.seconds} s, WORKERS=${options.workers}, gateway ${gateway ? 'on' : 'off'}, pace ${PACE}`,
    );
    print(
      `${possible.length} of ${FAULTS.length} faults are possible${isFull ? '' : ' (others need root and libfaketime)'}`,
    );
    await service.start();
    await gateway?.start();
    const clients = startClients(world);
    await delay(WARM_UP_MS);
    const start = measure(world);
    await causeFaults(world, possible);
    await clients.stop();
    requests.close();
    await checkHealth(world);
    await checkCounts(world);
    const end = await checkUsage(world, start);
    print(`usage at the start ${JSON.stringify([...start])}, at the end ${JSON.stringify([...end])}`);
    await checkEnd(world);
    checkStorage(world);
    report(world);
    return ledger.violations;
  } finally {
    await service.kill();
    await gateway?.kill();
    await world.close();
  }
}

/** Causes the planned faults. A fault waits for another one of its group, and for its place among those at once. */
async function causeFaults(world: World, possible: readonly Fault[]): Promise<void> {
  const { ledger, options } = world;
  const names = possible.map(({ name }) => name);
  const started = ledger.now();
  const groups = new Map<string, Promise<void>>();
  for (const planned of planFaults(options.seed, names, options.seconds * 1_000)) {
    const fault = possible.find(({ name }) => name === planned.name)!;
    await delay(Math.max(0, started + planned.at - ledger.now()));
    await groups.get(fault.group);
    while (groups.size >= MAX_AT_ONCE) await Promise.race(groups.values());
    if (ledger.now() - started > options.seconds * 1_000) break;
    print(`${seconds(ledger.now())}: ${fault.name}`);
    ledger.count(`fault: ${fault.name}`);
    const running = fault
      .run(world, createRandom(planned.seed))
      .catch((error: Error) => ledger.violate('the run works', `${fault.name}: ${error.stack}`))
      .then(() => checkCounts(world))
      .finally(() => groups.delete(fault.group));
    groups.set(fault.group, running);
  }
  await Promise.all(groups.values());
}

function report({ ledger, service, gateway, collector, options }: World): void {
  const outcomes = [...ledger.outcomes].sort(([a], [b]) => a.localeCompare(b));
  print(outcomes.map(([outcome, count]) => `    ${outcome}: ${count}`).join('\n'));
  const { feedback, changed, mails } = ledger;
  print(
    `acknowledged: ${feedback.size} feedback, ${changed.size} role changes, ${mails.size} mails; telemetry requests: ${collector.accepted}`,
  );
  if (ledger.violations.length === 0) {
    print(`seed ${options.seed}: every promise was kept`);
    return;
  }
  for (const { name, complaints } of [service, ...(gateway ? [gateway] : [])]) {
    print(`the last complaints of the ${name}:\n    ${complaints.join('\n    ')}`);
  }
  print(`seed ${options.seed}: ${ledger.violations.length} broken promises`);
}

const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
