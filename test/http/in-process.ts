import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readConfig } from '../../src/platform/config.ts';
import { type RunningService, startService } from '../../src/service.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';

/** The service with its real HTTP server, on a free port in this process; it ends after the test. */
export async function serve(settings: Record<string, string> = {}): Promise<RunningService & { lines: string[] }> {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'waymark-'));
  const service = await startService(readConfig({ PORT: '0', DATA_DIR, ...settings }), log);
  // Not waited for: half a second of draining is what other tests are about.
  onTestFinished(() => void service.stop());
  return { ...service, lines };
}

/** Posts a value as JSON; a string is posted as it is. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
