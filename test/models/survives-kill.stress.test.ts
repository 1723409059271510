import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../src/models/registry.ts';
import { parseChange, parseRoles, type RecordedChange, type RoleChange, type Roles } from '../../src/models/roles.ts';
import { post } from '../http/in-process.ts';
import { startProcess } from '../support/service-process.ts';
import { silentLog } from '../support/silent-log.ts';
import { labelBy, labelOfSpam, SPAM_TEXT, smallModels } from './small-models.ts';

const preload = new URL('./kill-at-step.ts', import.meta.url).href;
const program = new URL('../../src/models/registry.ts', import.meta.url).href;
const logging = new URL('../../src/telemetry/logs/log.ts', import.meta.url).href;
const attribution = { actor: 'test', reason: 'because' };

interface KilledChange {
  readonly wasKilled: boolean;
  /** The steps in order. After a kill the last one was not done, or half done. */
  readonly steps: string[];
}

/** Changes roles in a process of its own, which is killed at one step of the change. */
async function changeAndKill(folder: string, change: RoleChange, at: number, within: boolean): Promise<KilledChange> {
  const script = `
    const { openRegistry } = await import(${JSON.stringify(program)});
    const { createLog } = await import(${JSON.stringify(logging)});
    const log = createLog('silent', { write: () => {} });
    const registry = await openRegistry({ folder: ${JSON.stringify(folder)}, log, pollMs: 3_600_000 });
    await registry.change('spam', ${JSON.stringify(change)}, ${JSON.stringify(attribution)});
    await registry.close();`;
  const child = spawn(process.execPath, ['--import', preload, '--input-type=module', '-e', script], {
    env: { PATH: process.env['PATH'], KILL_FOLDER: folder, KILL_AT: String(at), KILL_WITHIN: String(within) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [output, [code, signal]] = await Promise.all([
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, string | null]>,
  ]);
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the process ended with ${code} ${signal}: ${output}`);
  return { wasKilled: signal === 'SIGKILL', steps: output.trim().split('\n') };
}

async function rolesOf(folder: string): Promise<Roles | undefined> {
  const content = await readFile(join(folder, 'spam/roles.json'), 'utf8').catch(() => undefined);
  return content === undefined ? undefined : parseRoles(content);
}

async function trailOf(folder: string): Promise<RecordedChange[]> {
  const content = await readFile(join(folder, 'spam/audit.jsonl'), 'utf8').catch(() => '');
  // Every line must be whole: JSON.parse throws otherwise.
  return content === ''
    ? []
    : content
        .trimEnd()
        .split('\n')
        .map((line) => parseChange(line)!);
}

/** Checks that the next process serves a whole version in the old roles or the new ones, and that the trail is complete. */
async function expectWhole(
  folder: string,
  before: Roles | undefined,
  old: string,
  change: RoleChange,
): Promise<boolean> {
  const roles = await rolesOf(folder);
  const hasHappened = roles !== undefined && roles.revision === (before?.revision ?? 0) + 1;
  if (!hasHappened) expect(roles).toEqual(before);

  const registry = await openRegistry({ folder, log: silentLog, pollMs: 3_600_000 });
  const { active, canary, versions } = registry.models().get('spam')!;
  expect(labelOfSpam(active)).toBe(labelBy(active.version));
  expect(versions.map(({ version }) => version)).toEqual(['3', '2', '1']);
  const changedTo = 'version' in change ? change.version : null;
  expect(active.version).toBe(change.action === 'activate' && hasHappened ? changedTo : old);
  expect(canary?.model.version).toBe(change.action === 'canary' && hasHappened ? changedTo : undefined);
  const revisions = async () => (await trailOf(folder)).map(({ revision }) => revision);
  const count = roles?.revision ?? 0;
  expect(await revisions()).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  if (roles) expect((await trailOf(folder)).at(-1)).toEqual(roles.change);

  // The files that the killed process left do not block the next change.
  await registry.change('spam', { action: 'activate', version: active.version === '1' ? '2' : '1' }, attribution);
  expect((await revisions()).at(-1)).toBe(count + 1);
  await registry.close();
  return hasHappened;
}

describe.each<[string, string[], RoleChange]>([
  ['the first change', [], { action: 'activate', version: '1' }],
  ['a later change', ['2'], { action: 'canary', version: '3', share: 0.3 }],
])('kill -9 at every step of %s', (_, earlier, change) => {
  test.each([
    ['before each step', false],
    ['in the middle of each write', true],
  ])(
    '%s: the next start serves a whole version, and the trail is complete',
    async (_when, within) => {
      const origin = await smallModels('1', '2', '3');
      if (earlier.length > 0) {
        const registry = await openRegistry({ folder: origin, log: silentLog, pollMs: 3_600_000 });
        for (const version of earlier) await registry.change('spam', { action: 'activate', version }, attribution);
        await registry.close();
      }
      const before = await rolesOf(origin);
      const old = earlier.at(-1) ?? '3';
      const dryRun = await mkdtemp(join(tmpdir(), 'waymark-killed-'));
      await cp(origin, dryRun, { recursive: true });
      const { wasKilled, steps } = await changeAndKill(dryRun, change, 0, false);
      expect(wasKilled).toBe(false);
      for (const landmark of [
        'locked',
        'write /spam/roles.json.tmp',
        'rename /spam/roles.json',
        'appendFile',
        'unlock',
      ]) {
        expect(steps).toContain(landmark);
      }

      const outcomes = new Set<boolean>();
      const writes = steps.flatMap((what, at) => (/^(write|append)/.test(what) ? [at + 1] : []));
      for (const at of within ? writes : steps.map((_step, index) => index + 1)) {
        const folder = await mkdtemp(join(tmpdir(), 'waymark-killed-'));
        await cp(origin, folder, { recursive: true });
        const killed = await changeAndKill(folder, change, at, within);
        expect([killed.wasKilled, killed.steps.at(-1)]).toEqual([true, steps[at - 1]]);
        outcomes.add(await expectWhole(folder, before, old, change));
      }
      expect(outcomes).toEqual(new Set([false, true]));
    },
    180_000,
  );
});

test.each([
  ['before the roles file is in place', 'rename /spam/roles.json', '3'],
  ['before the row is in the trail', 'appendFile', '1'],
])(
  'a service that is killed during a change, %s, serves a whole version after a restart',
  async (_, KILL_BEFORE, expected) => {
    const folder = await smallModels('1', '2', '3');
    const args = ['--import', preload, '--import', './otel/preload.ts', 'src/main.ts'];
    const killed = await startProcess({ MODELS_DIR: folder, KILL_FOLDER: folder, KILL_BEFORE }, args);
    await expect(post(`${killed.url}/models/spam/activate`, { version: '1' })).rejects.toThrow();
    expect(await killed.exited).toEqual([null, 'SIGKILL']);

    const next = await startProcess({ MODELS_DIR: folder });
    const answer = await (await post(`${next.url}/predict`, { text: SPAM_TEXT })).json();
    expect(answer).toMatchObject({ prediction: labelBy(expected), model: { version: expected } });
    await next.stop();
    expect((await trailOf(folder)).map(({ to }) => to)).toEqual(expected === '1' ? ['1'] : []);
  },
  60_000,
);
