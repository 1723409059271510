import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/service-process.ts';
import { until } from './workers.ts';

const SERVICE = ['--import', './otel/preload.ts', 'src/main.ts'];
const GATEWAY = ['--import', './otel/gateway-preload.ts', 'src/gateway/main.ts'];
const SHUTDOWN_TIMEOUT_MS = 3_000;
/** The delay of a busy machine. A wait without a bound lasts much longer. */
const SLACK_MS = 3_000;

/** Runs a command with a terminal as standard output. Closes the terminal on SIGUSR1, and never reads it. */
const IN_TERMINAL = `
import os, pty, signal, subprocess, sys
master, terminal = pty.openpty()
signal.signal(signal.SIGUSR1, lambda *_: os.close(master))
child = subprocess.Popen(sys.argv[1:], stdout=terminal, start_new_session=True)
os.close(terminal)
signal.signal(signal.SIGTERM, lambda *_: child.terminate())
sys.exit(child.wait())
`;

type Output = 'a full disk' | 'a pipe that nobody reads' | 'a closed pipe' | 'a stopped terminal' | 'a closed terminal';

/** Starts the service or the gateway with an output that takes no lines. */
async function start(args: readonly string[], output: Output, env: Record<string, string>) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const settings = {
    PATH: process.env['PATH'],
    PORT: String(port),
    GATEWAY_PORT: String(port),
    GATEWAY_SMTP_PORT: '0',
    GATEWAY_MAILDIR: await mkdtemp(join(tmpdir(), 'waymark-')),
    DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-')),
    OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
    SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
    ...env,
  };
  const full = output === 'a full disk' ? openSync('/dev/full', 'w') : undefined;
  const command = output.endsWith('terminal')
    ? ['python3', '-c', IN_TERMINAL, process.execPath, ...args]
    : [process.execPath, ...args];
  const child = spawn(command[0]!, command.slice(1), { env: settings, stdio: ['ignore', full ?? 'pipe', 'pipe'] });
  if (full !== undefined) closeSync(full);
  const stderr = text(child.stderr!);
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  if (output === 'a closed pipe') child.stdout!.destroy();
  if (output === 'a closed terminal') child.kill('SIGUSR1');
  return { child, url, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`, stderr };
}

async function stop(child: ChildProcess): Promise<{ code: number | null; milliseconds: number }> {
  const started = performance.now();
  const exited = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGTERM');
  const [code] = await exited;
  child.stdout?.destroy();
  return { code, milliseconds: performance.now() - started };
}

async function classify(url: string, texts: number): Promise<number> {
  const body = JSON.stringify({ texts: Array.from({ length: texts }, () => 'win money') });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/predict/batch`, { method: 'POST', headers, body });
  await response.arrayBuffer();
  return response.status;
}

const OUTPUTS: readonly Output[] = [
  'a full disk',
  'a pipe that nobody reads',
  'a closed pipe',
  'a stopped terminal',
  'a closed terminal',
];

describe.each(['1', '2'])('with WORKERS=%s the service goes on and ends in time if its output is', (WORKERS) => {
  test.each(OUTPUTS)('%s', async (output) => {
    const { child, url, metricsUrl, stderr } = await start(SERVICE, output, { WORKERS });
    for (let i = 0; i < 60; i++) expect(await classify(url, 1_000)).toBe(200);
    const page = await (await fetch(metricsUrl)).text();
    const dropped = [...page.matchAll(/^log_lines_dropped_total(?:\{.*\})? (\d+)$/gm)].map(([, lines]) =>
      Number(lines),
    );
    expect(dropped.reduce((sum, lines) => sum + lines, 0)).toBeGreaterThan(1_000);
    const { code, milliseconds } = await stop(child);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(SHUTDOWN_TIMEOUT_MS + SLACK_MS);
    expect(await stderr).toMatch(/^standard output does not take log lines: /m);
  });
});

describe('the gateway goes on and ends in time if its output is', () => {
  test.each(OUTPUTS)('%s', async (output) => {
    const { child, url, stderr } = await start(GATEWAY, output, { WAYMARK_URL: 'http://127.0.0.1:9' });
    for (let i = 0; i < 300; i++) {
      const headers = { 'content-type': 'message/rfc822', accept: 'application/json' };
      const response = await fetch(`${url}/messages`, { method: 'POST', headers, body: 'Subject: a\r\n\r\nb\r\n' });
      await response.arrayBuffer();
      expect(response.status).toBe(200);
    }
    const { code, milliseconds } = await stop(child);
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(SHUTDOWN_TIMEOUT_MS + SLACK_MS);
    expect(await stderr).toMatch(/standard output d(?:oes|id) not take/);
  });
});
