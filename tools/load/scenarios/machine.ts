import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** The machine that ran the load generator. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** The mean number of processes that ran or waited for a core, in the minute before the run and in its last minute. */
  readonly load: { readonly before: number; readonly after: number };
  /** True if the service runs on the same machine, by its address. */
  readonly sharedWithTarget: boolean;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * Describes this machine.
 *
 * @param loadBefore the result of `currentLoad` before the run
 */
export function describeMachine(target: URL, loadBefore: number): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    load: { before: loadBefore, after: currentLoad() },
    sharedWithTarget: LOOPBACK.test(target.hostname),
  };
}

/** Returns the load of this machine in the last minute; 0 on Windows, which does not measure it. */
export function currentLoad(): number {
  return loadavg()[0] ?? 0;
}
