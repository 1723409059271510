import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { downloadMiniLm } from '../../bench/models/encoder-weights.ts';
import { hasRuntimes } from './installed.ts';

const PROGRAM = join(import.meta.dirname, 'end-while-busy.ts');

// A real encoder, because a tiny one is in native code for too short a time.
test.runIf(hasRuntimes)(
  'a thread that is ended while it encodes answers its batch, and the process lives',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, await downloadMiniLm()]);
    expect(stdout).toBe('3 of 3 batches were answered\n');
  },
  300_000,
);
