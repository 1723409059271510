import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Linux reports the CPU time of a process in hundredths of a second. */
const TICKS_PER_SECOND = 100;

interface ProcessStat {
  readonly parent: number;
  /** The user and system time of the process itself and of the ended children that it waited for. */
  readonly seconds: number;
}

/** Returns the CPU time so far of a process and all its descendants, with their threads, in seconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const family = await descendants(pid);
  return [...family.values()].reduce((total, { seconds }) => total + seconds, 0);
}

/** Returns the CPU time so far of the threads of one process in nanoseconds, for work of a second or less. */
export async function cpuNanoseconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map(async (thread) => (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')[0]),
  );
  return times.reduce((total, time) => total + Number(time), 0);
}

/** The time after some work in which its telemetry is exported. Its CPU time belongs to the work. */
export const EXPORT_DELAY_MS = 1_500;

/**
 * Runs some work and returns the CPU time of a process for it, including the export of its telemetry, and its result.
 */
export async function cpuSecondsFor<T>(pid: number, work: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const before = await cpuSeconds(pid);
  const result = await work();
  await delay(EXPORT_DELAY_MS);
  return [(await cpuSeconds(pid)) - before, result];
}

/** Returns the CPU time of the ended children of this process, in seconds. */
export async function endedChildrenCpuSeconds(): Promise<number> {
  const fields = fieldsOf(await readFile('/proc/self/stat', 'utf8'));
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** Returns the memory of a process and all its descendants. Shared memory counts once. */
export async function residentMiB(pid: number): Promise<number> {
  const family = [...(await descendants(pid)).keys()];
  const kibibytes = await Promise.all(
    family.map(async (member) => {
      // The proportional set size: a page shared by n processes counts as one n-th for each.
      const rollup = await readFile(`/proc/${member}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    }),
  );
  return kibibytes.reduce((total, size) => total + size, 0) / 1024;
}

async function descendants(pid: number): Promise<Map<number, ProcessStat>> {
  const all = new Map<number, ProcessStat>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  await Promise.all(
    pids.map(async (member) => {
      // A process that has ended in the meantime has no file, and its parent has its time.
      const stat = await readFile(`/proc/${member}/stat`, 'utf8').catch(() => undefined);
      if (stat !== undefined) all.set(member, parseStat(stat));
    }),
  );
  const family = new Map<number, ProcessStat>();
  const add = (member: number) => {
    const stat = all.get(member);
    if (!stat || family.has(member)) return;
    family.set(member, stat);
    for (const [child, { parent }] of all) if (parent === member) add(child);
  };
  add(pid);
  return family;
}

function parseStat(stat: string): ProcessStat {
  const fields = fieldsOf(stat);
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  return { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
}

/** Returns the fields after the command name, which is in parentheses and may hold blanks. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
