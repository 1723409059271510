import { readdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Lets a process that leads a session of its own give way to others, with all its threads. Linux keeps a priority for each
 * thread, those of collecting garbage too; one that is started later has the priority of the one that starts it. And where
 * Linux groups sessions (`sched_autogroup_enabled`) a priority counts only within its session: then the session needs one
 * as well, or it would get as much time as everything in the service's session together.
 *
 * @param niceness 0 (as others) to 19
 */
export function lowerPriority(pid: number, niceness: number): void {
  lower(pid, niceness);
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) lower(Number(thread), niceness);
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // No Linux, or one without such groups: the priority of the process was all there is.
  }
}

function lower(id: number, niceness: number): void {
  try {
    setPriority(id, niceness);
  } catch {
    // It has ended meanwhile, or gives way already, as the service itself does.
  }
}
