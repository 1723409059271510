import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { cacheFolder } from '../../tools/cache-folder.ts';
import { startArguments } from '../../tools/stack/start-command.ts';
import { trainNatural } from '../classifier/natural-peer.ts';
import type { Command, Contender, ContenderName, Workplace } from './contender.ts';

const PEERS = join(import.meta.dirname, 'peers');

const predict = {
  path: '/predict',
  body: (text: string) => ({ text }),
  label: ({ prediction }: { prediction: string }) => prediction,
};

/** The contenders on Node: a server without a classifier as the upper limit, Waymark, and a simple Koa server. */
export const NODE_CONTENDERS: readonly Contender[] = [
  {
    name: 'ceiling',
    traced: false,
    prepare: async ({ addresses }) => ({
      file: process.execPath,
      args: [join(PEERS, 'node-http.ts'), String(addresses.port)],
    }),
    health: '/',
    path: '/predict',
    body: predict.body,
  },
  waymark('off', false, { OTEL_SDK_DISABLED: 'true' }),
  waymark('traced', true),
  { ...waymark('workers', true, { WORKERS: '2' }), cores: '0,1' },
  { name: 'natural', traced: true, prepare: prepareNatural, health: '/health', ...predict },
];

function waymark(name: ContenderName, traced: boolean, settings: Record<string, string> = {}): Contender {
  const prepare = async ({ addresses, folder }: Workplace): Promise<Command> => ({
    file: process.execPath,
    args: startArguments('start'),
    env: {
      PORT: String(addresses.port),
      OTEL_EXPORTER_PROMETHEUS_PORT: String(addresses.otherPorts[0]),
      DATA_DIR: join(folder, `data-${name}`),
      ...(traced ? { OTEL_EXPORTER_OTLP_ENDPOINT: addresses.collectorHttp } : {}),
      ...settings,
    },
  });
  return { name, traced, prepare, health: '/readyz', ...predict };
}

async function prepareNatural({ addresses, mails }: Workplace): Promise<Command> {
  return {
    file: process.execPath,
    args: [
      '--require',
      '@opentelemetry/auto-instrumentations-node/register',
      join(PEERS, 'koa-natural.cjs'),
      await trainedNatural(mails.train),
      String(addresses.port),
    ],
    env: {
      OTEL_SERVICE_NAME: 'koa-natural',
      OTEL_EXPORTER_OTLP_ENDPOINT: addresses.collectorHttp,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  };
}

/**
 * Returns the path of natural's trained classifier as JSON. It is kept in the cache, since training takes over 20 s.
 */
async function trainedNatural(train: string): Promise<string> {
  const examples: Example[] = [];
  const { sha256 } = await readExamples(train, (example) => examples.push(example));
  const file = join(cacheFolder('bench'), `natural-8.1.1-${sha256.slice(0, 12)}.json`);
  if (!existsSync(file)) {
    process.stderr.write("Training natural's classifier: this takes about 20 s\n");
    await mkdir(cacheFolder('bench'), { recursive: true });
    await writeFile(`${file}.tmp`, JSON.stringify(trainNatural(examples).natural));
    await rename(`${file}.tmp`, file);
  }
  return file;
}
