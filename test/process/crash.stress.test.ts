import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { failingStart, type ServiceProcess } from '../support/service-process.ts';
import { killAndWait, metricsOf, pidsOf, predict, predictTimes, startWorkers, total, until } from './workers.ts';

// Each test starts three processes and more.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let service: ServiceProcess | undefined;

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

/** Returns the environment that makes every process of the service run a script first. */
function preloading(script: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

/** Returns the environment that makes each worker exit with 3 at its start, while the file exists. */
const failingWhile = (file: string) =>
  preloading(
    `import { existsSync } from 'node:fs'; if (process.send && existsSync(${JSON.stringify(file)})) process.exit(3)`,
  );

test('a worker that crashes logs the reason, and keeps its counts', async () => {
  service = await startWorkers(2, preloading(`process.on('SIGUSR2', () => { throw new Error('planted') })`));
  await predictTimes(service.url, 20);
  for (const workerIndex of [1, 2]) process.kill(pidsOf(service, workerIndex)[0]!, 'SIGUSR2');
  await until(() => [1, 2].every((workerIndex) => pidsOf(service!, workerIndex).length === 2));
  expect(total(await metricsOf(service), 'classifier_predictions_total')).toBe(20);
  const fatal = service.lines.filter(({ level }) => level === 'fatal');
  expect(fatal.map((line) => line['exception.message'])).toEqual(['planted', 'planted']);
});

test('the port stays open when all workers die at once: connections wait for the replacements', async () => {
  service = await startWorkers(2);
  for (const workerIndex of [1, 2]) process.kill(pidsOf(service, workerIndex)[0]!, 'SIGKILL');
  await until(() => service!.lines.filter(({ msg }) => msg === 'worker ended').length === 2);
  const statuses = Promise.all(Array.from({ length: 40 }, () => predict(service!.url)));
  expect(new Set(await statuses)).toEqual(new Set([200]));
  expect(service.lines.filter(({ msg }) => msg === 'ready')).toHaveLength(1);
});

test('a worker that dies when it is ready and the others are not is replaced, because the port is open', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-crash-'));
  // The first worker kills itself after it was ready. The second one starts only then.
  service = await startWorkers(
    2,
    preloading(`import { existsSync, writeFileSync } from 'node:fs';
      const file = ${JSON.stringify(join(folder, 'was-ready'))};
      const { send } = process;
      if (send && process.argv.includes('worker-1') && !existsSync(file)) process.send = function (message, ...rest) {
        if (message?.kind === 'ready') {
          writeFileSync(file, '');
          setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200);
        }
        return send.call(this, message, ...rest);
      };
      if (send && process.argv.includes('worker-2')) {
        while (!existsSync(file)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      }`),
  );
  expect(pidsOf(service, 1)).toHaveLength(2);
  expect(pidsOf(service, 2)).toHaveLength(1);
  await predictTimes(service.url, 4);
});

test('a worker that could not receive a connection, because it had no free descriptor, gets further ones', async () => {
  service = await startWorkers(2);
  await predictTimes(service.url, 4);
  const [limited, other] = [pidsOf(service, 1)[0]!, pidsOf(service, 2)[0]!];
  const limit = (descriptors: number) => execFileSync('prlimit', ['--pid', `${limited}`, `--nofile=${descriptors}:`]);
  limit(3);
  // Connections that the worker does not receive go to the other one.
  expect(await Promise.all(Array.from({ length: 4 }, () => predict(service!.url)))).toEqual([200, 200, 200, 200]);
  // The worker measures itself each second, and needs a descriptor for that.
  await delay(1_500);
  limit(1_024);
  process.kill(other, 'SIGSTOP');
  // The stopped worker holds up one connection at most.
  const first = await Promise.any([predict(service.url), predict(service.url)]);
  process.kill(other, 'SIGCONT');
  expect(first).toBe(200);
});

test('a worker that cannot start is started again until it can, and the others serve', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'waymark-')), 'end');
  service = await startWorkers(2, failingWhile(file));
  await writeFile(file, '');
  process.kill(pidsOf(service, 1)[0]!, 'SIGKILL');
  const failures = () => service!.lines.filter((line) => line['process.exit.code'] === 3);
  await until(() => failures().length >= 2);
  await predictTimes(service.url, 4);
  await rm(file);
  await until(() => pidsOf(service!, 1).length === 2);
  await predictTimes(service.url, 4);
});

test('a first start that fails ends the service with the same code', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'waymark-')), 'end');
  await writeFile(file, '');
  expect(await failingStart({ WORKERS: '2', ...failingWhile(file) })).toEqual({ code: 3, stderr: '' });
});

test('workers serve without telemetry', async () => {
  service = await startWorkers(2, { OTEL_SDK_DISABLED: 'true' });
  await predictTimes(service.url, 4);
  await killAndWait(service, 2);
  await predictTimes(service.url, 4);
  await expect(fetch(service.metricsUrl)).rejects.toThrow();
});
