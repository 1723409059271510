import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Component } from './components.ts';
import { tail } from './run.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** A component that was started here. */
export interface Running {
  component: Component;
  pid: number;
  log: string;
  /** Settles when the process ends, for whatever reason. */
  exited: Promise<string>;
  /** Asks the process to end, waits for it, and ends it by force after the component's own limit. Says whether force was needed. */
  stop: () => Promise<boolean>;
  /** Ends the process and everything that it started, at once. */
  kill: () => void;
}

const alive = new Set<() => void>();

// However this process ends, nothing that it started is left behind.
process.on('exit', () => {
  for (const kill of alive) kill();
});

/** Starts a component with its output in a log file, and returns when its health endpoint says that it is ready. */
export async function start(component: Component, log: string, signal: AbortSignal): Promise<Running> {
  const running = await launch(component, log);
  try {
    await waitUntilReady(running, signal);
  } catch (error) {
    running.kill();
    await running.exited;
    throw error;
  }
  return running;
}

async function launch(component: Component, log: string): Promise<Running> {
  await mkdir(dirname(log), { recursive: true });
  const file = await open(log, 'w');
  // A process group of its own: Ctrl-C in a terminal reaches only the stack's main process, which stops the others in order.
  const child = spawn(component.file, component.args, {
    cwd: component.cwd,
    env: { ...process.env, ...component.env },
    stdio: ['ignore', file.fd, file.fd],
    detached: true,
  });
  let ended = false;
  const kill = () => {
    if (!ended && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`));
  }).then((reason) => {
    ended = true;
    alive.delete(kill);
    return reason;
  });
  child.once('close', () => void file.close());
  if (child.pid === undefined) throw new Error(`${component.name} could not be started: ${await exited}`);
  alive.add(kill);
  const stop = async () => {
    child.kill('SIGTERM');
    const patience = new AbortController();
    const forced = await Promise.race([
      exited.then(() => false),
      delay(component.stopWithinMs, true, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (forced) kill();
    await exited;
    return forced;
  };
  return { component, pid: child.pid, log, exited, stop, kill };
}

async function waitUntilReady({ component, log, exited }: Running, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(READY_WITHIN_MS);
  let end: string | undefined;
  void exited.then((reason) => {
    end = reason;
  });
  while (!(await answersOk(component.health, deadline))) {
    signal.throwIfAborted();
    if (end !== undefined)
      throw new Error(`${component.name} did not start (${end}). Its log, ${log}, ends:\n${await tail(log)}`);
    if (deadline.aborted) {
      throw new Error(
        `${component.name} was not ready at ${component.health} within ${READY_WITHIN_MS / 1000} s. ` +
          `Its log, ${log}, ends:\n${await tail(log)}`,
      );
    }
    await delay(POLL_MS);
  }
}

async function answersOk(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
