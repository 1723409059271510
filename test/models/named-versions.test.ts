import { open as openFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ModelRegistry, openRegistry } from '../../src/models/registry.ts';
import type { RegistryOptions } from '../../src/models/registry-options.ts';
import type { Model } from '../../src/models/store.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';
import { labelBy, labelOfSpam, smallModels } from './small-models.ts';

const attribution = { actor: 'test', reason: '' };

async function open(
  folder: string,
  options: Partial<RegistryOptions> = {},
): Promise<ModelRegistry & { messages: (msg: string) => unknown[] }> {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const registry = await openRegistry({ folder, log, pollMs: 3_600_000, ...options });
  onTestFinished(() => registry.close());
  const messages = (msg: string) =>
    lines.filter((line) => line['msg'] === msg).map((line) => line['classifier.model.version']);
  return { ...registry, messages };
}

const versionsOf = (registry: ModelRegistry) => registry.models().get('spam')!.versions;
const stored = (registry: ModelRegistry, version: string) =>
  versionsOf(registry).find((candidate) => candidate.version === version)!;
const listed = (registry: ModelRegistry) => versionsOf(registry).map(({ version }) => version);
const inMemory = (registry: ModelRegistry) =>
  listed(registry).filter((version) => registry.isInMemory({ name: 'spam', version }));

function labelOf(model: Model | undefined): string {
  return labelOfSpam(model!);
}

/** Changes a byte in the middle of a file. */
async function damage(path: string): Promise<void> {
  const file = await openFile(path, 'r+');
  const { size } = await file.stat();
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, size >> 1);
  await file.write(Buffer.from([byte[0]! ^ 1]), 0, 1, size >> 1);
  await file.close();
}

test('only versions with a role, and the one of a rollback, are in memory; all are listed', async () => {
  const registry = await open(await smallModels('1', '2', '3', '4', '5', '6'));
  expect(inMemory(registry)).toEqual(['6', '5']);
  expect(listed(registry)).toEqual(['6', '5', '4', '3', '2', '1']);
  await registry.change('spam', { action: 'shadow', version: '1' }, attribution);
  await registry.change('spam', { action: 'canary', version: '2' }, attribution);
  expect(inMemory(registry)).toEqual(['6', '5', '2', '1']);
  await registry.change('spam', { action: 'activate', version: '3' }, attribution);
  expect(registry.messages('model loaded')).toEqual(['6', '5', '1', '2', '3']);
  // Versions that lost their role stay for a while.
  expect(inMemory(registry)).toEqual(['6', '5', '3', '2', '1']);
  const { active, shadow, canary } = registry.models().get('spam')!;
  expect([active, shadow, canary?.model].map((model) => labelOf(model))).toEqual(['3', '1', '2'].map(labelBy));
});

test('a named version is loaded once for all requests at the same time, and then answers at once', async () => {
  const registry = await open(await smallModels('1', '2', '3', '4'));
  const requests = Array.from({ length: 20 }, (_, at) => registry.use(stored(registry, at % 2 === 0 ? '1' : '2')));
  for (const request of requests) expect(request).toBeInstanceOf(Promise);
  const models = await Promise.all(requests);
  expect(new Set(models).size).toBe(2);
  expect(labelOf(models[0])).toBe(labelBy('1'));
  expect(registry.messages('model loaded')).toEqual(['4', '3', '1', '2']);
  expect(registry.use(stored(registry, '1'))).toBe(models[0]);
});

test('versions are loaded one after the other, so that few are in memory at the same time', async () => {
  let loading = 0;
  let most = 0;
  const warmUp = async () => {
    loading += 1;
    most = Math.max(most, loading);
    await new Promise((resolve) => setImmediate(resolve));
    loading -= 1;
  };
  const versions = ['1', '2', '3', '4', '5', '6', '7', '8'];
  const registry = await open(await smallModels(...versions), { warmUp, memoryLimits: { maxNamed: 2 } });
  most = 0;
  const models = await Promise.all(versions.map((version) => registry.use(stored(registry, version))));
  expect(models.map((model) => model?.version)).toEqual(versions);
  expect(most).toBe(1);
  expect(inMemory(registry)).toEqual(['8', '7', '6', '5']);
});

