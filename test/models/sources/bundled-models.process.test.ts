import { cp, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArtefact } from '../../../src/artefacts/artefact.ts';
import { copyBundledModels } from '../../../src/models/sources/bundled-models.ts';
import { createLog } from '../../../src/telemetry/logs/log.ts';
import { failingStart, type LogLine, startProcess } from '../../support/service-process.ts';
import { smallModels, writeSmallVersion } from '../small-models.ts';

/** Copies the bundled models and returns the log. */
async function copy(bundled: string, models: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as LogLine) });
  await copyBundledModels(bundled, models, log);
  return lines;
}

const summary = ({ level, msg, ...attributes }: LogLine) =>
  `${level}: ${msg} ${attributes['classifier.model.name']} ${attributes['classifier.model.version']}`;

test('a version that the models folder lacks is copied as a whole and logged, also for a model and a folder that are new', async () => {
  const bundled = await smallModels('1', '2');
  await writeSmallVersion(bundled, 'other', '1');
  await writeFile(join(bundled, 'README.md'), '');
  const models = join(await smallModels('1'), 'new');
  await cp(join(bundled, 'spam/1'), join(models, 'spam/1'), { recursive: true });

  expect((await copy(bundled, models)).map(summary)).toEqual([
    'info: bundled model copied other 1',
    'info: bundled model copied spam 2',
  ]);
  await readArtefact(join(models, 'spam/2'));
  await readArtefact(join(models, 'other/1'));
  expect((await readdir(models)).toSorted()).toEqual(['other', 'spam']);
  expect((await readdir(join(models, 'spam'))).toSorted()).toEqual(['1', '2']);
  expect(await copy(bundled, models)).toEqual([]);
});

test('a version that lacks a measurement of the bundled one is the same version', async () => {
  const [bundled, models] = await Promise.all([smallModels('1'), smallModels('1')]);
  const file = join(bundled, 'spam/1/manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as object;
  await cp(join(bundled, 'spam/1'), join(models, 'spam/1'), { recursive: true });
  const privacy = { attack: 'loss', members: 1, nonMembers: 1, auc: 0.5, truePositives: 0, falsePositives: 0.001 };
  await writeFile(file, JSON.stringify({ ...manifest, privacy }));
  expect(await copy(bundled, models)).toEqual([]);
  await writeFile(file, JSON.stringify({ ...manifest, privacy, labels: ['a', 'b'] }));
  expect((await copy(bundled, models)).map(summary)).toEqual(['warn: bundled model not copied spam 1']);
});

test('a version of the same number with other content stays, and the log says so', async () => {
  const bundled = await smallModels('1');
  const models = await mkdtemp(join(tmpdir(), 'waymark-models-'));
  await writeSmallVersion(models, 'spam', '2');
  await cp(join(models, 'spam/2'), join(models, 'spam/1'), { recursive: true });
  const manifest = await readFile(join(models, 'spam/1/manifest.json'), 'utf8');

  const lines = await copy(bundled, models);
  expect(lines.map(summary)).toEqual(['warn: bundled model not copied spam 1']);
  expect(lines[0]?.['reason']).toContain('another version of this number');
  expect(await readFile(join(models, 'spam/1/manifest.json'), 'utf8')).toBe(manifest);
});

test('a models folder that cannot be written is a warning for each version, and leaves nothing behind', async () => {
  const bundled = await smallModels('1', '2');
  const models = await mkdtemp(join(tmpdir(), 'waymark-models-'));
  await writeFile(join(models, 'spam'), 'a file, where the folder of the model should be');
  const lines = await copy(bundled, models);
  expect(lines.map(summary)).toEqual([
    'warn: bundled model not copied spam 1',
    'warn: bundled model not copied spam 2',
  ]);
  expect(await readdir(models)).toEqual(['spam']);
});

test('processes that share a models folder copy each version once', async () => {
  const bundled = await smallModels('1', '2');
  const models = await mkdtemp(join(tmpdir(), 'waymark-models-'));
  const logs = await Promise.all(Array.from({ length: 4 }, () => copy(bundled, models)));
  expect(logs.flat().map(summary).toSorted()).toEqual([
    'info: bundled model copied spam 1',
    'info: bundled model copied spam 2',
  ]);
  expect((await readdir(join(models, 'spam'))).toSorted()).toEqual(['1', '2']);
});

test.each([1, 2])('a service with WORKERS=%i copies before it loads the models, and once', async (workers) => {
  const models = join(await mkdtemp(join(tmpdir(), 'waymark-')), 'models');
  const service = await startProcess({
    BUNDLED_MODELS_DIR: await smallModels('1', '2'),
    MODELS_DIR: models,
    WORKERS: String(workers),
  });
  expect(service.lines.filter(({ msg }) => msg === 'bundled model copied')).toHaveLength(2);
  expect((await stat(join(models, 'spam/2/weights.bin'))).isFile()).toBe(true);
  expect(await service.stop()).toBe(0);
});

test('a folder of bundled models that does not exist stops the start', async () => {
  const { code, stderr } = await failingStart({ BUNDLED_MODELS_DIR: '/nowhere' });
  expect(code).toBe(78);
  expect(stderr).toBe('BUNDLED_MODELS_DIR: "/nowhere" cannot be read; allowed: a folder with models\n');
});
