import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { logsOf } from './support/docker.ts';
import { type ComposeProject, createProject } from './support/project.ts';

const CHECKOUT = join(import.meta.dirname, '../..');

/** The Dockerfile, and the files that it copies. */
const CONTEXT = [
  '.dockerignore',
  '.npmrc',
  'Dockerfile',
  'models',
  'otel',
  'package-lock.json',
  'package.json',
  'packages',
  'src',
  'tools',
];

const TOKEN = 'a-token-of-the-test';
const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };

describe.skipIf(inject('missingForContainers'))('an upgrade to an image with a further version', () => {
  let context: string;
  let project: ComposeProject;
  let prediction: { id: string; prediction: string };

  const url = (path: string) => `http://${project.address('waymark', 3000)}${path}`;
  const get = async (path: string) => (await fetch(url(path), { headers })).json() as Promise<Record<string, unknown>>;
  const send = (path: string, body: object) => post(url(path), body, headers);
  const predict = async () =>
    (await send('/predict', { text: 'Win a prize now' })).json() as Promise<{
      id: string;
      prediction: string;
      model: { version: string };
    }>;
  /** Builds the image and starts the service with it, as docs/containers.md describes an upgrade. */
  async function upgrade(): Promise<void> {
    await project.compose('build', 'waymark');
    await project.compose('up', '--detach', '--wait', '--no-deps', 'waymark');
  }

  beforeAll(async () => {
    context = await mkdtemp(join(tmpdir(), 'waymark-context-'));
    for (const path of CONTEXT) await cp(join(CHECKOUT, path), join(context, path), { recursive: true });
    const waymark = { build: context, image: 'waymark-upgrade', environment: { OTEL_EXPORTER_OTLP_ENDPOINT: '' } };
    project = await createProject('waymark-upgrade', { waymark }, { API_TOKENS: TOKEN });
    await upgrade();
    prediction = await predict();
    await send('/feedback', { id: prediction.id, label: prediction.prediction });
    await send('/models/spam/activate', { version: '1', reason: 'before the upgrade' });

    const [before, after] = ['1', '2'].map((version) => join(context, 'models/spam', version));
    await cp(before!, after!, { recursive: true });
    const manifest = await readFile(join(after!, 'manifest.json'), 'utf8');
    await writeFile(join(after!, 'manifest.json'), manifest.replace('"version": "1"', '"version": "2"'));
    await upgrade();
  });

  afterAll(async () => {
    await project?.remove();
    await rm(context, { recursive: true });
  });

  test('adds the version to the volume, and logs it', async () => {
    const { versions } = (await get('/models/spam')) as { versions: { version: string }[] };
    expect(versions.map(({ version }) => version).toSorted()).toEqual(['1', '2']);
    expect(await logsOf(await project.containerOf('waymark'))).toContain('"bundled model copied"');
  });

  test('keeps the roles, and who gave them', async () => {
    expect((await predict()).model.version).toBe('1');
    const { changes } = await get('/models/spam/changes');
    expect(changes).toContainEqual(expect.objectContaining({ to: '1', reason: 'before the upgrade' }));
  });

  test('keeps feedback and the key of the prediction ids', async () => {
    const { id, prediction: label } = prediction;
    expect((await send('/feedback', { id, label })).status).toBe(200);
    expect((await send('/feedback', { id, label: label === 'spam' ? 'ham' : 'spam' })).status).toBe(409);
    expect(await get('/quality?model=spam')).toMatchObject({ count: 1 });
  });

  test('can activate the new version', async () => {
    expect((await send('/models/spam/activate', { version: '2' })).status).toBe(200);
    expect((await predict()).model.version).toBe('2');
  });

  test('leaves the service closed to callers without the token', async () => {
    expect((await post(url('/predict'), { text: 'Win a prize now' })).status).toBe(401);
  });
});
