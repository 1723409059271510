import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Family, scrape } from '../../support/openmetrics.ts';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';

const MANY = 10_000;
/** Node accepts more methods than the conventions name. */
const METHODS = ['GET', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'MKCOL', 'REPORT', 'PURGE', 'SUBSCRIBE', 'LINK'];

let service: ServiceProcess;
let agent: Agent;

beforeAll(async () => {
  service = await startProcess();
  agent = new Agent({ keepAlive: true, maxSockets: 8 });
});

afterAll(async () => {
  agent.destroy();
  await service.stop();
});

/** Sends a request without the overhead of fetch, and resolves to the status. */
function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(service.url + path, { method, headers, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.on('error', reject).end(body);
  });
}

async function sendAll(count: number, one: (i: number) => Promise<number>): Promise<Set<number>> {
  const statuses = new Set<number>();
  let next = 0;
  const worker = async () => {
    while (next < count) statuses.add(await one(next++));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return statuses;
}

test('ten thousand paths, methods, hosts, model names and labels add a bounded number of series', {
  timeout: 120_000,
}, async () => {
  const json = { 'content-type': 'application/json' };
  const statuses = await sendAll(MANY, (i) => {
    switch (i % 4) {
      case 0:
        return send(METHODS[i % METHODS.length]!, `/some/path-${i}?query=${i}`, { host: `host-${i}` });
      case 1:
        return send('GET', `/models/model-${i}`, { 'user-agent': `agent-${i}` });
      case 2:
        return send('POST', '/predict', json, JSON.stringify({ text: 'a', model: `model-${i}` }));
      default:
        return send('POST', '/predict', json, JSON.stringify({ text: `label-${i}`, [`label-${i}`]: i }));
    }
  });
  expect(statuses).toEqual(new Set([404, 422]));
  const families = await scrape(service.metricsUrl);
  const series = (family: Family | undefined) => family?.series.size ?? 0;
  expect(series(families.get('http_server_request_duration_seconds'))).toBeLessThanOrEqual(10);
  expect(series(families.get('http_server_active_requests'))).toBeLessThanOrEqual(11);
  expect(series(families.get('classifier_errors'))).toBeLessThanOrEqual(4);
  expect([...families.values()].reduce((sum, family) => sum + series(family), 0)).toBeLessThan(250);
});
