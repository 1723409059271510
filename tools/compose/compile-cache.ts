import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startArguments } from '../stack/start-command.ts';

// Runs while the image is built: compile-cache.ts FOLDER. Starts the service and the gateway once, lets them answer a request, and
// ends them. Node then writes the compiled form of their files into the folder, so that a container need not compile them.

const ATTEMPTS = 300;
const ATTEMPT_MS = 200;
const SERVICE = 'http://127.0.0.1:3000';
const GATEWAY = 'http://127.0.0.1:3025';

/** Starts a program of the image with a receiver of its telemetry, and waits until it is ready. Returns a function that ends it. */
async function startProgram(
  script: 'start' | 'gateway',
  url: string,
  env: NodeJS.ProcessEnv,
): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, startArguments(script), { stdio: 'inherit', env: { ...process.env, ...env } });
  const exited = once(child, 'exit');
  for (let attempt = 1; !(await isReady(url)); attempt += 1) {
    if (attempt === ATTEMPTS || child.exitCode !== null) throw new Error(`npm run ${script} is not ready`);
    await wait(ATTEMPT_MS);
  }
  return async () => {
    child.kill('SIGTERM');
    const [code] = await exited;
    if (code !== 0) throw new Error(`npm run ${script} ended with exit code ${code}`);
  };
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`).catch(() => undefined);
  return response?.ok ?? false;
}

async function post(url: string, type: string, body: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  if (!response.ok) throw new Error(`${url} answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

const receiver = createServer((_, response) => response.end('{}'));
await once(receiver.listen(0, '127.0.0.1'), 'listening');
const { port } = receiver.address() as AddressInfo;
const settings = { NODE_COMPILE_CACHE: process.argv[2], OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
const endService = await startProgram('start', SERVICE, settings);
const endGateway = await startProgram('gateway', GATEWAY, {
  ...settings,
  WAYMARK_URL: SERVICE,
  OTEL_EXPORTER_PROMETHEUS_PORT: '9465',
});
await post(`${SERVICE}/predict`, 'application/json', JSON.stringify({ text: 'See you at the meeting' }));
await post(`${GATEWAY}/messages`, 'message/rfc822', 'Subject: Meeting\r\n\r\nSee you there.\r\n');
await endGateway();
await endService();
receiver.close();
