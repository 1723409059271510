import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Component } from '../../tools/stack/components.ts';
import type { Ports } from '../../tools/stack/ports.ts';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { acceptedSpans } from '../harness/collector.ts';
import { cpuSeconds, EXPORTED_MS, endedChildrenCpuSeconds, residentMiB } from '../harness/process-usage.ts';
import { type WrkResult, writeWrkScript, wrk } from '../harness/wrk.ts';
import type { Command, Contender, Workplace } from './contender.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Fewer right labels than this is no classifier: in the held-out mails two of three are ham. */
const LEAST_RIGHT = 0.8;

/** One round of one contender. */
export interface Measured extends WrkResult {
  readonly cpuMicroseconds: number;
  /** What the load generator and the Collector took of the other core for one request. */
  readonly othersMicroseconds: number;
  readonly residentMiB: number;
  /** Spans that the Collector took by the end, for each request that `wrk` saw answered. */
  readonly spansPerRequest: number;
}

/** What a contender answered when it was asked one thing after the other. */
export interface Checked {
  /** The share of right labels. */
  readonly right?: number;
  readonly spansPerRequest: number;
}

/** A contender that is ready to be started. */
export interface Ready {
  readonly contender: Contender;
  readonly command: Command;
  readonly script: string;
}

/** Installs and trains what a contender needs, and writes what it is sent. */
export async function makeReady(contender: Contender, workplace: Workplace): Promise<Ready> {
  const folder = join(workplace.folder, contender.name);
  await mkdir(folder, { recursive: true });
  const command = await contender.prepare(workplace);
  const bodies = workplace.mails.sent.map(({ text }) => contender.body(text));
  return { contender, command, script: await writeWrkScript(folder, 'requests', contender.path, bodies) };
}

/** Starts a contender, pinned to its cores, and hands it to whoever asks something of it; then stops it. */
async function whileRunning<T>(
  { contender, command }: Ready,
  { folder, addresses }: Workplace,
  work: (running: RunningComponent, url: string) => Promise<T>,
): Promise<T> {
  const url = `http://127.0.0.1:${addresses.port}`;
  const component: Component = {
    name: contender.name,
    file: 'taskset',
    args: ['-c', contender.cores ?? '0', command.file, ...command.args],
    env: command.env ?? {},
    cwd: command.cwd ?? PROJECT,
    health: `${url}${contender.health}`,
    stopWithinMs: 15_000,
  };
  const running = await start(component, join(folder, contender.name, 'log.txt'), new AbortController().signal);
  try {
    return await work(running, url);
  } finally {
    await running.stop();
  }
}

/**
 * Sends each mail once, one after the other: gives the share of answers with the right label, and the spans that came of one.
 *
 * @throws {Error} for an answer other than 200, where the labels are no better than chance, or where no trace arrives
 */
export async function check(ready: Ready, workplace: Workplace, ports: Ports): Promise<Checked> {
  const { contender } = ready;
  const { sent } = workplace.mails;
  const acceptedBefore = await acceptedSpans(ports);
  let right = 0;
  await whileRunning(ready, workplace, async (_, url) => {
    for (const { text, label } of sent) {
      const response = await fetch(`${url}${contender.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(contender.body(text)),
      });
      const answer = await response.text();
      if (response.status !== 200) throw new Error(`it answered ${response.status}: ${answer.slice(0, 200)}`);
      if (contender.label?.(JSON.parse(answer) as never) === label) right += 1;
    }
  });
  // Asking whether it was ready made a few more.
  const spansPerRequest = Math.round(((await acceptedSpans(ports)) - acceptedBefore) / sent.length);
  if (contender.traced && spansPerRequest === 0) throw new Error('no trace of it arrived at the Collector');
  if (!contender.label) return { spansPerRequest };
  const share = right / sent.length;
  if (share < LEAST_RIGHT) throw new Error(`only ${(share * 100).toFixed(0)} % of its labels are right`);
  return { right: share, spansPerRequest };
}

/** One round: start, warm up, measure, stop, and count what has arrived at the Collector by then. */
export async function measure(
  ready: Ready,
  workplace: Workplace,
  { ports, collector }: { ports: Ports; collector: RunningComponent },
  { warmUp, seconds }: { warmUp: number; seconds: number },
): Promise<Measured> {
  const { cores } = ready.contender;
  const acceptedBefore = await acceptedSpans(ports);
  let sent = 0;
  const measured = await whileRunning(ready, workplace, async ({ pid }, url) => {
    sent += (await wrk(ready.script, url, warmUp, { cores })).requests;
    const before = await usage(pid, collector.pid);
    const result = await wrk(ready.script, url, seconds, { cores });
    sent += result.requests;
    await delay(EXPORTED_MS);
    const after = await usage(pid, collector.pid);
    return {
      ...result,
      cpuMicroseconds: ((after.server - before.server) / result.requests) * 1e6,
      othersMicroseconds: ((after.others - before.others) / result.requests) * 1e6,
      residentMiB: await residentMiB(pid),
    };
  });
  // It has been stopped and has handed over what it still had.
  const accepted = (await acceptedSpans(ports)) - acceptedBefore;
  return { ...measured, spansPerRequest: accepted / sent };
}

async function usage(server: number, collector: number): Promise<{ server: number; others: number }> {
  const [ofServer, ofCollector, ofWrk] = await Promise.all([
    cpuSeconds(server),
    cpuSeconds(collector),
    endedChildrenCpuSeconds(),
  ]);
  return { server: ofServer, others: ofCollector + ofWrk };
}
