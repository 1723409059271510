import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';
import { PACE } from './pace.ts';

/** The setting of all processes. It must be longer than a drain, and short enough to be seen. */
export const SHUTDOWN_TIMEOUT_MS = Math.round(5_000 * PACE);
/** The time in milliseconds that the system needs to end a process, on a busy machine. */
const END_MARGIN_MS = 1_500 * PACE;
const READY_TIMEOUT_MS = 30_000 * PACE;
/** The pause in milliseconds before a process that has ended by itself is started again. */
const RESTART_MS = 500;
const PROBE_TIMEOUT_MS = 2_000 * PACE;
/** The exit code of a start with a folder that cannot be used. */
const EXIT_CONFIG = 78;
const MAX_LINES = 40;

/** A process of the system that is started again when it ends, as a process manager does. */
export interface ManagedProcess {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** The last log lines of level error and above, and standard error. */
  readonly complaints: readonly string[];
  /** Sends SIGTERM or SIGHUP, and checks that the process ends in time and without an error. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  kill(): Promise<void>;
  /** Starts the process again, and resolves when it is ready. */
  start(env?: Record<string, string>): Promise<void>;
  /** Stops or continues to read the log, or closes its pipe until the next start. */
  setLog(state: 'read' | 'stopped' | 'closed'): void;
}

/** Options of `manageProcess`. */
export interface ProcessOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly url: string;
  readonly ledger: Ledger;
  /** Returns whether a fault is active that can keep the process from starting. */
  readonly mayRefuseStart: () => boolean;
}

/** Creates a process of the system. The caller starts it. */
export function manageProcess({ name, args, env, url, ledger, mayRefuseStart }: ProcessOptions): ManagedProcess {
  let child: ChildProcess | undefined;
  let isEndExpected = false;
  let ended: Promise<{ code: number | null; signal: string | null }> = Promise.resolve({ code: 0, signal: null });
  const complaints: string[] = [];

  function complain(line: string): void {
    complaints.push(line.slice(0, 1_500));
    if (complaints.length > MAX_LINES) complaints.shift();
  }

  function readLine(line: string): void {
    if (/"level":"(?:error|fatal)"/.test(line)) complain(line);
    if (line.includes('"level":"fatal"')) ledger.violate('no process fails within', `${name}: ${line.slice(0, 1_500)}`);
  }

  function spawnChild(extra: Record<string, string>): void {
    const spawned = spawn(process.execPath, args, { env: { ...env, ...extra }, stdio: ['ignore', 'pipe', 'pipe'] });
    child = spawned;
    isEndExpected = false;
    createInterface({ input: spawned.stdout! }).on('line', readLine);
    createInterface({ input: spawned.stderr! }).on('line', (line) => complain(`stderr: ${line}`));
    ended = new Promise((resolve) => {
      spawned.once('exit', (code, signal) => {
        resolve({ code, signal });
        if (isEndExpected) return;
        setTimeout(() => {
          if (child === spawned && !isEndExpected) spawnChild(extra);
        }, RESTART_MS);
        if (code === EXIT_CONFIG && mayRefuseStart()) return;
        ledger.violate(
          'no process ends by itself',
          `${name} ended with ${code ?? signal}: ${complaints.slice(-3).join(' | ')}`,
        );
      });
    });
  }

  return {
    name,
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    complaints,
    async stop(signal = 'SIGTERM') {
      isEndExpected = true;
      // It is about to be started again.
      if (child?.exitCode !== null || child.signalCode !== null) return;
      const started = performance.now();
      child.kill(signal);
      const late = delay(SHUTDOWN_TIMEOUT_MS + END_MARGIN_MS, undefined, { ref: false }).then(() => undefined);
      const end = await Promise.race([ended, late]);
      if (!end) {
        ledger.violate(
          'every process ends in time',
          `${name} lives ${Math.round(performance.now() - started)} ms after ${signal}`,
        );
        child?.kill('SIGKILL');
        await ended;
      } else if (end.code !== 0) {
        ledger.violate('a stop is no error', `${name} ended with ${end.code ?? end.signal} after ${signal}`);
      }
    },
    async kill() {
      isEndExpected = true;
      child?.kill('SIGKILL');
      await ended;
    },
    async start(extra = {}) {
      spawnChild(extra);
      const deadline = performance.now() + READY_TIMEOUT_MS;
      while (!(await isReady(url))) {
        if (performance.now() > deadline) {
          ledger.violate('a process that was started is ready', `${name}: ${complaints.slice(-5).join(' | ')}`);
          return;
        }
        await delay(100);
      }
    },
    setLog(state) {
      if (state === 'closed') child?.stdout?.destroy();
      else if (state === 'stopped') child?.stdout?.pause();
      else child?.stdout?.resume();
    },
  };
}

/** Returns whether a server answers that it is ready. */
export function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, {
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    headers: { connection: 'close' },
  }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

/** Returns the ids of the processes that a process has started, and of their children, without those that have ended. */
export function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task`;
  if (!existsSync(path)) return [];
  const children = readdirSync(path).flatMap((task) => readNumbers(`${path}/${task}/children`));
  return [...new Set(children)].flatMap((child) => [child, ...childrenOf(child)]);
}

/** Returns the ids of the worker processes of a supervisor. */
export function workersOf(pid: number): number[] {
  return childrenOf(pid).filter((child) => commandOf(child).includes('src/main.ts'));
}

/** Returns the ids of the training processes of a service. */
export function trainingsOf(pid: number): number[] {
  return childrenOf(pid).filter((child) => commandOf(child).includes('training-process.ts'));
}

/** Returns whether a process has not ended. */
export function isRunning(pid: number): boolean {
  return commandOf(pid) !== '';
}

function commandOf(pid: number): string {
  return readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** The present use of resources by a process. */
export interface Usage {
  readonly megabytes: number;
  readonly descriptors: number;
}

/** Returns what a process uses, or undefined if it has ended. */
export function usageOf(pid: number): Usage | undefined {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`))?.[1];
  if (kilobytes === undefined) return undefined;
  return { megabytes: Number(kilobytes) / 1_024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function readNumbers(path: string): number[] {
  return readText(path).split(/\s+/).filter(Boolean).map(Number);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
