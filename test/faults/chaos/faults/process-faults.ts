import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { PACE } from '../pace.ts';
import { isRunning, trainingsOf, usageOf, workersOf } from '../processes.ts';
import type { World } from '../world.ts';
import { type Fault, pause, withEffects } from './fault.ts';

const hasWorkers = ({ options }: World) => options.workers > 1;
const hasOneProcess = ({ options }: World) => options.workers === 1;
const hasGateway = ({ gateway }: World) => gateway !== undefined;

const MAX_PAUSE_MS = 2_500;
const TRAINING_WAIT_MS = 3_000 * PACE;
/** The time in milliseconds within which ended workers are replaced. */
const WORKERS_MS = 20_000 * PACE;
/** The time in milliseconds in which the last answers of an ended process reach their clients. */
const LAST_ANSWERS_MS = 300 * PACE;

/** Waits until the service has all its workers again. */
async function waitForWorkers({ service, options, ledger }: World): Promise<void> {
  const deadline = performance.now() + WORKERS_MS;
  while (workersOf(service.pid).length < options.workers) {
    if (performance.now() > deadline)
      return ledger.violate('a worker that ended is replaced', `not within ${WORKERS_MS} ms`);
    await delay(100);
  }
}

/** Restarts the service, with an effect on its counters. */
async function restart({ service, ledger }: World, end: () => Promise<void>, env = {}): Promise<void> {
  const workers = workersOf(service.pid);
  await end();
  // Workers whose supervisor was killed answer the requests that they have.
  const deadline = performance.now() + WORKERS_MS;
  while (workers.some(isRunning) && performance.now() < deadline) await delay(50);
  await delay(LAST_ANSWERS_MS);
  ledger.resetPredictions();
  await service.start(env);
}

