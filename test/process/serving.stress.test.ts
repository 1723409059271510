import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { workerLogRecords } from '../../src/telemetry/registry/log-records.ts';
import { post } from '../http/in-process.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { failingStart, type ServiceProcess } from '../support/service-process.ts';
import { isAlive, killAndWait, pidsOf, predict, predictTimes, startWorkers, until } from './workers.ts';

// Each test starts three processes and more.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let service: ServiceProcess | undefined;

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

describe('several processes on one port', () => {
  test('all answer, and each is an instance of its own in telemetry', async () => {
    const receiver = await startOtlpReceiver();
    service = await startWorkers(2, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '50' });
    await predictTimes(service.url, 20);
    await until(() => receiver.spans.filter(({ name }) => name === 'classify').length === 20);
    const instances = new Map<string, number>();
    for (const { resourceSpans = [] } of receiver.raw.map((text) => JSON.parse(text))) {
      for (const { resource, scopeSpans } of resourceSpans) {
        const { value } = resource.attributes.find(({ key }: { key: string }) => key === 'service.instance.id');
        const spans = scopeSpans.flatMap((scope: { spans: { name: string }[] }) => scope.spans);
        const classified = spans.filter(({ name }: { name: string }) => name === 'classify').length;
        instances.set(value.stringValue, (instances.get(value.stringValue) ?? 0) + classified);
      }
    }
    expect(instances.size).toBe(2);
    expect([...instances.values()].sort()).toEqual([10, 10]);
    await service.stop();
    service = undefined;
    await receiver.close();
  });

  test('log once that they are ready, with the URL', async () => {
    service = await startWorkers(2);
    expect(service.lines.filter(({ msg }) => msg === 'ready')).toHaveLength(1);
    expect(service.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await service.stop()).toBe(0);
    const messages = service.lines.map(({ msg }) => msg).filter((msg) => msg !== 'model loaded');
    expect(messages).toEqual(['worker ready', 'worker ready', 'ready', 'stopping', 'stopped']);
    service = undefined;
  });

  test('share the key of a new folder: any of them accepts feedback on predictions of the others', async () => {
    service = await startWorkers(3);
    for (let i = 0; i < 9; i++) {
      const headers = { connection: 'close' };
      const response = await post(`${service.url}/predict`, { text: 'a mail' }, headers);
      const { id, prediction } = (await response.json()) as { id: string; prediction: string };
      const recorded = await post(`${service.url}/feedback`, { id, label: prediction }, headers);
      expect(recorded.status).toBe(200);
    }
  });
});

describe('a worker that ends', () => {
  test('is replaced on the same port while the others answer', async () => {
    service = await startWorkers(2);
    const statuses: number[] = [];
    const { url } = service;
    let done = false;
    const client = (async () => {
      while (!done) statuses.push(await predict(url).catch(() => 0));
    })();
    await killAndWait(service, 1);
    await predictTimes(url, 4);
    done = true;
    await client;
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(10);
    // The requests in progress in the worker are lost. No request gets a 503.
    expect([...new Set(statuses)].filter((status) => status !== 200 && status !== 0)).toEqual([]);
    const ended = service.lines.filter(({ msg }) => msg === 'worker ended');
    expect(ended).toEqual([expect.objectContaining({ level: 'error', worker: 1, signal: 'SIGKILL' })]);
  });

  test('completes the requests in progress on SIGTERM, and is replaced', async () => {
    service = await startWorkers(2);
    const [pid] = pidsOf(service, 2);
    process.kill(pid!, 'SIGTERM');
    await until(() => pidsOf(service!, 2).length === 2);
    const ended = service.lines.find(({ msg }) => msg === 'worker ended')!;
    expect(ended).toMatchObject({ level: 'warn', worker: 2, 'process.exit.code': 0 });
    for (const { level: _, time: _time, msg, ...attributes } of service.lines) {
      const registered = workerLogRecords[msg];
      if (registered) expect(registered).toEqual(expect.arrayContaining(Object.keys(attributes)));
    }
    await predictTimes(service.url, 4);
  });

  test('leaves connections that it has not accepted to the others', async () => {
    service = await startWorkers(2);
    const [stopped] = pidsOf(service, 1);
    process.kill(stopped!, 'SIGSTOP');
    const port = Number(new URL(service.url).port);
    const sockets: Socket[] = [];
    for (let i = 0; i < 6; i++) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      socket.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
      sockets.push(socket);
    }
    const answers = sockets.map(async (socket) => String((await once(socket, 'data'))[0]).split('\r\n')[0]);
    await delay(300);
    process.kill(stopped!, 'SIGKILL');
    expect(await Promise.all(answers)).toEqual(sockets.map(() => 'HTTP/1.1 200 OK'));
    for (const socket of sockets) socket.destroy();
  });
});

describe('SIGTERM', () => {
  test('under load loses no response', async () => {
    service = await startWorkers(2);
    const pids = [1, 2].flatMap((workerIndex) => pidsOf(service!, workerIndex));
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const statuses: number[] = [];
    const { url } = service;
    const client = async (): Promise<unknown> => {
      for (;;) {
        const answer = await predict(url, agent).catch((error: NodeJS.ErrnoException) => error.code);
        if (typeof answer !== 'number') return answer;
        statuses.push(answer);
      }
    };
    const clients = Array.from({ length: 16 }, client);
    await delay(500);
    expect(await service.stop()).toBe(0);
    // A connection that was not accepted has no request. A request on an accepted one must get its response.
    expect(new Set(await Promise.all(clients))).toEqual(new Set(['ECONNREFUSED']));
    agent.destroy();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(service.lines.filter(({ msg }) => msg === 'prediction')).toHaveLength(statuses.length);
    expect(pids.filter(isAlive)).toEqual([]);
    service = undefined;
  });

  test('ends in time although a request never completes', async () => {
    service = await startWorkers(2, { SHUTDOWN_TIMEOUT_MS: '500' });
    const sent = request(`${service.url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.on('error', () => undefined);
    sent.write('{"text":');
    await delay(100);
    expect(await service.stop()).toBe(0);
    service = undefined;
  });
});

test('after the kill of the supervisor all workers complete their requests and end', async () => {
  const killed = await startWorkers(2);
  const pids = [1, 2].flatMap((workerIndex) => pidsOf(killed, workerIndex));
  const sent = request(`${killed.url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' } });
  const answered = new Promise((resolve, reject) => {
    sent.on('response', ({ statusCode }) => resolve(statusCode));
    sent.on('error', reject);
  });
  sent.write('{"text":');
  await delay(100);
  killed.kill();
  await killed.exited;
  await delay(200);
  sent.end('"a"}');
  expect(await answered).toBe(200);
  await until(() => !pids.some(isAlive));
});

describe('a start that cannot work ends with 78 and one line', () => {
  test('if each worker would report the reason', async () => {
    expect(await failingStart({ WORKERS: '3', DEFAULT_MODEL: 'nope' })).toEqual({
      code: 78,
      stderr: expect.stringMatching(/^DEFAULT_MODEL: "nope" is not in MODELS_DIR .*; allowed: spam\n$/),
    });
  });

  test('if the port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    expect(await failingStart({ WORKERS: '2', PORT: String(port) })).toEqual({
      code: 78,
      stderr: `PORT: ${port} is in use on 127.0.0.1; allowed: a free port, or 0 for any\n`,
    });
    taken.close();
  });

  test('if there are too many workers', async () => {
    expect(await failingStart({ WORKERS: '65' })).toEqual({
      code: 78,
      stderr: 'WORKERS: "65" cannot be used; allowed: a whole number from 1 to 64\n',
    });
  });
});
