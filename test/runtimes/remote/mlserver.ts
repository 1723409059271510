import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installPython } from '../../../bench/harness/python-environment.ts';
import { MLSERVER_PACKAGES } from '../../../bench/serving/python-contenders.ts';

const START_TIMEOUT_MS = 120_000;

/** A real MLServer in a process of its own, with the model `remote`. */
export interface MlServer {
  readonly url: string;
  /** @param collector the address of a Collector for its spans, by OTLP over gRPC */
  start(collector?: string): Promise<void>;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Returns the `traceparent` of each request. */
  traces(): Promise<string[]>;
}

/** Installs MLServer into the cache if it is not there. The benchmark of serving uses the same environment. */
export function installMlServer(): Promise<string> {
  return installPython('serving-mlserver', MLSERVER_PACKAGES);
}

/** Creates a server that does not run yet. It always listens on the same port. */
export async function createMlServer(bin: string): Promise<MlServer> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-mlserver-'));
  const [http, grpc, metrics] = await freePorts(3);
  await mkdir(join(folder, 'remote'));
  await copyFile('test/fixtures/mlserver/spam_model.py', join(folder, 'spam_model.py'));
  const settings = {
    host: '127.0.0.1',
    http_port: http,
    grpc_port: grpc,
    metrics_port: metrics,
    parallel_workers: 0,
    use_structured_logging: false,
  };
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
  const model = {
    name: 'remote',
    implementation: 'spam_model.SpamModel',
    inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
    outputs: [{ name: 'scores', datatype: 'FP64', shape: [-1, 2] }],
  };
  await writeFile(join(folder, 'remote/model-settings.json'), JSON.stringify(model));
  const url = `http://127.0.0.1:${http}`;
  let child: ChildProcess | undefined;
  return {
    url,
    async start(collector) {
      let output = '';
      child = spawn(join(bin, 'mlserver'), ['start', '.'], {
        cwd: folder,
        env: {
          ...process.env,
          PYTHONPATH: folder,
          ...(collector !== undefined && { MLSERVER_TRACING_SERVER: collector }),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += String(chunk)));
      const endsAt = performance.now() + START_TIMEOUT_MS;
      while (!(await isReady(url))) {
        if (child.exitCode !== null || performance.now() > endsAt)
          throw new Error(`MLServer does not start: ${output}`);
        await delay(100);
      }
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    traces: async () => (await readFile(join(folder, 'traces.txt'), 'utf8')).trim().split('\n'),
  };
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/v2/models/remote/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => server.address());
  for (const server of servers) server.close();
  return addresses.flatMap((address) => (address === null || typeof address === 'string' ? [] : [address.port]));
}