/** Sends a signal to a process that may have ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

/** The faults of processes. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 of the service',
    group: 'process',
    run: (world) =>
      withEffects(world, 'kill -9 of the service', ['refused', 'lost', 'slow'], () =>
        restart(world, world.service.kill),
      ),
  },
  {
    name: 'kill -9 of a worker',
    group: 'process',
    isPossible: hasWorkers,
    run: (world, random) =>
      withEffects(world, 'kill -9 of a worker', ['lost', 'slow'], async () => {
        signal(random.pick(workersOf(world.service.pid)), 'SIGKILL');
        await delay(LAST_ANSWERS_MS);
        world.ledger.addKill();
        await waitForWorkers(world);
      }),
  },
  {
    name: 'kill -9 of all workers at once',
    group: 'process',
    isPossible: hasWorkers,
    // The port stays open: connections wait for a replacement.
    run: (world) =>
      withEffects(world, 'kill -9 of all workers', ['lost', 'slow'], async () => {
        for (const pid of workersOf(world.service.pid)) signal(pid, 'SIGKILL');
        await delay(LAST_ANSWERS_MS);
        world.ledger.addKill();
        await waitForWorkers(world);
      }),
  },
  {
    name: 'SIGTERM to a worker',
    group: 'process',
    isPossible: hasWorkers,
    run: (world, random) =>
      withEffects(world, 'SIGTERM to a worker', ['lost'], async () => {
        const pid = random.pick(workersOf(world.service.pid));
        signal(pid, 'SIGTERM');
        const deadline = performance.now() + WORKERS_MS;
        while (workersOf(world.service.pid).includes(pid) && performance.now() < deadline) await delay(50);
        await waitForWorkers(world);
      }),
  },
  ...(['SIGTERM', 'SIGHUP', 'SIGINT'] as const).map(
    (name): Fault => ({
      name: `${name} to the service`,
      group: 'process',
      run: (world) =>
        withEffects(world, `${name} to the service`, ['refused', 'lost', 'slow'], () =>
          restart(world, () => world.service.stop(name)),
        ),
    }),
  ),
  {
    name: 'restart with a small heap',
    group: 'process',
    run: (world) =>
      withEffects(world, 'restart with a small heap', ['refused', 'lost', 'slow'], () =>
        restart(world, world.service.stop, { NODE_OPTIONS: '--max-old-space-size=96' }),
      ),
  },
  {
    name: 'SIGSTOP of the service',
    group: 'process',
    run: (world, random) =>
      withEffects(world, 'SIGSTOP of the service', ['slow'], async () => {
        signal(world.service.pid, 'SIGSTOP');
        await pause(random, 200, MAX_PAUSE_MS);
        signal(world.service.pid, 'SIGCONT');
      }),
  },
  {
    name: 'SIGSTOP of a worker',
    group: 'process',
    isPossible: hasWorkers,
    run: (world, random) =>
      withEffects(world, 'SIGSTOP of a worker', ['slow'], async () => {
        const pid = random.pick(workersOf(world.service.pid));
        signal(pid, 'SIGSTOP');
        await pause(random, 200, MAX_PAUSE_MS);
        signal(pid, 'SIGCONT');
      }),
  },
  {
    name: 'kill -9 of a stopped worker',
    group: 'process',
    isPossible: hasWorkers,
    run: (world, random) =>
      withEffects(world, 'kill -9 of a stopped worker', ['slow', 'lost'], async () => {
        const pid = random.pick(workersOf(world.service.pid));
        signal(pid, 'SIGSTOP');
        await delay(LAST_ANSWERS_MS);
        world.ledger.addKill();
        await pause(random, 200, MAX_PAUSE_MS);
        signal(pid, 'SIGKILL');
        await waitForWorkers(world);
      }),
  },
  {
    name: 'SIGPIPE to all processes',
    group: 'process',
    async run({ service, gateway }) {
      for (const pid of [service.pid, ...workersOf(service.pid), ...(gateway ? [gateway.pid] : [])])
        signal(pid, 'SIGPIPE');
    },
  },
  {
    name: 'few descriptors',
    group: 'process',
    run: (world, random) => {
      const pids = [world.service.pid, ...workersOf(world.service.pid)];
      return withEffects(world, 'few descriptors', ['lost', 'refused', 'slow'], async () => {
        for (const pid of pids) limitDescriptors(pid, (usageOf(pid)?.descriptors ?? 64) + random.whole(0, 8));
        await pause(random, 1_000, MAX_PAUSE_MS);
        for (const pid of pids) limitDescriptors(pid, 4_096);
      });
    },
  },
  {
    name: 'kill -9 of a retraining',
    group: 'process',
    async run({ requests, service }, random) {
      const started = await requests.send('POST', `${service.url}/models/spam/retrain`, {});
      if (started.kind === 'lost' || started.status !== 202) return;
      const deadline = performance.now() + TRAINING_WAIT_MS;
      while (trainingsOf(service.pid).length === 0 && performance.now() < deadline) await delay(20);
      await pause(random, 0, 500);
      for (const pid of trainingsOf(service.pid)) signal(pid, 'SIGKILL');
    },
  },
  {
    name: 'kill -9 of the service in a retraining',
    group: 'process',
    isPossible: hasOneProcess,
    async run(world) {
      const { requests, service } = world;
      await requests.send('POST', `${service.url}/models/spam/retrain`, {});
      await withEffects(world, 'kill -9 of the service in a retraining', ['refused', 'lost', 'slow'], () =>
        restart(world, service.kill),
      );
    },
  },
  {
    name: 'kill -9 of the gateway',
    group: 'gateway',
    isPossible: hasGateway,
    run: (world) =>
      withEffects(world, 'kill -9 of the gateway', ['refused', 'lost', 'slow'], async () => {
        await world.gateway?.kill();
        await world.gateway?.start();
      }),
  },
  {
    name: 'SIGTERM to the gateway',
    group: 'gateway',
    isPossible: hasGateway,
    run: (world) =>
      withEffects(world, 'SIGTERM to the gateway', ['refused', 'lost', 'slow'], async () => {
        await world.gateway?.stop();
        await world.gateway?.start();
      }),
  },
  {
    name: 'SIGSTOP of the gateway',
    group: 'gateway',
    isPossible: hasGateway,
    run: (world, random) =>
      withEffects(world, 'SIGSTOP of the gateway', ['slow'], async () => {
        signal(world.gateway!.pid, 'SIGSTOP');
        await pause(random, 200, MAX_PAUSE_MS);
        signal(world.gateway!.pid, 'SIGCONT');
      }),
  },
];

/** Sets the soft limit of open files of a running process. */
function limitDescriptors(pid: number, limit: number): void {
  try {
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`], { stdio: 'ignore' });
  } catch {
    // The process has ended.
  }
}
