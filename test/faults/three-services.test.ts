import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { post } from '../http/in-process.ts';
import { smallModels } from '../models/small-models.ts';
import { type PostgresServer, postgresPrograms, startPostgres } from '../support/postgres.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { type StallingProxy, startStallingProxy } from '../support/stalling-proxy.ts';
import { PACE } from './chaos/pace.ts';

const isMissing = postgresPrograms === undefined;
const KEY = 'a key that all replicas have';
/** The number of predictions and feedbacks of each client, and the pause between two attempts of one. */
const ROUNDS = 60;
const RETRY_MS = 100;

interface Counts {
  predictions: number;
  failedPredictions: number;
  /** The ids whose feedback was acknowledged, and the number of refusals. */
  readonly acknowledged: Set<string>;
  refused: number;
}

let server: PostgresServer;
let proxy: StallingProxy;
let address: DatabaseAddress;
let services: ServiceProcess[];

/** Predicts at one service, and gives feedback to another one until it is acknowledged. */
async function runClient(index: number, counts: Counts, isOver: () => boolean): Promise<void> {
  for (let round = 0; round < ROUNDS || !isOver(); round += 1) {
    const [here, there] = [services[(index + round) % 3]!, services[(index + round + 1) % 3]!];
    const answer = await post(`${here.url}/predict`, { text: `Win prize ${index} ${round}` });
    counts.predictions += 1;
    if (answer.status !== 200) counts.failedPredictions += 1;
    else {
      const { id } = (await answer.json()) as { id: string };
      await giveUntilAcknowledged(there, id, counts);
    }
    await delay(10);
  }
}

async function giveUntilAcknowledged(service: ServiceProcess, id: string, counts: Counts): Promise<void> {
  for (;;) {
    const answer = await post(`${service.url}/feedback`, { id, label: 'ham', text: undefined });
    if (answer.status === 200) {
      counts.acknowledged.add(id);
      return;
    }
    expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
    counts.refused += 1;
    await delay(RETRY_MS);
  }
}

/** Runs three clients, and a fault meanwhile. */
async function runDuring(fault: () => Promise<void>): Promise<Counts> {
  const counts: Counts = { predictions: 0, failedPredictions: 0, acknowledged: new Set(), refused: 0 };
  let isOver = false;
  const clients = [0, 1, 2].map((index) => runClient(index, counts, () => isOver));
  const faulting = delay(300).then(fault);
  await faulting.finally(() => {
    isOver = true;
  });
  await Promise.all(clients);
  return counts;
}

/** Returns the ids in the database. */
async function storedIds(): Promise<string[]> {
  return (await server.sql(address, 'SELECT id FROM waymark.feedback')).map(({ id }) => String(id));
}

