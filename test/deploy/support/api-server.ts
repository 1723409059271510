import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiServerPrograms } from '../../../tools/deploy/api-server.ts';
import { type RunningComponent, start } from '../../../tools/stack/processes.ts';
import { freePort } from '../../support/service-process.ts';
import type { Manifest } from './profiles.ts';

const TOKEN = 'a-token-of-the-test';
const READY_WITHIN_MS = 60_000;

const resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** The answer of the API server. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The header `Warning`, such as of the Pod Security Standard. */
  readonly warning: string | undefined;
}

/** An API server of Kubernetes with an empty etcd, and without nodes and controllers. */
export interface ApiServer {
  /** Creates an object. */
  create(manifest: Manifest): Promise<Answer>;
  /** Asks what an apply would do, with unknown fields as errors. Nothing is stored. */
  tryApply(manifest: Manifest): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts etcd and the API server on free ports, and waits until the server is ready. */
export async function startApiServer({ apiServer, etcd }: ApiServerPrograms): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-api-server-'));
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const database = await launchEtcd(etcd, folder, clientPort, peerPort);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = join(folder, 'service-accounts.pem');
  await writeFile(key, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const tokens = join(folder, 'tokens.csv');
  await writeFile(tokens, `${TOKEN},test,1,system:masters\n`);
  const flags = {
    'etcd-servers': `http://127.0.0.1:${clientPort}`,
    'bind-address': '127.0.0.1',
    // An address for documentation: nobody connects to it.
    'advertise-address': '192.0.2.1',
    'endpoint-reconciler-type': 'none',
    'secure-port': String(port),
    'cert-dir': join(folder, 'certificates'),
    'token-auth-file': tokens,
    'authorization-mode': 'AlwaysAllow',
    'service-account-issuer': 'https://waymark.invalid',
    'service-account-key-file': key,
    'service-account-signing-key-file': key,
    'service-cluster-ip-range': '10.0.0.0/24',
    // No controller creates the accounts that it would ask for.
    'disable-admission-plugins': 'ServiceAccount',
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  // etcd's address stands for its health: the server has a certificate of its own, which fetch does not trust.
  const component = {
    name: 'kube-apiserver',
    file: apiServer,
    args,
    env: {},
    cwd: folder,
    health: healthOf(clientPort),
  };
  const server = await launch({ ...component, stopWithinMs: 10_000 }, folder);
  const certificate = join(folder, 'certificates/apiserver.crt');
  const send = async (method: string, path: string, type: string, body = '') =>
    exchange({ port, method, path, type, body, ca: await readFile(certificate, 'utf8') });
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await send('GET', '/readyz', 'application/json').catch(() => undefined);
    if (answer?.status === 200) break;
    if (Date.now() > until) throw new Error(`the API server is not ready: ${answer?.body}`);
    await delay(200);
  }
  const collectionOf = async ({ kind, apiVersion }: Manifest) => {
    const group = `/${String(apiVersion).includes('/') ? 'apis' : 'api'}/${String(apiVersion)}`;
    const found = resources.parse(JSON.parse((await send('GET', group, 'application/json')).body)).resources;
    const resource = found.find((one) => one.kind === kind && !one.name.includes('/'));
    if (!resource) throw new Error(`the API server has no ${kind} of ${String(apiVersion)}`);
    return `${group}/${resource.namespaced ? 'namespaces/waymark/' : ''}${resource.name}`;
  };
  return {
    create: async (manifest) =>
      send('POST', await collectionOf(manifest), 'application/json', JSON.stringify(manifest)),
    tryApply: async (manifest) =>
      send(
        'PATCH',
        `${await collectionOf(manifest)}/${manifest.metadata.name}?dryRun=All&fieldManager=test&fieldValidation=Strict`,
        'application/apply-patch+yaml',
        JSON.stringify(manifest),
      ),
    async stop() {
      await server.stop();
      await database.stop();
    },
  };
}

const healthOf = (clientPort: number) => `http://127.0.0.1:${clientPort}/health`;

function launch(component: Parameters<typeof start>[0], folder: string): Promise<RunningComponent> {
  return start(component, join(folder, `${component.name}.log`), new AbortController().signal);
}

function launchEtcd(file: string, folder: string, clientPort: number, peerPort: number): Promise<RunningComponent> {
  const [client, peer] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const args = [
    ...['--data-dir', join(folder, 'etcd')],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ];
  const component = { name: 'etcd', file, args, env: {}, cwd: folder, health: healthOf(clientPort) };
  return launch({ ...component, stopWithinMs: 10_000 }, folder);
}

interface Exchange {
  port: number;
  method: string;
  path: string;
  type: string;
  body: string;
  ca: string;
}

function exchange({ port, method, path, type, body, ca }: Exchange): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': type };
  const sent = request({ host: '127.0.0.1', port, method, path, headers, ca }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    response.once('end', () => {
      const warning = response.headers.warning;
      resolve({ status: response.statusCode ?? 0, body: text, warning });
    });
  });
  sent.once('error', reject).end(body);
  return promise;
}
