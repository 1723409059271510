import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../tools/stack/processes.ts';
import { readMails } from './harness/mails.ts';
import { median } from './harness/median.ts';
import { latencyRow, type OpenLoadResult, SINGLES_PER_SECOND, sendSingles } from './harness/open-load.ts';
import { cpuSecondsFor } from './harness/process-usage.ts';
import { benchService, startBenchEnvironment } from './harness/service.ts';
import { writeWrkScript, wrk } from './harness/wrk.ts';

const TEXTS_PER_BATCH = 1_000;

/**
 * Measures the cost of a text in a batch of 1,000, compared with a request of its own, and the effect of such batches
 * on the latency of other requests. Uses real mails, traces every prediction, and runs the service alone on the first
 * core. Prints a Markdown table.
 */
export async function runBatchesBenchmark(full: boolean): Promise<void> {
  const { signal } = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'waymark-batches-'));
  const { sent } = await readMails();
  const { ports, collector, traced } = await startBenchEnvironment(folder, signal);
  const url = `http://127.0.0.1:${ports.service}`;
  const bodies = sent.map(({ text }) => ({ text }));
  const script = await writeWrkScript(folder, 'single', '/predict', bodies);
  const texts = Array.from({ length: TEXTS_PER_BATCH }, (_, at) => sent[at % sent.length]!.text);
  const batches = await writeWrkScript(folder, 'batches', '/predict/batch', [{ texts }]);
  // A thousand mails exceed the default limit of a body.
  const env = { DATA_DIR: join(folder, 'data'), MAX_BODY_BYTES: String(8 * 1024 * 1024), ...traced };
  const service = await start(benchService(ports, env), join(folder, 'service.log'), signal);
  // In another process, since the sender of single requests must not wait for bodies of several megabytes.
  const sendBatches = (seconds: number) => wrk(batches, url, seconds, { connections: 1 });
  try {
    await wrk(script, url, 6);
    await sendBatches(2);
    const cpuRatios: number[] = [];
    const timeRatios: number[] = [];
    for (let round = 0; round < (full ? 7 : 3); round++) {
      const single = await cpuPerText(service.pid, async () => (await wrk(script, url, 4)).requests);
      const batched = await cpuPerText(service.pid, async () => (await sendBatches(4)).requests * TEXTS_PER_BATCH);
      cpuRatios.push(batched / single);
      const sequential = await wrk(script, url, 4, { connections: 1 });
      timeRatios.push(sequential.perSecond / ((await sendBatches(4)).perSecond * TEXTS_PER_BATCH));
    }
    const seconds = full ? 60 : 15;
    const alone = await sendSingles(url, sent, seconds);
    const [beside, { requests }] = await Promise.all([sendSingles(url, sent, seconds), sendBatches(seconds)]);
    process.stdout.write(table({ cpu: median(cpuRatios), time: median(timeRatios) }, alone, beside, requests));
  } finally {
    await service.stop();
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Returns the CPU time of the service per text, in seconds.
 *
 * @param work sends texts and returns their number
 */
async function cpuPerText(pid: number, work: () => Promise<number>): Promise<number> {
  const [seconds, count] = await cpuSecondsFor(pid, work);
  return seconds / count;
}

function table(
  ratio: { cpu: number; time: number },
  alone: OpenLoadResult,
  beside: OpenLoadResult,
  batches: number,
): string {
  const row = (title: string, result: OpenLoadResult) => latencyRow(title, result, [0.5, 0.99, 0.999, 1]);
  return [
    `### Batches of ${TEXTS_PER_BATCH} mails`,
    '',
    `A mail in a batch costs ${(ratio.cpu * 100).toFixed(0)} % of the CPU time of a request of its own, and ${(ratio.time * 100).toFixed(0)} % of ` +
      'the time of requests one after the other over one connection (medians of the rounds).',
    '',
    `| ${SINGLES_PER_SECOND} single requests per second | p50 | p99 | p99.9 | max |`,
    '| --- | ---: | ---: | ---: | ---: |',
    row('alone', alone),
    row(`beside ${batches} batches, one after the other`, beside),
    '',
    '',
  ].join('\n');
}
