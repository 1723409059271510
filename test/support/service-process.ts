import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A log line of the service. */
export interface LogLine {
  level: string;
  msg: string;
  trace_id?: string;
  span_id?: string;
  [attribute: string]: unknown;
}

/** The service in a process of its own, started as with `npm start`. */
export interface ServiceProcess {
  readonly url: string;
  readonly metricsUrl: string;
  /** The lines on stdout so far. */
  readonly lines: readonly LogLine[];
  /** Sends SIGTERM, and resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Sends a signal, by default SIGKILL. */
  kill(signal?: NodeJS.Signals): void;
  readonly exited: Promise<unknown>;
}

const PRELOADED = ['--import', './otel/preload.ts', 'src/main.ts'];

/** Starts the service on free ports and waits until it is ready. */
export async function startProcess(
  env: Record<string, string> = {},
  args: string[] = PRELOADED,
): Promise<ServiceProcess> {
  const metricsPort = await freePort();
  const child = await spawnService({ OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort), ...env }, args);
  const lines: LogLine[] = [];
  let stderr = '';
  child.stderr!.on('data', (data) => {
    stderr += String(data);
  });
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (text) => {
      const line = JSON.parse(text) as LogLine;
      lines.push(line);
      if (line.msg === 'ready') resolve(String(line['url']));
    });
    child.once('close', (code) => {
      reject(new Error(`the service ended with ${code}: ${JSON.stringify(lines)} ${stderr}`));
    });
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  return {
    url: await ready,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    lines,
    async stop() {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
    kill: (signal = 'SIGKILL') => child.kill(signal),
    exited,
  };
}

/** Starts the mail gateway on free ports and waits until it is ready. */
export function startGatewayProcess(env: Record<string, string>): Promise<ServiceProcess> {
  const free = { GATEWAY_PORT: '0', GATEWAY_SMTP_PORT: '0' };
  return startProcess({ ...free, ...env }, ['--import', './otel/gateway-preload.ts', 'src/gateway/main.ts']);
}

/** Runs a start that must fail, and returns the exit code and stderr. */
export async function failingStart(env: Record<string, string>): Promise<{ code: number | null; stderr: string }> {
  const child = await spawnService({ OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()), ...env }, PRELOADED);
  let stderr = '';
  child.stderr!.on('data', (data) => {
    stderr += String(data);
  });
  child.stdout!.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

/** Returns a free port of loopback. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function spawnService(env: Record<string, string>, args: string[]): Promise<ChildProcess> {
  const fallback = {
    PATH: process.env['PATH'],
    // As with `npm start`, the code is compiled once.
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    PORT: '0',
    DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-')),
  };
  return spawn(process.execPath, args, {
    env: { ...fallback, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
