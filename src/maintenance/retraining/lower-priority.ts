import { readdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Lowers the CPU priority of a process and of all its threads. The process must lead a session of its own.
 *
 * Linux has a priority for each thread, also for those of the garbage collector. A new thread inherits the priority of the
 * thread that starts it. Where Linux groups sessions (`sched_autogroup_enabled`), a priority counts only within its session.
 * There the session needs a priority too: otherwise it would get as much time as the whole session of the service.
 *
 * @param pid the process id
 * @param niceness from 0 (the usual priority) to 19 (the lowest)
 */
export function lowerPriority(pid: number, niceness: number): void {
  setNiceness(pid, niceness);
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) setNiceness(Number(thread), niceness);
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // Other systems, and Linux without these groups, need only the priority of the process.
  }
}

function setNiceness(id: number, niceness: number): void {
  try {
    setPriority(id, niceness);
  } catch {
    // The thread has ended, or it has a lower priority already because the service has one.
  }
}