test('a version that is not used leaves memory, and comes back when it is named', async () => {
  let time = 0;
  const registry = await open(await smallModels('1', '2', '3'), {
    memoryLimits: { maxIdleMs: 1_000, now: () => time },
  });
  await registry.use(stored(registry, '1'));
  time = 999;
  await registry.refresh();
  expect(inMemory(registry)).toEqual(['3', '2', '1']);
  time = 1_000;
  await registry.refresh();
  expect(inMemory(registry)).toEqual(['3', '2']);
  expect(registry.messages('model left memory')).toEqual(['1']);
  expect(listed(registry)).toEqual(['3', '2', '1']);
  expect(labelOf(await registry.use(stored(registry, '1')))).toBe(labelBy('1'));
});

test('a damaged weights file is found in the background, and the version is listed no more', async () => {
  const folder = await smallModels('1', '2', '3', '4');
  await damage(join(folder, 'spam/1/weights.bin'));
  const registry = await open(folder);
  expect(listed(registry)).toEqual(['4', '3', '2', '1']);
  await vi.waitFor(() => expect(registry.messages('model refused')).toEqual(['1']), { timeout: 10_000 });
  await registry.refresh();
  expect(listed(registry)).toEqual(['4', '3', '2']);
});

test('a version that turns out to be damaged when it is named is refused once', async () => {
  const folder = await smallModels('1', '2', '3');
  const registry = await open(folder);
  const version = stored(registry, '1');
  // The size and the manifest stay, so only the content shows the damage.
  await damage(join(folder, 'spam/1/weights.bin'));
  expect(await Promise.all([registry.use(version), registry.use(version)])).toEqual([undefined, undefined]);
  expect(registry.messages('model refused')).toEqual(['1']);
});

test('a version that cannot be loaded is not activated, and does not replace a role at a start', async () => {
  const folder = await smallModels('1', '2', '3');
  const registry = await open(folder);
  await registry.change('spam', { action: 'activate', version: '3' }, attribution);
  await damage(join(folder, 'spam/1/weights.bin'));
  await expect(registry.change('spam', { action: 'activate', version: '1' }, attribution)).rejects.toMatchObject({
    type: 'model-damaged',
    message: expect.stringContaining('sha256'),
  });
  await damage(join(folder, 'spam/3/weights.bin'));
  const restarted = await open(folder);
  expect(restarted.models().get('spam')!.active.version).toBe('2');
  expect(listed(restarted)).toContain('2');
});

test('the version of a rollback is replaced if it is damaged', async () => {
  const folder = await smallModels('1', '2', '3');
  await damage(join(folder, 'spam/2/weights.bin'));
  const registry = await open(folder);
  expect(inMemory(registry)).toEqual(['3', '1']);
  await registry.change('spam', { action: 'rollback' }, attribution);
  expect(registry.models().get('spam')!.active.version).toBe('1');
});

test('a version in memory answers after its files were damaged, until it leaves memory', async () => {
  let time = 0;
  const folder = await smallModels('1', '2', '3');
  const registry = await open(folder, { memoryLimits: { maxIdleMs: 1_000, now: () => time } });
  const version = stored(registry, '1');
  await registry.use(version);
  await truncate(join(folder, 'spam/1/weights.bin'), 100);
  await registry.refresh();
  expect(listed(registry)).toEqual(['3', '2', '1']);
  expect(labelOf(await registry.use(version))).toBe(labelBy('1'));
  time = 1_000;
  await registry.refresh();
  await registry.refresh();
  expect(listed(registry)).toEqual(['3', '2']);
});

test('a deleted version without a role leaves memory', async () => {
  const folder = await smallModels('1', '2', '3');
  const registry = await open(folder);
  const version = stored(registry, '1');
  await registry.use(version);
  await rm(join(folder, 'spam/1'), { recursive: true });
  await registry.refresh();
  expect(registry.isInMemory(version)).toBe(false);
  expect(listed(registry)).toEqual(['3', '2']);
});

test('an unloaded model is not loaded at the start of a further process', async () => {
  const registry = await open(await smallModels('1', '2'), { unloaded: ['spam'] });
  expect([...registry.models().keys()]).toEqual([]);
  await registry.load('spam');
  expect(listed(registry)).toEqual(['2', '1']);
});
