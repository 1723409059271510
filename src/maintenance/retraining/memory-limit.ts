import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

const MB = 1024 * 1024;
const MIN_LIMIT_MB = 64;
const MAX_LIMIT_MB = 2_048;

/** The memory in bytes that a serving process may grow to. Measured: 124 MB after a hundred mails, up to 200 MB under load. */
const SERVING_BYTES = 200 * MB;

/** The share of the memory that stays free: for the supervisor, and for what a training allocates between two checks. */
const RESERVE = 0.1;

/** The memory of this machine or container, in bytes. */
export interface Memory {
  /** The limit of the container; 0 or more than `total` if there is none. */
  readonly constrained: number;
  readonly total: number;
  /** The memory of this process, without pages of files: the kernel takes those back when it needs memory. */
  readonly own: number;
}

/**
 * Returns the memory limit of a training in MB, for a policy without `retrain.maxMemoryMB`: the part of the container's or
 * the machine's memory that the serving processes leave, at least 64 and at most 2,048.
 *
 * `process.availableMemory()` does not measure that part, because it counts the page cache as used. A container that has
 * written its logs and its database for some hours would have nearly nothing available.
 *
 * @param servingProcesses the number of processes that serve requests in this container
 */
export function defaultMaxMemoryMB(servingProcesses: number, memory: Memory = readMemory()): number {
  const limit = Math.min(memory.constrained || Number.POSITIVE_INFINITY, memory.total);
  const service = servingProcesses * Math.max(SERVING_BYTES, memory.own);
  const rest = Math.floor(((1 - RESERVE) * limit - service) / MB);
  return Math.min(Math.max(rest, MIN_LIMIT_MB), MAX_LIMIT_MB);
}

function readMemory(): Memory {
  return { constrained: process.constrainedMemory(), total: totalmem(), own: readOwnMemory() };
}

function readOwnMemory(): number {
  try {
    const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Only Linux has this file.
  }
  return process.memoryUsage.rss();
}
