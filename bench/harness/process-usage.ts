import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Linux counts a process's time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly parent: number;
  /** User and system time, of the process itself and of those children that it has waited for. */
  readonly seconds: number;
}

/** CPU time so far of a process and of all that descend from it, its threads included. */
export async function cpuSeconds(pid: number): Promise<number> {
  const family = await descendants(pid);
  return [...family.values()].reduce((total, { seconds }) => total + seconds, 0);
}

/** What is still to be exported belongs to the work before. */
export const EXPORTED_MS = 1_500;

/** CPU time of a process for some work, with what it exports of it, and what came of that work. */
export async function cpuSecondsFor<T>(pid: number, work: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const before = await cpuSeconds(pid);
  const result = await work();
  await delay(EXPORTED_MS);
  return [(await cpuSeconds(pid)) - before, result];
}

/** CPU time of the children that this process has waited for: what it ran and saw end. */
export async function endedChildrenCpuSeconds(): Promise<number> {
  const fields = fieldsOf(await readFile('/proc/self/stat', 'utf8'));
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** Memory of a process and of all that descend from it. What several of them share counts once. */
export async function residentMiB(pid: number): Promise<number> {
  const family = [...(await descendants(pid)).keys()];
  const kibibytes = await Promise.all(
    family.map(async (member) => {
      // The proportional set size: of a page in n processes, each has an n-th part.
      const rollup = await readFile(`/proc/${member}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    }),
  );
  return kibibytes.reduce((total, size) => total + size, 0) / 1024;
}

async function descendants(pid: number): Promise<Map<number, Stat>> {
  const all = new Map<number, Stat>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  await Promise.all(
    pids.map(async (member) => {
      // One that ended meanwhile has no file any more, and its parent has its time.
      const stat = await readFile(`/proc/${member}/stat`, 'utf8').catch(() => undefined);
      if (stat !== undefined) all.set(member, parseStat(stat));
    }),
  );
  const family = new Map<number, Stat>();
  const add = (member: number) => {
    const stat = all.get(member);
    if (!stat || family.has(member)) return;
    family.set(member, stat);
    for (const [child, { parent }] of all) if (parent === member) add(child);
  };
  add(pid);
  return family;
}

function parseStat(stat: string): Stat {
  const fields = fieldsOf(stat);
  const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  return { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
}

/** What follows the command's name, which stands in parentheses and may hold blanks. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
