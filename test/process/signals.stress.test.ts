import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { freePort, startProcess } from '../support/service-process.ts';
import { isAlive, pidsOf, predict, startWorkers, until } from './workers.ts';

const SERVICE = ['--import', './otel/preload.ts', 'src/main.ts'];
const GATEWAY = ['--import', './otel/gateway-preload.ts', 'src/gateway/main.ts'];

/** The delay of a busy machine, which is much shorter than any other limit of the shutdown. */
const SLACK_MS = 2_000;

/** Starts a process and sends it a signal after some time. */
async function signalDuringStart(args: string[], afterMs: number, signal: NodeJS.Signals, WORKERS: string) {
  const env = {
    PATH: process.env['PATH'],
    WORKERS,
    PORT: '0',
    GATEWAY_PORT: '0',
    GATEWAY_SMTP_PORT: '0',
    GATEWAY_MAILDIR: await mkdtemp(join(tmpdir(), 'waymark-')),
    DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-')),
    OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
  };
  // The first program prints a character once the signals are handled.
  const mark = `data:text/javascript,process.stdout.write('.')`;
  const handled = ['--import', './src/process/stop-signals.ts', '--import', mark];
  const child = spawn(process.execPath, [...handled, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stderr, exited] = [text(child.stderr), once(child, 'exit') as Promise<[number | null, string | null]>];
  await once(child.stdout, 'data');
  const log = text(child.stdout);
  await delay(afterMs);
  child.kill(signal);
  const [code, endSignal] = await exited;
  return { code, endSignal, stderr: await stderr, log: await log };
}

describe('a signal during the start ends the process at once, without an error', () => {
  test.each([
    ['the service', SERVICE, '1'],
    ['the supervisor', SERVICE, '2'],
    ['the gateway', GATEWAY, '1'],
  ])('%s', async (_, args, workers) => {
    for (const [afterMs, signal] of [
      [0, 'SIGTERM'],
      [150, 'SIGINT'],
      [300, 'SIGHUP'],
      [700, 'SIGTERM'],
      [1_100, 'SIGHUP'],
    ] as const) {
      const { code, endSignal, stderr, log } = await signalDuringStart(args, afterMs, signal, workers);
      expect({ code, endSignal, stderr, afterMs }).toEqual({ code: 0, endSignal: null, stderr: '', afterMs });
      // No machine starts in 300 ms. A process that handles the signal only after its start would say that it is ready.
      if (afterMs <= 300) expect(log).not.toMatch(/"listening"|"ready"/);
    }
  });
});

describe('signals', () => {
  test.each([1, 2])('SIGHUP drains as SIGTERM does, and loses no span, with WORKERS=%d', async (workers) => {
    const receiver = await startOtlpReceiver();
    const service = await startWorkers(workers, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    for (let i = 0; i < 10; i++) expect(await predict(service.url)).toBe(200);
    service.kill('SIGHUP');
    expect(await service.exited).toEqual([0, null]);
    expect(receiver.spans.filter(({ name }) => name === 'classify')).toHaveLength(10);
    await receiver.close();
  });

  test('SIGPIPE never ends a process', async () => {
    const service = await startWorkers(2);
    service.kill('SIGPIPE');
    for (const pid of [1, 2].flatMap((index) => pidsOf(service, index))) process.kill(pid, 'SIGPIPE');
    for (let i = 0; i < 4; i++) expect(await predict(service.url)).toBe(200);
    expect(service.lines.filter(({ msg }) => msg === 'worker ended')).toEqual([]);
    expect(await service.stop()).toBe(0);
  });
});

describe('SHUTDOWN_TIMEOUT_MS limits the whole shutdown', () => {
  /** Sends half of a request, and never the rest. */
  function sendHalf(url: string): void {
    const sent = request(`${url}/predict`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.on('error', () => {});
    sent.write('{"text":');
  }

  test.each([1, 2])('with open requests and no receiver of telemetry, WORKERS=%d', async (workers) => {
    const service = await startWorkers(workers, {
      SHUTDOWN_TIMEOUT_MS: '2500',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    });
    for (let i = 0; i < 4; i++) sendHalf(service.url);
    expect(await predict(service.url)).toBe(200);
    const started = performance.now();
    expect(await service.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(2_500 + SLACK_MS);
  });

  test('with a stopped worker, which is killed', async () => {
    const service = await startWorkers(2, { SHUTDOWN_TIMEOUT_MS: '2500' });
    const pid = pidsOf(service, 1)[0]!;
    process.kill(pid, 'SIGSTOP');
    const started = performance.now();
    expect(await service.stop()).toBe(0);
    expect(performance.now() - started).toBeLessThan(2_500 + SLACK_MS);
    await until(() => !isAlive(pid));
  });

  test('at its largest value it does not end at once', async () => {
    const service = await startProcess({ SHUTDOWN_TIMEOUT_MS: String(2 ** 31 - 1) });
    expect(await service.stop()).toBe(0);
    expect(service.lines.map(({ msg }) => msg).slice(-2)).toEqual(['stopping', 'stopped']);
  });
});
