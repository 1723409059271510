import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Runs some work with all threads of this process on one core. Afterwards they have all cores again. */
export async function onCore<T>(core: number, work: () => Promise<T>): Promise<T> {
  // Counted before: afterwards this process has only one.
  const last = availableParallelism() - 1;
  setCores(String(core));
  try {
    return await work();
  } finally {
    setCores(`0-${last}`);
  }
}

function setCores(cores: string): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' });
}
