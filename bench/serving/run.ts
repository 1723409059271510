import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTools } from '../../tools/stack/install.ts';
import { freePorts, type Ports } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { benchCollector } from '../harness/collector.ts';
import { run } from '../harness/python-environment.ts';
import { names, type Workplace } from './contender.ts';
import { readMails } from '../harness/mails.ts';
import { type Checked, check, type Measured, makeReady, measure, type Ready } from './measure.ts';
import { nodeContenders } from './node-contenders.ts';
import { type Outcome, reasonOf } from './outcome.ts';
import { pythonContenders } from './python-contenders.ts';
import { report } from './report.ts';

const RESULTS = join(import.meta.dirname, 'results.md');

/** A contender, and what became of it so far. */
interface Entry {
  ready?: Ready;
  outcome: Outcome & { rounds: Measured[]; failure?: string | undefined; checked?: Checked };
}

/**
 * Waymark and its peers on the same mails, one after the other on one core: prints a Markdown table and what it shows, and
 * writes both to `results.md`.
 *
 * @param full five rounds of 10 s, some 30 minutes; else three of 4 s
 */
export async function runServingBenchmark(full: boolean): Promise<void> {
  const pace = full ? { rounds: 5, warmUp: 6, seconds: 10 } : { rounds: 3, warmUp: 6, seconds: 4 };
  const folder = await mkdtemp(join(tmpdir(), 'waymark-bench-'));
  // However it ends, Ctrl-C included.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { signal } = new AbortController();
  const [load = 0] = loadavg();
  const mails = await readMails();
  const tools = await installTools(process.stderr, signal);
  const ports = await freePorts();
  const workplace = { folder, mails, addresses: addressesOf(ports) };
  const entries: Entry[] = [];
  for (const contender of [...nodeContenders, ...pythonContenders]) {
    const entry: Entry = { outcome: { name: contender.name, traced: contender.traced, rounds: [] } };
    entries.push(entry);
    await attempt(entry, async () => {
      entry.ready = await makeReady(contender, workplace);
    });
  }

  const collector = await start(benchCollector(tools.collector, ports), join(folder, 'collector.log'), signal);
  try {
    await attemptAll(entries, 'answers', async (entry, ready) => {
      // Who does not answer is not measured.
      delete entry.ready;
      entry.outcome.checked = await check(ready, workplace, ports);
      entry.ready = ready;
    });
    for (let round = 1; round <= pace.rounds; round++) {
      await attemptAll(entries, `round ${round} of ${pace.rounds}`, async ({ outcome }, ready) => {
        outcome.rounds.push(await measure(ready, workplace, { ports, collector }, pace));
      });
    }
  } finally {
    await collector.stop();
  }

  const characters = mails.sent.reduce((total, { text }) => total + text.length, 0);
  const text = report(
    entries.map(({ outcome }) => outcome),
    {
      ...pace,
      mails: mails.sent.length,
      charactersPerMail: Math.round(characters / mails.sent.length),
      machine: `${await describeMachine()} The machine's load before the start: ${load.toFixed(2)}.`,
      notes: [...new Set(entries.flatMap(({ ready }) => ready?.command.note ?? []))],
    },
  );
  await writeFile(RESULTS, text);
  process.stdout.write(text);
}

function addressesOf(ports: Ports): Workplace['addresses'] {
  return {
    port: ports.service,
    otherPorts: [ports.serviceMetrics, ports.gateway],
    collectorHttp: `http://127.0.0.1:${ports.collectorOtlpHttp}`,
    collectorGrpc: `127.0.0.1:${ports.collectorOtlpGrpc}`,
  };
}

async function attemptAll(
  entries: readonly Entry[],
  title: string,
  work: (entry: Entry, ready: Ready) => Promise<void>,
): Promise<void> {
  for (const entry of entries) {
    const { ready, outcome } = entry;
    if (!ready) continue;
    process.stderr.write(`${title}: ${names[outcome.name]}\n`);
    await attempt(entry, () => work(entry, ready));
  }
}

/** A contender that cannot be run is reported, and does not keep the others from theirs. */
async function attempt({ outcome }: Entry, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    outcome.failure = reasonOf(error);
    process.stderr.write(`${names[outcome.name]}: ${error instanceof Error ? error.message : error}\n`);
  }
}

async function describeMachine(): Promise<string> {
  const python = await run('python3', ['--version']).catch(() => 'no Python');
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim() || 'unnamed'}), Node ${process.versions.node}, ${python.trim()}; ${new Date().toISOString().slice(0, 10)}.`;
}
