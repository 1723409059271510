import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { serviceComponent } from '../../tools/stack/start-command.ts';
import { readMails } from '../harness/mails.ts';
import { median } from '../harness/median.ts';
import { latencyRow, type OpenLoadResult, SINGLES_PER_SECOND, sendSingles } from '../harness/open-load.ts';
import { writeWrkScript, wrk } from '../harness/wrk.ts';

/** Longer than it takes to fill the memory of predictions. */
const FILL_SECONDS = 8;
const COMPARISON_EVERY_MS = 1_000;
const CORES = '0-1';

/**
 * Measures the latency of single requests alone, and beside one comparison of the remembered predictions in each second. The
 * service has every core, as it has without taskset. Returns the lines of a Markdown table.
 */
export async function measureBeside(full: boolean): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-insights-'));
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.service}`;
  const { sent } = await readMails();
  const bodies = sent.map(({ text }) => ({ text }));
  const script = await writeWrkScript(folder, 'fill', '/predict', bodies);
  const { signal } = new AbortController();
  const component = serviceComponent(ports, { DATA_DIR: join(folder, 'data'), OTEL_TRACES_EXPORTER: 'none' });
  const service = await start(component, join(folder, 'service.log'), signal);
  try {
    await wrk(script, url, FILL_SECONDS, { cores: CORES });
    const seconds = full ? 60 : 20;
    const alone = await sendSingles(url, sent, seconds);
    const end = performance.now() + seconds * 1_000;
    const [beside, times] = await Promise.all([sendSingles(url, sent, seconds), compareUntil(url, end)]);
    const row = (title: string, result: OpenLoadResult) => latencyRow(title, result, [0.5, 0.99, 0.999]);
    return [
      `| ${SINGLES_PER_SECOND} single requests per second, for ${seconds} s | p50 | p99 | p99.9 |`,
      '| --- | ---: | ---: | ---: |',
      row('alone', alone),
      row(`beside ${times.length} comparisons, one each second, answered in ${median(times).toFixed(0)} ms`, beside),
    ];
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Compares the slow predictions with the others until a time. Returns the times of the answers in milliseconds. */
async function compareUntil(url: string, end: number): Promise<number[]> {
  const times: number[] = [];
  for (let next = performance.now(); next < end; next += COMPARISON_EVERY_MS) {
    await delay(Math.max(0, next - performance.now()));
    const started = performance.now();
    const response = await fetch(`${url}/compare`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ selection: { requestSeconds: '0.005..' } }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`a comparison was answered with ${response.status}: ${answer}`);
    times.push(performance.now() - started);
  }
  return times;
}
