import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Component } from '../../tools/stack/components.ts';
import type { Ports } from '../../tools/stack/ports.ts';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { acceptedSpans } from '../harness/collector.ts';
import { cpuSeconds, EXPORT_DELAY_MS, endedChildrenCpuSeconds, residentMiB } from '../harness/process-usage.ts';
import { type WrkResult, writeWrkScript, wrk } from '../harness/wrk.ts';
import type { Command, Contender, Workplace } from './contender.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** The accuracy below which a contender does not classify: two of three held-out mails are ham. */
const MIN_ACCURACY = 0.8;

/** The measurement of one round of a contender. */
export interface Measurement extends WrkResult {
  /** The CPU time of the contender per request. */
  readonly cpuMicroseconds: number;
  /** The CPU time of the load generator and the Collector per request. */
  readonly othersMicroseconds: number;
  readonly residentMiB: number;
  /** The number of spans that the Collector accepted by the end, per answered request. */
  readonly spansPerRequest: number;
}

/** The result of the check before the measurement. */
export interface CheckResult {
  /** The share of correct labels; missing for a server without a classifier. */
  readonly accuracy?: number;
  readonly spansPerRequest: number;
}

/** A contender that is ready to be started. */
export interface PreparedContender {
  readonly contender: Contender;
  readonly command: Command;
  readonly script: string;
}

/** Prepares a contender and writes its requests. */
export async function prepareContender(contender: Contender, workplace: Workplace): Promise<PreparedContender> {
  const folder = join(workplace.folder, contender.name);
  await mkdir(folder, { recursive: true });
  const command = await contender.prepare(workplace);
  const bodies = workplace.mails.sent.map(({ text }) => contender.body(text));
  return { contender, command, script: await writeWrkScript(folder, 'requests', contender.path, bodies) };
}

/** Starts a contender on its cores, runs the work, and stops the contender. */
async function whileRunning<T>(
  { contender, command }: PreparedContender,
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
 * Sends each mail once, one after the other, and returns the accuracy and the number of spans per request.
 *
 * @throws {Error} for an answer other than 200, an accuracy no better than chance, or a missing trace
 */
export async function check(prepared: PreparedContender, workplace: Workplace, ports: Ports): Promise<CheckResult> {
  const { contender } = prepared;
  const { sent } = workplace.mails;
  const acceptedBefore = await acceptedSpans(ports);
  let correct = 0;
  await whileRunning(prepared, workplace, async (_, url) => {
    for (const { text, label } of sent) {
      const response = await fetch(`${url}${contender.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(contender.body(text)),
      });
      const answer = await response.text();
      if (response.status !== 200) throw new Error(`it answered ${response.status}: ${answer.slice(0, 200)}`);
      if (contender.label?.(JSON.parse(answer) as never) === label) correct += 1;
    }
  });
  // The health checks add a few spans, which rounding removes.
  const spansPerRequest = Math.round(((await acceptedSpans(ports)) - acceptedBefore) / sent.length);
  if (contender.traced && spansPerRequest === 0) throw new Error('no trace arrived at the Collector');
  if (!contender.label) return { spansPerRequest };
  const accuracy = correct / sent.length;
  if (accuracy < MIN_ACCURACY) throw new Error(`only ${(accuracy * 100).toFixed(0)} % of its labels are correct`);
  return { accuracy, spansPerRequest };
}

/** Runs one round: starts, warms up, measures and stops a contender, and counts the spans at the Collector. */
export async function measure(
  prepared: PreparedContender,
  workplace: Workplace,
  { ports, collector }: { ports: Ports; collector: RunningComponent },
  { warmUp, seconds }: { warmUp: number; seconds: number },
): Promise<Measurement> {
  const { cores } = prepared.contender;
  const acceptedBefore = await acceptedSpans(ports);
  let sent = 0;
  const figures = await whileRunning(prepared, workplace, async ({ pid }, url) => {
    sent += (await wrk(prepared.script, url, warmUp, { cores })).requests;
    const before = await usage(pid, collector.pid);
    const result = await wrk(prepared.script, url, seconds, { cores });
    sent += result.requests;
    await delay(EXPORT_DELAY_MS);
    const after = await usage(pid, collector.pid);
    return {
      ...result,
      cpuMicroseconds: ((after.server - before.server) / result.requests) * 1e6,
      othersMicroseconds: ((after.others - before.others) / result.requests) * 1e6,
      residentMiB: await residentMiB(pid),
    };
  });
  // Counted after the stop, when the contender has exported its last spans.
  const accepted = (await acceptedSpans(ports)) - acceptedBefore;
  return { ...figures, spansPerRequest: accepted / sent };
}

async function usage(server: number, collector: number): Promise<{ server: number; others: number }> {
  const [ofServer, ofCollector, ofWrk] = await Promise.all([
    cpuSeconds(server),
    cpuSeconds(collector),
    endedChildrenCpuSeconds(),
  ]);
  return { server: ofServer, others: ofCollector + ofWrk };
}