/** Adds up the counter of feedback over the metrics of all services. */
async function countedFeedback(): Promise<number> {
  const pages = await Promise.all(services.map(async ({ metricsUrl }) => (await fetch(metricsUrl)).text()));
  const samples = pages.flatMap((page) => [...page.matchAll(/^classifier_feedback_total\{.*\} (\d+)/gm)]);
  return samples.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function expectNothingLostOrDoubled(counts: Counts, before: number): Promise<void> {
  expect(counts.failedPredictions).toBe(0);
  expect(counts.acknowledged.size).toBe(counts.predictions);
  const stored = await storedIds();
  expect(new Set(stored).size).toBe(stored.length);
  expect([...counts.acknowledged].filter((id) => !stored.includes(id))).toEqual([]);
  expect(stored.length - before).toBe(counts.acknowledged.size);
  await vi.waitFor(async () => expect(await countedFeedback()).toBe(stored.length), { timeout: 20_000, interval: 500 });
  for (const { url } of services) {
    await vi.waitFor(async () => {
      const ready = (await (await fetch(`${url}/readyz`)).json()) as { degraded?: string[] };
      expect(ready.degraded).toBeUndefined();
    }, 10_000);
  }
}

describe.skipIf(isMissing)(`three services${isMissing ? ' (PostgreSQL is not installed)' : ''}`, () => {
  beforeAll(async () => {
    server = await startPostgres();
    address = await server.newDatabase('tcp');
    proxy = await startStallingProxy(server.port);
    const behindProxy = address.url.replace(`:${server.port}/`, `:${proxy.port}/`);
    services = await Promise.all(
      [address.url, address.url, behindProxy].map(async (DATABASE_URL) =>
        startProcess({
          DATABASE_URL,
          MODELS_STORE: 'database',
          MODELS_DIR: await smallModels('1', '2'),
          PREDICTION_ID_KEY: KEY,
          LOG_LEVEL: 'info',
        }),
      ),
    );
  }, 90_000);
  afterAll(async () => {
    for (const service of services) service.kill();
    proxy.close();
    await server.remove();
  });

  test('take feedback for the predictions of each other, and know another label of it', async () => {
    const { id } = (await (await post(`${services[0]!.url}/predict`, { text: 'Win a prize' })).json()) as {
      id: string;
    };
    expect((await post(`${services[1]!.url}/feedback`, { id, label: 'ham' })).status).toBe(200);
    expect((await post(`${services[2]!.url}/feedback`, { id, label: 'ham' })).status).toBe(200);
    expect((await post(`${services[2]!.url}/feedback`, { id, label: 'spam' })).status).toBe(409);
    const qualities = await Promise.all(
      services.map(async ({ url }) => (await (await fetch(`${url}/quality`)).json()) as { count: number }),
    );
    expect(qualities.map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  test('name the replica in the console', async () => {
    for (const { url } of services) {
      expect(await (await fetch(`${url}/console/settings`)).json()).toMatchObject({ replica: hostname() });
    }
  });

  test('serve a role that was changed at one of them within 2 s', async () => {
    const versionsServed = () =>
      Promise.all(
        services.map(async ({ url }) => {
          const answer = await post(`${url}/predict`, { text: 'Win a prize' });
          return ((await answer.json()) as { model: { version: string } }).model.version;
        }),
      );
    expect(await versionsServed()).toEqual(['2', '2', '2']);
    expect((await post(`${services[1]!.url}/models/spam/activate`, { version: '1' })).status).toBe(200);
    await vi.waitFor(async () => expect(await versionsServed()).toEqual(['1', '1', '1']), {
      timeout: 2_000 * PACE,
      interval: 50,
    });
  });

  test.each(['SIGKILL', 'SIGQUIT', 'SIGINT'] as const)(
    'lose and double nothing, and fail no prediction, while the database ends by %s and starts again',
    async (signal) => {
      const before = (await storedIds()).length;
      const counts = await runDuring(async () => {
        await server.stop(signal);
        await delay(1_500);
        await server.start();
      });
      expect(counts.refused).toBeGreaterThan(0);
      await expectNothingLostOrDoubled(counts, before);
    },
    90_000,
  );

  test('lose and double nothing while one of them is cut off from the database', async () => {
    const before = (await storedIds()).length;
    const counts = await runDuring(async () => {
      proxy.stall();
      await delay(12_000);
      proxy.resume();
    });
    expect(counts.refused).toBeGreaterThan(0);
    await expectNothingLostOrDoubled(counts, before);
  }, 120_000);

  test('end within their time while the database is away', async () => {
    await server.stop('SIGQUIT');
    expect(await Promise.all(services.map((service) => service.stop()))).toEqual([0, 0, 0]);
  }, 60_000);

  test('start, predict, and refuse feedback while the database is away, and take it when it is there', async () => {
    const service = await startProcess({ DATABASE_URL: address.url, PREDICTION_ID_KEY: KEY });
    services = [service];
    const { id } = (await (await post(`${service.url}/predict`, { text: 'Win a prize' })).json()) as { id: string };
    const refusal = await post(`${service.url}/feedback`, { id, label: 'ham' });
    expect(refusal.status).toBe(503);
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
    await server.start();
    await vi.waitFor(
      async () => expect((await post(`${service.url}/feedback`, { id, label: 'ham' })).status).toBe(200),
      {
        timeout: 20_000,
        interval: 200,
      },
    );
    // Log lines are written in groups, after the answers.
    const messages = () => service.lines.map(({ msg }) => msg);
    const both = expect.arrayContaining(['feedback degraded', 'feedback restored']);
    await vi.waitFor(() => expect(messages()).toEqual(both), 10_000);
    // The log names the database, and nothing of its password.
    expect(JSON.stringify(service.lines)).not.toContain('a-password');
  }, 90_000);
});
