import { expect, test, vi } from 'vitest';
import { post } from '../http/in-process.ts';
import { smallModels } from '../models/small-models.ts';
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
