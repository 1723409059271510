import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** True if this process may mount a file system. */
export const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;

/** A folder that is a file system in memory. */
export interface SmallDisk {
  readonly folder: string;
  /** Fills the disk to its last byte. */
  fill(): void;
  /** Deletes what filled it. */
  free(): void;
}

/** Mounts a small disk for the time of a test. @param size as `tmpfs` has it, such as `8m` */
export async function mountSmallDisk(size: string): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'small', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  const filler = join(folder, 'filler');
  return {
    folder,
    fill() {
      const file = openSync(filler, 'a');
      for (const bytes of [65_536, 4_096, 1]) {
        try {
          for (;;) writeSync(file, Buffer.alloc(bytes));
        } catch {
          // The disk is full for blocks of this size.
        }
      }
      closeSync(file);
    },
    free: () => rmSync(filler),
  };
}
