import { afterEach, expect, test, vi } from 'vitest';
import type { ServiceProcess } from '../support/service-process.ts';
import { killAndWait, predictTimes, startWorkers, until } from './workers.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let service: ServiceProcess;

afterEach(() => service.stop());

/** Returns the number of predictions in the next two responses. The workers alternate. */
async function predictionsKnown(): Promise<number[]> {
  const known: number[] = [];
  for (let i = 0; i < 2; i++) {
    const response = await fetch(`${service.url}/drift`, { headers: { connection: 'close' } });
    known.push(((await response.json()) as { predictions: number }).predictions);
  }
  return known;
}

test('GET /drift covers all workers, also the predictions of a killed one', async () => {
  service = await startWorkers(2);
  await predictTimes(service.url, 10);
  await until(async () => (await predictionsKnown()).every((predictions) => predictions === 10));
  await killAndWait(service, 1);
  await predictTimes(service.url, 6);
  await until(async () => (await predictionsKnown()).every((predictions) => predictions >= 16));
  expect(await predictionsKnown()).toEqual([16, 16]);
});
