import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example } from '../src/training/read-examples.ts';
import { start } from '../tools/stack/processes.ts';
import { median } from './classifier/contender.ts';
import { cpuSecondsFor } from './harness/process-usage.ts';
import { benchService, startBenchEnvironment } from './harness/service.ts';
import { readMails } from './harness/mails.ts';
import { type OpenLoadResult, percentile, sendSteadily } from './harness/open-load.ts';
import { writeWrkScript, wrk } from './harness/wrk.ts';

const SIGNAL = new AbortController().signal;
const TEXTS = 1_000;
/** Of single requests, while batches are under way. */
const PER_SECOND = 100;

/**
 * What a text costs in a batch of 1,000 against one asked for alone, and what other requests notice of such batches: real
 * mails, every prediction traced, the service alone on the first core. Prints a Markdown table.
 */
export async function runBatchesBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-batches-'));
  const { sent } = await readMails();
  const { ports, collector, traced } = await startBenchEnvironment(folder, SIGNAL);
  const url = `http://127.0.0.1:${ports.service}`;
  const bodies = sent.map(({ text }) => ({ text }));
  const script = await writeWrkScript(folder, 'single', '/predict', bodies);
  const texts = Array.from({ length: TEXTS }, (_, at) => sent[at % sent.length]!.text);
  const batches = await writeWrkScript(folder, 'batches', '/predict/batch', [{ texts }]);
  // A thousand mails are more than the default allows for a body.
  const env = { DATA_DIR: join(folder, 'data'), MAX_BODY_BYTES: String(8 * 1024 * 1024), ...traced };
  const service = await start(benchService(ports, env), join(folder, 'service.log'), SIGNAL);
  // From a process of its own: what sends single requests is not to wait for bodies of megabytes.
  const sendBatches = (seconds: number) => wrk(batches, url, seconds, { connections: 1 });
  try {
    await wrk(script, url, 6);
    await sendBatches(2);
    const ofCpu: number[] = [];
    const ofTime: number[] = [];
    for (let round = 0; round < (full ? 7 : 3); round++) {
      const single = await cpuOf(service.pid, async () => (await wrk(script, url, 4)).requests);
      const batched = await cpuOf(service.pid, async () => (await sendBatches(4)).requests * TEXTS);
      ofCpu.push(batched / single);
      const inTurn = await wrk(script, url, 4, { connections: 1 });
      ofTime.push(inTurn.perSecond / ((await sendBatches(4)).perSecond * TEXTS));
    }
    const seconds = full ? 60 : 15;
    const quiet = await singles(url, sent, seconds);
    const [beside, { requests }] = await Promise.all([singles(url, sent, seconds), sendBatches(seconds)]);
    process.stdout.write(table({ ofCpu: median(ofCpu), ofTime: median(ofTime) }, quiet, beside, requests));
  } finally {
    await service.stop();
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** CPU time of the service for one text, in seconds. */
async function cpuOf(pid: number, work: () => Promise<number>): Promise<number> {
  const [seconds, count] = await cpuSecondsFor(pid, work);
  return seconds / count;
}

async function singles(url: string, texts: readonly Example[], seconds: number): Promise<OpenLoadResult> {
  const result = await sendSteadily({ url, perSecond: PER_SECOND, seconds, texts, isRight: () => true });
  if (result.errors.length > 0) throw new Error(`${result.errors.length} requests failed: ${result.errors[0]}`);
  return result;
}

function table(
  { ofCpu, ofTime }: { ofCpu: number; ofTime: number },
  quiet: OpenLoadResult,
  beside: OpenLoadResult,
  batches: number,
): string {
  const row = (title: string, result: OpenLoadResult) => {
    const cells = [0.5, 0.99, 0.999, 1].map((share) => `${percentile(result, share).toFixed(1)} ms`);
    return `| ${title} | ${cells.join(' | ')} |`;
  };
  return [
    `### Batches of ${TEXTS} mails`,
    '',
    `A mail in a batch costs ${(ofCpu * 100).toFixed(0)} % of the CPU time of a request of its own, and ${(ofTime * 100).toFixed(0)} % of ` +
      'the time of requests one after the other over one connection (medians of the rounds).',
    '',
    `| ${PER_SECOND} single requests a second | p50 | p99 | p99.9 | slowest |`,
    '| --- | ---: | ---: | ---: | ---: |',
    row('alone', quiet),
    row(`beside ${batches} batches, one after the other`, beside),
    '',
    '',
  ].join('\n');
}
