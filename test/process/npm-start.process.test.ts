import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freePort, type LogLine } from '../support/service-process.ts';

test('npm start serves, and SIGTERM to npm shuts the service down', async () => {
  const npm = spawn('npm', ['start', '--silent'], {
    env: {
      ...process.env,
      PORT: '0',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
      DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-')),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const messages: string[] = [];
  const lines = createInterface({ input: npm.stdout });
  for await (const text of lines) {
    const line = JSON.parse(text) as LogLine;
    messages.push(line.msg);
    if (line.msg === 'ready') npm.kill('SIGTERM');
  }
  if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit');
  expect(messages).toEqual(['model loaded', 'ready', 'stopping', 'stopped']);
});

test('a thread has the young generation of its own limit, beside the option that npm start gives the main thread', async () => {
  const script = join(import.meta.dirname, '../support/young-generation.ts');
  const sizes = await Promise.all(
    ['6', '48'].map(async (limit) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=16', script, limit]);
      return Number(stdout);
    }),
  );
  // Two semispaces of a third of the limit each.
  expect(sizes[0]).toBeLessThanOrEqual(4);
  expect(sizes[1]).toBeGreaterThan(4);
});
