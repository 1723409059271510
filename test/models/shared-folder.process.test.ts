import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../src/models/registry.ts';
import { parseChange, parseRoles } from '../../src/models/roles.ts';
import { withLock } from '../../src/platform/file-lock.ts';
import { silentLog } from '../support/silent-log.ts';
import { smallModels } from './small-models.ts';

const source = (file: string) => JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);

describe('processes that share a folder', () => {
  test('change roles at the same time, and each change starts from the last one', async () => {
    const folder = await smallModels('1', '2', '3');
    const run = promisify(execFile);
    const changer = (name: string) => `
      const { openRegistry } = await import(${source('models/registry.ts')});
      const { createLog } = await import(${source('telemetry/logs/log.ts')});
      const log = createLog('silent', { write: () => {} });
      const registry = await openRegistry({ folder: ${JSON.stringify(folder)}, log, pollMs: 20 });
      for (let at = 0; at < 20; at++) {
        const version = String(1 + (at % 3));
        await registry.change('spam', { action: 'activate', version }, { actor: '${name}', reason: '' });
      }
      await registry.refresh();
      await registry.close();`;
    const script = (name: string) => run(process.execPath, ['--input-type=module', '-e', changer(name)]);
    await Promise.all(['a', 'b', 'c'].map(script));

    const trail = (await readFile(join(folder, 'spam/audit.jsonl'), 'utf8')).trimEnd().split('\n');
    const rows = trail.map((line) => parseChange(line)!);
    expect(rows.map(({ revision }) => revision)).toEqual(rows.map((_, at) => at + 1));
    expect(rows.map(({ from }) => from)).toEqual(['3', ...rows.slice(0, -1).map(({ to }) => to)]);
    const roles = parseRoles(await readFile(join(folder, 'spam/roles.json'), 'utf8'));
    expect(roles.change).toEqual(rows.at(-1));
    const registry = await openRegistry({ folder, log: silentLog });
    expect(registry.models().get('spam')!.active.version).toBe(roles.active);
    await registry.close();
  }, 60_000);

  test('get the lock of a process that was killed', async () => {
    const path = join(await smallModels('1'), 'spam/roles.lock');
    const holder = `
      const { withLock } = await import(${source('platform/file-lock.ts')});
      await withLock(${JSON.stringify(path)}, 'the test', async () => {
        console.log('held');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const order: string[] = [];
    const next = withLock(path, 'the test', async () => void order.push('taken'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    order.push('killed');
    child.kill('SIGKILL');
    await next;
    expect(order).toEqual(['killed', 'taken']);
  }, 30_000);
});
