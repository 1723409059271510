import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Component } from './components.ts';
import { tail } from './run.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** A component that this process started. */
export interface RunningComponent {
  component: Component;
  pid: number;
  log: string;
  /** Resolves to the reason when the process has ended. */
  exited: Promise<string>;
  /**
   * Sends SIGTERM, waits for the end, and kills the process after `stopWithinMs`. Resolves to true if it was killed.
   */
  stop: () => Promise<boolean>;
  /** Kills the process and all its children at once. */
  kill: () => void;
}

const alive = new Set<() => void>();

// No component stays behind, even after an uncaught error.
process.on('exit', () => {
  for (const kill of alive) kill();
});

/**
 * Starts a component with its output in a log file, and resolves when its health URL answers 200.
 *
 * @throws {Error} if the component cannot be started, ends, is not ready within 60 s, or if `signal` is aborted
 */
export async function start(component: Component, log: string, signal: AbortSignal): Promise<RunningComponent> {
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

async function launch(component: Component, log: string): Promise<RunningComponent> {
  await mkdir(dirname(log), { recursive: true });
  const file = await open(log, 'w');
  // With a process group of its own, Ctrl-C in a terminal reaches only this process, which stops the others in order.
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
    const timer = new AbortController();
    const timedOut = await Promise.race([
      exited.then(() => false),
      delay(component.stopWithinMs, true, { signal: timer.signal }).catch(() => false),
    ]);
    timer.abort();
    if (timedOut) kill();
    await exited;
    return timedOut;
  };
  return { component, pid: child.pid, log, exited, stop, kill };
}

async function waitUntilReady({ component, log, exited }: RunningComponent, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(READY_WITHIN_MS);
  let end: string | undefined;
  void exited.then((reason) => {
    end = reason;
  });
  while (!(await answersOk(component.health, deadline))) {
    signal.throwIfAborted();
    if (end !== undefined)
      throw new Error(`${component.name} did not start (${end}). The end of its log ${log}:\n${await tail(log)}`);
    if (deadline.aborted) {
      throw new Error(
        `${component.name} was not ready at ${component.health} within ${READY_WITHIN_MS / 1000} s. ` +
          `The end of its log ${log}:\n${await tail(log)}`,
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
