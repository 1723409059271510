import { type Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';

/** The service as several processes. */
export function startWorkers(count: number, env: Record<string, string> = {}): Promise<ServiceProcess> {
  return startProcess({ WORKERS: String(count), ...env });
}

/** The process ids of the workers that ever got ready in one workerIndex, in their order. */
export function pidsOf({ lines }: ServiceProcess, workerIndex: number): number[] {
  return lines
    .filter(({ msg, worker }) => msg === 'worker ready' && worker === workerIndex)
    .map((line) => Number(line['process.pid']));
}

/** Waits until something is so. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 40_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not come to be within ${timeoutMs} ms: ${holds}`);
    await delay(50);
  }
}

/** Ends the worker in a workerIndex as a power cut would, and waits for the one that replaces it. */
export async function killAndWait(service: ServiceProcess, workerIndex: number): Promise<void> {
  const before = pidsOf(service, workerIndex);
  process.kill(before.at(-1)!, 'SIGKILL');
  await until(() => pidsOf(service, workerIndex).length > before.length);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks for one prediction. Without an agent on a connection of its own, so that the workers take turns. */
export function predict(url: string, agent?: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${url}/predict`, { method: 'POST', agent: agent ?? false, headers });
    sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode!)));
    sent.on('error', reject);
    sent.end('{"text":"a mail"}');
  });
}

export async function predictTimes(url: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const status = await predict(url);
    if (status !== 200) throw new Error(`answered with ${status}`);
  }
}

/** Every sample of a page of metrics that may only grow, by its series. */
export function growing(page: string): Map<string, number> {
  const types = new Map([...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
  const samples = new Map<string, number>();
  for (const [, name = '', labels = '', value] of page.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)) {
    const family = name.replace(/_(bucket|count|sum)$/, '');
    if (types.get(name) === 'counter' || types.get(family) === 'histogram') samples.set(name + labels, Number(value));
  }
  return samples;
}

/** The sum over the series of one metric. */
export function total(page: string, name: string): number {
  let sum = 0;
  for (const [series, value] of growing(page)) if (series.startsWith(`${name}{`)) sum += value;
  return sum;
}

export async function metricsOf({ metricsUrl }: ServiceProcess): Promise<string> {
  return (await fetch(metricsUrl)).text();
}
