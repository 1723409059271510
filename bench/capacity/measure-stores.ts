import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres } from '../../test/support/postgres.ts';
import { postJson, readMails } from '../../tools/stack/check/traffic.ts';
import { components } from '../../tools/stack/components.ts';
import { installTools } from '../../tools/stack/install.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { withMeasuredService } from '../growth/measured-service.ts';
import { cpuSeconds, residentMiB } from '../harness/process-usage.ts';
import type { Measured } from './measured.ts';

/** The parts of the stack that are measured, in the order of their start. */
const PARTS = ['victoria-logs', 'jaeger', 'collector'] as const;
const RATE = 300;
/** The time until everything that the Collector has accepted is stored. */
const SETTLE_MS = 8_000;
const IDLE_SECONDS = 10;
const FEEDBACK_CLIENTS = 8;
const FEEDBACK_ROWS = 2_000;

/** Measures Collector, Jaeger and VictoriaLogs with the configuration of the project, under the telemetry of a service. */
export async function measureStores(
  folder: string,
  seconds: number,
): Promise<Pick<Measured, 'collector' | 'jaeger' | 'victoriaLogs'>> {
  const { signal } = new AbortController();
  const tools = await installTools(process.stderr, signal);
  const ports = await freePorts();
  const stack = components(tools, ports, folder, 'normal').flat();
  const running = new Map<string, RunningComponent>();
  const stop = async () => {
    for (const name of PARTS.toReversed()) await running.get(name)?.stop();
  };
  try {
    for (const name of PARTS) {
      const component = stack.find((candidate) => candidate.name === name)!;
      running.set(name, await start(component, join(folder, `${name}.log`), signal));
    }
    const pids = PARTS.map((name) => running.get(name)!.pid);
    const cpuOfAll = () => Promise.all(pids.map((pid) => cpuSeconds(pid)));
    const bodies = (await readMails()).map(({ text }) => JSON.stringify({ text }));
    const endpoint = `http://127.0.0.1:${ports.collectorOtlpHttp}`;
    const idle = await over(IDLE_SECONDS, cpuOfAll);
    const measured = await withMeasuredService(
      folder,
      {},
      async (service) => {
        const before = await cpuOfAll();
        const started = performance.now();
        const { spans, records } = await service.measure({ bodies, level: { rate: RATE }, seconds });
        await delay(SETTLE_MS);
        const elapsed = (performance.now() - started) / 1_000;
        const after = await cpuOfAll();
        const used = after.map((now, at) => Math.max(0, now - before[at]! - idle[at]! * elapsed));
        return { spans, records, used, page: await pageOf(ports.collectorPrometheus) };
      },
      endpoint,
    );
    const memoryMiB = await residentMiB(running.get('collector')!.pid);
    await stop();
    const { spans, records, used, page } = measured;
    const [logs, jaeger, collector] = used as [number, number, number];
    return {
      // The cost of a span and of its share of a log record together: a prediction has four spans and one record.
      collector: {
        microsecondsPerSpan: (collector / spans) * 1e6,
        memoryMiB,
        spanSeriesPerReplica: page.filter((line) => line.startsWith('traces_span_metrics')).length,
      },
      jaeger: {
        microsecondsPerSpan: (jaeger / spans) * 1e6,
        bytesPerSpan: (await bytesOnDisk(join(folder, 'jaeger'))) / spans,
      },
      victoriaLogs: {
        microsecondsPerRecord: (logs / records) * 1e6,
        bytesPerRecord: (await bytesOnDisk(join(folder, 'victoria-logs'))) / records,
      },
    };
  } finally {
    await stop();
  }
}

/** Measures PostgreSQL, which writes to the disk before it acknowledges feedback. */
export async function measurePostgres(folder: string): Promise<Measured['postgres']> {
  const server = await startPostgres({ fsync: 'on' });
  try {
    const address = await server.newDatabase();
    const number = async (text: string) => Number(Object.values((await server.sql(address, text))[0]!)[0]);
    const postmaster = await number("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)");
    const transactions = () => number('SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()');
    const size = () => number('SELECT pg_database_size(current_database())');
    return await withMeasuredService(folder, { DATABASE_URL: address.url }, async ({ url }) => {
      await delay(SETTLE_MS);
      const [idleTransactionsPerSecond] = await over(IDLE_SECONDS, async () => [await transactions()]);
      const [idleCores] = await over(IDLE_SECONDS, async () => [await cpuSeconds(postmaster)]);
      const ids = await predict(url);
      const [bytes, cpu, started] = [await size(), await cpuSeconds(postmaster), performance.now()];
      await giveFeedback(url, ids);
      const elapsed = (performance.now() - started) / 1_000;
      const used = (await cpuSeconds(postmaster)) - cpu - idleCores! * elapsed;
      return {
        microsecondsPerRow: (used / ids.length) * 1e6,
        bytesPerRow: ((await size()) - bytes) / ids.length,
        idleTransactionsPerSecond: idleTransactionsPerSecond!,
      };
    });
  } finally {
    await server.remove();
  }
}

async function predict(url: string): Promise<string[]> {
  const texts = (await readMails()).map(({ text }) => text);
  const ids: string[] = [];
  for (let at = 0; at < FEEDBACK_ROWS; at += 1) {
    const { id } = (await postJson(`${url}/predict`, { text: texts[at % texts.length] })) as { id: string };
    ids.push(id);
  }
  return ids;
}

async function giveFeedback(url: string, ids: readonly string[]): Promise<void> {
  const waiting = [...ids];
  const client = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
      await postJson(`${url}/feedback`, { id, label: 'ham' });
  };
  await Promise.all(Array.from({ length: FEEDBACK_CLIENTS }, client));
}

/** Returns by how much figures grow in a second. */
async function over(seconds: number, read: () => Promise<readonly number[]>): Promise<number[]> {
  const before = await read();
  await delay(seconds * 1_000);
  return (await read()).map((now, at) => (now - before[at]!) / seconds);
}

async function pageOf(port: number): Promise<string[]> {
  return (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split('\n');
}

async function bytesOnDisk(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      // Databases reserve space in files, which takes no blocks.
      .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).blocks * 512),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
