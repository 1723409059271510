import { type Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';

/** Starts the service with several processes. */
export function startWorkers(count: number, env: Record<string, string> = {}): Promise<ServiceProcess> {
  return startProcess({ WORKERS: String(count), ...env });
}

/** Returns the process ids of all workers that ever had an index and were ready, in their order. */
export function pidsOf({ lines }: ServiceProcess, workerIndex: number): number[] {
  return lines
    .filter(({ msg, worker }) => msg === 'worker ready' && worker === workerIndex)
    .map((line) => Number(line['process.pid']));
}

/** Waits until a condition is true. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 40_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`the condition is not true after ${timeoutMs} ms: ${condition}`);
    await delay(50);
  }
}

/** Kills a worker and waits for its replacement. */
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

/** Requests one prediction. Without an agent the request has a connection of its own, so that the workers alternate. */
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

/** Returns the samples of counters and histograms on a page of metrics, by their series. */
export function cumulativeSamples(page: string): Map<string, number> {
  const types = new Map([...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
  const samples = new Map<string, number>();
  for (const [, name = '', labels = '', value] of page.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)) {
    const family = name.replace(/_(bucket|count|sum)$/, '');
    if (types.get(name) === 'counter' || types.get(family) === 'histogram') samples.set(name + labels, Number(value));
  }
  return samples;
}

/** Returns the sum over the series of one metric. */
export function total(page: string, name: string): number {
  let sum = 0;
  for (const [series, value] of cumulativeSamples(page)) if (series.startsWith(`${name}{`)) sum += value;
  return sum;
}

export async function metricsOf({ metricsUrl }: ServiceProcess): Promise<string> {
  return (await fetch(metricsUrl)).text();
}
