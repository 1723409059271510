import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { readConfig } from '../../src/platform/config.ts';
import { type RunningService, startService } from '../../src/service.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';

/** A service in this process, and the lines that it has logged. */
type ServiceInProcess = RunningService & { lines: string[] };

/** Starts the service with its real HTTP server on a free port in this process. It stops after the test. */
export async function serve(settings: Record<string, string> = {}): Promise<ServiceInProcess> {
  const service = await startInProcess(settings);
  // The test does not wait for the end of the drain. Other tests check it.
  onTestFinished(() => void service.stop());
  return service;
}

/**
 * Returns a function that does the same for tests that change nothing: all tests of a file with the same settings get the same
 * service, which stops after the file.
 */
export function shareServices(): typeof serve {
  const started = new Map<string, Promise<ServiceInProcess>>();
  afterAll(async () => {
    for (const service of started.values()) void (await service).stop();
  });
  return (settings = {}) => {
    const key = JSON.stringify(settings);
    const service = started.get(key) ?? startInProcess(settings);
    started.set(key, service);
    return service;
  };
}

async function startInProcess(settings: Record<string, string>): Promise<ServiceInProcess> {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'waymark-'));
  const service = await startService(readConfig({ PORT: '0', DATA_DIR, ...settings }), log);
  return { ...service, lines };
}

/** Posts a value as JSON. A string is sent as it is. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
