import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { COLLECTOR_FAULTS } from '../collector.ts';
import type { Folders, World } from '../world.ts';
import { type Fault, pause, withEffects } from './fault.ts';

const BLOCK = Buffer.alloc(64 * 1_024);
const FILLER = '.filler';

/** The clock steps, in seconds. */
const CLOCK_STEPS = [86_400, 3_600, 1, -1, -3_600, -86_400, 400 * 86_400] as const;

const FOLDERS: readonly (readonly [keyof Folders, string])[] = [
  ['data', 'DATA_DIR'],
  ['models', 'MODELS_DIR'],
  ['mail', 'the Maildir'],
];

const hasFolder = (folder: keyof Folders) => (world: World) =>
  world.hasMounts && (folder !== 'mail' || world.gateway !== undefined);

/** The faults of disks: each folder is full and freed, or read-only for a time. */
const DISK_FAULTS: readonly Fault[] = FOLDERS.flatMap(([folder, name]): Fault[] => [
  {
    name: `${name} is full`,
    group: folder,
    isPossible: hasFolder(folder),
    run: (world, random) =>
      withEffects(world, `${name} is full`, [], async () => {
        const filler = join(world.folders[folder], FILLER);
        fill(filler, random.pick([1, 64 * 1_024]));
        await pause(random, 500, 3_000);
        await rm(filler, { force: true });
      }),
  },
  {
    name: `${name} is read-only`,
    group: folder,
    // The feedback store keeps its file open for writing, so that its folder cannot become read-only.
    isPossible: (world) => folder !== 'data' && hasFolder(folder)(world),
    run: (world, random) =>
      withEffects(world, `${name} is read-only`, [], async () => {
        await remountReadOnly(world.folders[folder]);
        await pause(random, 500, 3_000);
        execFileSync('mount', ['-o', 'remount,rw', world.folders[folder]]);
      }),
  },
]);

/** Fills the file system of a file, until not even a block of `leastBytes` fits. */
function fill(file: string, leastBytes: number): void {
  const descriptor = openSync(file, 'w');
  for (let size = BLOCK.length; size >= leastBytes; size >>= 4) {
    try {
      for (;;) writeSync(descriptor, BLOCK, 0, size);
    } catch {
      // The disk is full for blocks of this size.
    }
  }
  closeSync(descriptor);
}

/** Makes a file system read-only. It is tried again while a file is open for writing. */
async function remountReadOnly(folder: string): Promise<void> {
  for (let attempts = 0; attempts < 200; attempts++) {
    try {
      execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' });
      return;
    } catch {
      await delay(5);
    }
  }
}

/** Holds the lock of a database file for a time. */
async function holdLock(file: string, milliseconds: number): Promise<void> {
  const database = new DatabaseSync(file, { timeout: 2_000 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    await delay(milliseconds);
    database.exec('ROLLBACK');
  } catch {
    // Another one has the lock, or the folder cannot be written.
  } finally {
    database.close();
  }
}

/** The faults of locks, clock, log and Collector. */
export const OUTSIDE_FAULTS: readonly Fault[] = [
  ...DISK_FAULTS,
  {
    name: 'feedback.db is locked',
    group: 'data',
    run: (world, random) =>
      withEffects(world, 'feedback.db is locked', [], () =>
        holdLock(join(world.folders.data, 'feedback.db'), random.whole(500, 6_000)),
      ),
  },
  {
    name: 'the roles are locked',
    group: 'models',
    run: (world, random) =>
      withEffects(world, 'the roles are locked', [], () =>
        holdLock(join(world.folders.models, 'spam/roles.lock'), random.whole(500, 6_000)),
      ),
  },
  {
    name: 'the clock jumps',
    group: 'clock',
    isPossible: ({ clock }) => clock !== undefined,
    run: (world, random) =>
      withEffects(world, 'the clock jumps', [], async () => {
        const step = random.pick(CLOCK_STEPS);
        await writeFile(world.clock!, step > 0 ? `+${step}` : String(step));
        await pause(random, 1_500, 4_000);
        await writeFile(world.clock!, '+0');
      }),
  },
  ...(['stopped', 'closed'] as const).map(
    (state): Fault => ({
      name: `the pipe of the log is ${state}`,
      group: 'log',
      async run({ service }, random) {
        service.setLog(state);
        await pause(random, 1_000, 4_000);
        if (state === 'stopped') service.setLog('read');
      },
    }),
  ),
  ...COLLECTOR_FAULTS.map(
    (fault): Fault => ({
      name: `the Collector is ${fault}`,
      group: 'collector',
      run: (world, random) =>
        withEffects(world, `the Collector is ${fault}`, [], async () => {
          await world.collector.setFault(fault);
          await pause(random, 1_000, 4_000);
          await world.collector.setFault(undefined);
        }),
    }),
  ),
];
