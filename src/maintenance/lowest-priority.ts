import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Gives a process the lowest priority there is, with all its threads. Linux keeps a priority for each thread, those of
 * collecting garbage too; one that is started later has the priority of the one that starts it.
 */
export function lowerPriority(pid: number): void {
  lower(pid);
  let threads: string[] = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // No Linux: the priority was that of the whole process.
  }
  for (const thread of threads) lower(Number(thread));
}

function lower(id: number): void {
  try {
    setPriority(id, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended meanwhile.
  }
}
