import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../tools/stack/ports.ts';
import { cpuSeconds } from '../harness/process-usage.ts';

/** The ways in which several processes can share a port. */
const WAYS = {
  supervisor: 'the supervisor accepts, and hands over (used)',
  cluster: '`node:cluster`, round-robin, as it is',
  'reuse-port': '`SO_REUSEPORT`: each worker has a socket',
} as const;

const VARIANT = new URL('./variant.ts', import.meta.url);
const CLIENTS = 32;
/** The time between two kills in milliseconds: of one worker, and of all, which need longer to start again. */
const KILL_ONE_MS = 1_000;
const KILL_ALL_MS = 4_000;
const NO_ANSWER_MS = 10_000;
const KEPT_CONNECTIONS = 64;

interface Outcome {
  readonly way: string;
  /** The CPU time of all processes of the server for one connection, in microseconds. */
  readonly cpuMicroseconds: number;
  /** The connections of the busiest worker, of `KEPT_CONNECTIONS`. */
  readonly busiest: number;
  readonly oneKilled: ReadonlyMap<string, number>;
  readonly allKilled: ReadonlyMap<string, number>;
}

/**
 * Compares ways to share a port between processes: the CPU time of a connection, their spread over the workers, and what their
 * clients meet while workers are killed (`kill -9`). Each request has a connection of its own. Prints a Markdown table.
 */
export async function runPortBenchmark(full: boolean): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const way of Object.keys(WAYS)) outcomes.push(await measure(way, full ? 20 : 8));
  process.stdout.write(table(outcomes));
}

async function measure(way: string, seconds: number): Promise<Outcome> {
  const { service: port } = await freePorts();
  const server = spawn(process.execPath, [fileURLToPath(VARIANT), way, String(port)], { stdio: 'inherit' });
  try {
    const pids = await findWorkers(port);
    await load(port, pids, seconds / 4);
    const before = await cpuSeconds(server.pid!);
    const quiet = await load(port, pids, seconds);
    const used = (await cpuSeconds(server.pid!)) - before;
    const cpuMicroseconds = Math.round((used * 1e6) / (quiet.get('answered') ?? 1));
    const busiest = await spread(port);
    const oneKilled = await load(port, pids, seconds, KILL_ONE_MS, () => kill([...pids].slice(0, 1)));
    await delay(2_000);
    const allKilled = await load(port, pids, seconds, KILL_ALL_MS, () => kill([...pids]));
    return { way, cpuMicroseconds, busiest, oneKilled, allKilled };
  } finally {
    await end(server);
  }
}

async function end(server: ChildProcess): Promise<void> {
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

/** Waits until both workers answer. Returns their ids. The set is updated by each further answer. */
async function findWorkers(port: number): Promise<Set<number>> {
  const pids = new Set<number>();
  while (pids.size < 2) if ((await get(port, pids)) !== 'answered') await delay(50);
  return pids;
}

/** Sends requests from many clients for a time. Returns the number of outcomes. */
async function load(port: number, pids: Set<number>, seconds: number, everyMs = 0, disturb?: () => void) {
  const outcomes = new Map<string, number>();
  const until = performance.now() + seconds * 1_000;
  const timer = disturb && setInterval(disturb, everyMs);
  const client = async () => {
    while (performance.now() < until) {
      const outcome = await get(port, pids);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      // A refused client would otherwise try again thousands of times.
      if (outcome !== 'answered') await delay(10);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  clearInterval(timer);
  return outcomes;
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}

/** Returns the number of connections of the busiest worker, of those that were opened at once. */
async function spread(port: number): Promise<number> {
  const counts = new Map<number, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: KEPT_CONNECTIONS });
  const count = async () => {
    const pids = new Set<number>();
    await get(port, pids, agent);
    for (const pid of pids) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  };
  await Promise.all(Array.from({ length: KEPT_CONNECTIONS }, count));
  agent.destroy();
  return Math.max(...counts.values());
}

/** Requests the id of a worker. Only the last ids that answered are kept. */
function get(port: number, pids: Set<number>, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ port, host: '127.0.0.1', agent, timeout: NO_ANSWER_MS }, (response) => {
      response.setEncoding('utf8').once('data', (pid: string) => {
        pids.delete(Number(pid));
        pids.add(Number(pid));
        if (pids.size > 2) pids.delete(pids.values().next().value!);
      });
      response.once('end', () => resolve('answered'));
      response.once('error', () => resolve('reset'));
    });
    sent.once('timeout', () => {
      resolve('no answer');
      sent.destroy();
    });
    sent.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? 'refused' : 'reset'));
    sent.end();
  });
}

function table(outcomes: readonly Outcome[]): string {
  const describe = (counts: ReadonlyMap<string, number>) =>
    ['answered', 'reset', 'refused', 'no answer'].map((kind) => counts.get(kind) ?? 0).join(' / ');
  const rows = outcomes.map(
    ({ way, cpuMicroseconds, busiest, oneKilled, allKilled }) =>
      `| ${WAYS[way as keyof typeof WAYS]} | ${cpuMicroseconds} µs | ${busiest} of ${KEPT_CONNECTIONS} | ${describe(oneKilled)} | ${describe(allKilled)} |\n`,
  );
  return (
    `| way | CPU time of a connection | busiest of two workers | one worker killed each second | all workers killed each ${KILL_ALL_MS / 1_000} s |\n` +
    `| --- | ---: | ---: | --- | --- |\n${rows.join('')}` +
    '\nThe last two columns: requests answered / reset / refused / without an answer for ten seconds.\n'
  );
}
