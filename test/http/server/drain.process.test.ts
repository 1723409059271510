import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';

let service: ServiceProcess | undefined;

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

function send(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/predict`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } });
    sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode!)));
    sent.on('error', reject);
    sent.end('{"text":"a mail"}');
  });
}

describe('SIGTERM', () => {
  test('under load loses no response and no span', async () => {
    const receiver = await startOtlpReceiver();
    service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const statuses: number[] = [];
    let refused = 0;
    let stopping = false;
    const clients = Array.from({ length: 16 }, async () => {
      for (;;) {
        try {
          statuses.push(await send(service!.url, agent));
        } catch (error) {
          // Only a connection that was not accepted may fail. A request on an accepted one must be answered.
          expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
          expect(stopping).toBe(true);
          refused++;
          return;
        }
      }
    });
    await delay(500);
    stopping = true;
    expect(await service.stop()).toBe(0);
    await Promise.all(clients);
    service = undefined;
    agent.destroy();

    expect(refused).toBe(16);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(receiver.spans.filter(({ name }) => name === 'classify').length).toBe(statuses.length);
    expect(receiver.spans.filter(({ name }) => name === 'POST /predict').length).toBe(statuses.length);
    expect(receiver.logs.filter(({ body }) => body === 'prediction').length).toBe(statuses.length);
    await receiver.close();
  });

  test('waits for a request in progress, and answers it', async () => {
    const running = await startProcess();
    const sent = request(`${running.url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    const answered = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      sent.on('response', ({ statusCode, headers }) => resolve({ status: statusCode, connection: headers.connection }));
      sent.on('error', reject);
    });
    sent.write('{"text":');
    await delay(100);
    const stopped = running.stop();
    await delay(600);
    sent.end('"a"}');
    expect((await answered).status).toBe(200);
    expect(await stopped).toBe(0);
  });

  test('makes the service unready at once, while it still answers', async () => {
    const running = await startProcess();
    const stopped = running.stop();
    await delay(50);
    const ready = await fetch(`${running.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      type: 'urn:waymark:problem:not-ready',
      detail: expect.stringContaining('draining'),
    });
    expect(await stopped).toBe(0);
  });

  test('counts no poll of the readiness as an error', async () => {
    const running = await startProcess({ SHUTDOWN_DELAY_MS: '5000' });
    const stopped = running.stop();
    for (const path of ['/readyz', '/v2/health/ready']) {
      await vi.waitFor(async () => expect((await fetch(`${running.url}${path}`)).status).toBe(503), 4_000);
    }
    expect((await fetch(`${running.url}/nope`)).status).toBe(404);
    const page = await (await fetch(running.metricsUrl)).text();
    expect(page).toContain('classifier_errors_total{error_type="route-not-found"} 1');
    expect(page).not.toContain('error_type="not-ready"');
    running.kill();
    await stopped;
  });

  test('ends the process in time although a request never completes', async () => {
    const running = await startProcess({ SHUTDOWN_TIMEOUT_MS: '500' });
    const sent = request(`${running.url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.on('error', () => {});
    sent.write('{"text":');
    await delay(100);
    const started = performance.now();
    expect(await running.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('ends the process in time although the receiver of telemetry is unreachable', async () => {
    const running = await startProcess({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      SHUTDOWN_TIMEOUT_MS: '1500',
    });
    await fetch(`${running.url}/models`);
    const started = performance.now();
    expect(await running.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
