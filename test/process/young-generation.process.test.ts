import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('a thread has the young generation of its own limit, beside the option of the main thread', async () => {
  const script = join(import.meta.dirname, 'young-generation.ts');
  const sizes = await Promise.all(
    ['6', '48'].map(async (limit) => {
      const { stdout } = await run(process.execPath, ['--max-semi-space-size=16', script, limit]);
      return Number(stdout);
    }),
  );
  // Two semispaces of a third of the limit each.
  expect(sizes[0]).toBeLessThanOrEqual(4);
  expect(sizes[1]).toBeGreaterThan(4);
});
