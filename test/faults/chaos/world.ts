import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startArguments } from '../../../tools/stack/start-command.ts';
import { smallMails } from '../../classifier/small-mails.ts';
import { writeSmallVersion } from '../../models/small-models.ts';
import { type FaultyCollector, startCollector } from './collector.ts';
import { Ledger } from './ledger.ts';
import { type ManagedProcess, manageProcess, SHUTDOWN_TIMEOUT_MS } from './processes.ts';
import { createRequests, type Requests } from './requests.ts';

/** The options of a run. */
export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly workers: number;
  readonly gateway: boolean;
}

/** The folders of the system. Each one is a file system of its own if `hasMounts` is set. */
export interface Folders {
  readonly models: string;
  readonly data: string;
  readonly mail: string;
}

/** Everything that faults and clients work on. */
export interface World {
  readonly options: ChaosOptions;
  readonly ledger: Ledger;
  readonly requests: Requests;
  readonly collector: FaultyCollector;
  readonly service: ManagedProcess;
  readonly metricsUrl: string;
  readonly gateway: ManagedProcess | undefined;
  readonly gatewayMetricsUrl: string;
  readonly smtpPort: number;
  readonly folders: Folders;
  readonly hasMounts: boolean;
  /** The file with the clock of the service, if libfaketime is installed. */
  readonly clock: string | undefined;
  /** The faults that are active now. */
  readonly active: Set<string>;
  close(): Promise<void>;
}

const FAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
].find((path) => existsSync(path));

/** The faults of a folder that keep a process from starting. */
const KEEPS_FROM_STARTING = /full|read-only|locked/;

/** The size of each file system. */
const MEGABYTES: Readonly<Record<keyof Folders, number>> = { models: 48, data: 48, mail: 64 };

/** The time in milliseconds after which a slow client loses its connection. */
export const REQUEST_TIMEOUT_MS = 3_000;

/** Prepares folders, Collector, service and gateway. Nothing is started but the Collector. */
export async function createWorld(options: ChaosOptions): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'waymark-chaos-'));
  const folders = { models: join(root, 'models'), data: join(root, 'data'), mail: join(root, 'mail') };
  let hasMounts = true;
  for (const [name, folder] of Object.entries(folders)) {
    await mkdir(folder);
    hasMounts &&= mountMemory(folder, MEGABYTES[name as keyof Folders]);
  }
  for (const version of ['1', '2', '3']) await writeSmallVersion(folders.models, 'spam', version);
  const examples = smallMails(2_000).map((example) => `${JSON.stringify(example)}\n`);
  await writeFile(join(root, 'train.jsonl'), examples.join(''));
  const policy = { data: '../../train.jsonl', retrain: { niceness: 0 } };
  await writeFile(join(folders.models, 'spam/policy.json'), JSON.stringify(policy));
  const clock = FAKETIME === undefined ? undefined : join(root, 'clock');
  if (clock !== undefined) await writeFile(clock, '+0');

  const ledger = new Ledger();
  const collector = await startCollector();
  const [port, metricsPort, gatewayPort, smtpPort, gatewayMetricsPort] = portsOfRun();
  const active = new Set<string>();
  const shared = {
    PATH: process.env['PATH'] ?? '',
    SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
    REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
    // Most faults of a run start processes, and their start would take most of its time.
    NODE_COMPILE_CACHE: join(tmpdir(), 'waymark-chaos-code'),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '200',
    OTEL_BLRP_SCHEDULE_DELAY: '200',
    ...(clock !== undefined && {
      LD_PRELOAD: FAKETIME ?? '',
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_CACHE_DURATION: '1',
      // A step of the clock of the day leaves the clock that measures durations as it is.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }),
  };
  const common = { ledger, mayRefuseStart: () => [...active].some((fault) => KEEPS_FROM_STARTING.test(fault)) };
  const url = `http://127.0.0.1:${port}`;
  const service = manageProcess({
    ...common,
    name: 'service',
    args: startArguments('start'),
    url,
    env: {
      ...shared,
      PORT: String(port),
      WORKERS: String(options.workers),
      MODELS_DIR: folders.models,
      DATA_DIR: folders.data,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
    },
  });
  const gateway = manageProcess({
    ...common,
    name: 'gateway',
    args: startArguments('gateway'),
    url: `http://127.0.0.1:${gatewayPort}`,
    env: {
      ...shared,
      WAYMARK_URL: url,
      GATEWAY_PORT: String(gatewayPort),
      GATEWAY_SMTP_PORT: String(smtpPort),
      GATEWAY_MAILDIR: folders.mail,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(gatewayMetricsPort),
    },
  });
  return {
    options,
    ledger,
    requests: createRequests(ledger),
    collector,
    service,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    gateway: options.gateway ? gateway : undefined,
    gatewayMetricsUrl: `http://127.0.0.1:${gatewayMetricsPort}/metrics`,
    smtpPort: smtpPort!,
    folders,
    hasMounts,
    clock,
    active,
    async close() {
      collector.close();
      for (const folder of hasMounts ? Object.values(folders) : []) execFileSync('umount', ['--lazy', folder]);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/**
 * Returns five ports. They are below those that the system gives to outgoing connections: while a service is restarted, a
 * client could otherwise take its port.
 */
function portsOfRun(): readonly number[] {
  const first = 10_000 + (process.pid % 2_000) * 10;
  return Array.from({ length: 5 }, (_, at) => first + at);
}

/** Makes a folder a file system of its own in memory. Returns false where this user may not. */
function mountMemory(folder: string, megabytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'chaos', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
