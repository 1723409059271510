import { expect, test, vi } from 'vitest';
import { post } from '../http/in-process.ts';
import { smallModels, writeSmallVersion } from '../models/small-models.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { killAndWait, startWorkers } from './workers.ts';

vi.setConfig({ testTimeout: 60_000 });

const WORKERS = 3;

/** Predicts once in each worker, because the workers take turns for new connections, and returns the versions. */
async function versions({ url }: ServiceProcess): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < WORKERS; i++) {
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{"text": "a mail"}',
    });
    found.push(((await response.json()) as { model: { version: string } }).model.version);
  }
  return found;
}

/** Predicts once in each worker, and returns the statuses. */
async function statuses({ url }: ServiceProcess, model: string): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < WORKERS; i++) {
    const response = await post(`${url}/predict`, { text: 'a mail', model }, { connection: 'close' });
    await response.arrayBuffer();
    found.push(response.status);
  }
  return found;
}

test('unloading a model reaches every worker, also one that starts later, until the model is loaded again', async () => {
  const MODELS_DIR = await smallModels('1');
  await writeSmallVersion(MODELS_DIR, 'other', '1');
  const service = await startWorkers(WORKERS, { MODELS_DIR });
  const repository = `${service.url}/v2/repository/models/other`;
  try {
    expect(await statuses(service, 'other')).toEqual(Array(WORKERS).fill(200));
    expect((await post(`${repository}/unload`, {})).status).toBe(200);
    expect(await statuses(service, 'other')).toEqual(Array(WORKERS).fill(404));
    await killAndWait(service, 1);
    expect(await statuses(service, 'other')).toEqual(Array(WORKERS).fill(404));
    expect((await post(`${repository}/load`, {})).status).toBe(200);
    expect(await statuses(service, 'other')).toEqual(Array(WORKERS).fill(200));
    await killAndWait(service, 2);
    expect(await statuses(service, 'other')).toEqual(Array(WORKERS).fill(200));
  } finally {
    expect(await service.stop()).toBe(0);
  }
});

test('after the response to an activation every worker serves the version, also after a worker was replaced', async () => {
  const service = await startWorkers(WORKERS, { MODELS_DIR: await smallModels('1', '2') });
  try {
    for (const version of ['1', '2', '1', '2', '1']) {
      expect((await post(`${service.url}/models/spam/activate`, { version })).status).toBe(200);
      expect(await versions(service)).toEqual(Array(WORKERS).fill(version));
    }
    await killAndWait(service, 2);
    for (const version of ['2', '1']) {
      await post(`${service.url}/models/spam/activate`, { version });
      expect(await versions(service)).toEqual(Array(WORKERS).fill(version));
    }
  } finally {
    expect(await service.stop()).toBe(0);
  }
});
