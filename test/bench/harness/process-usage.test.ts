import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cpuSeconds, residentMiB } from '../../../bench/harness/process-usage.ts';

/** Uses CPU time and memory, prints a line, and waits. */
const BUSY = `
  const kept = Buffer.alloc(64 * 2 ** 20, 1);
  while (process.cpuUsage().user < 300_000);
  console.log('done', kept.length);
  setInterval(() => {}, 1000);
`;
const PARENT = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(BUSY)}], { stdio: 'inherit' })`;

describe.runIf(process.platform === 'linux')('the usage of a process', () => {
  it('includes the usage of its children', async () => {
    const child = spawn(process.execPath, ['-e', PARENT], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    try {
      await once(child.stdout, 'data');
      expect(await cpuSeconds(child.pid!)).toBeGreaterThanOrEqual(0.29);
      expect(await residentMiB(child.pid!)).toBeGreaterThan(64);
    } finally {
      process.kill(-child.pid!, 'SIGKILL');
      await once(child, 'close');
    }
  });

  it('is zero if there is no such process', async () => {
    expect(await cpuSeconds(2 ** 30)).toBe(0);
  });
});
