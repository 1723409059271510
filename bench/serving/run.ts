import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTools } from '../../tools/stack/install.ts';
import { freePorts, type Ports } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { benchCollector } from '../harness/collector.ts';
import { readMails } from '../harness/mails.ts';
import { run } from '../harness/python-environment.ts';
import { contenderTitles, type Workplace } from './contender.ts';
import {
  type CheckResult,
  check,
  type Measurement,
  measure,
  type PreparedContender,
  prepareContender,
} from './measure.ts';
import { NODE_CONTENDERS } from './node-contenders.ts';
import { type Outcome, reasonOf } from './outcome.ts';
import { PYTHON_CONTENDERS } from './python-contenders.ts';
import { report } from './report.ts';

const RESULTS = join(import.meta.dirname, 'results.md');

/** A contender and its results so far. */
interface Entry {
  prepared?: PreparedContender;
  outcome: Outcome & { rounds: Measurement[]; failure?: string | undefined; check?: CheckResult };
}

/**
 * Measures Waymark and its peers on the same mails, one after the other on one core. Prints the report in Markdown and
 * writes it to `results.md`.
 *
 * @param full five rounds of 10 s, about 30 minutes; otherwise three rounds of 4 s
 */
export async function runServingBenchmark(full: boolean): Promise<void> {
  const pace = full ? { rounds: 5, warmUp: 6, seconds: 10 } : { rounds: 3, warmUp: 6, seconds: 4 };
  const folder = await mkdtemp(join(tmpdir(), 'waymark-bench-'));
  // At exit, so that the folder is removed after Ctrl-C as well.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { signal } = new AbortController();
  const [load = 0] = loadavg();
  const mails = await readMails();
  const tools = await installTools(process.stderr, signal);
  const ports = await freePorts();
  const workplace = { folder, mails, addresses: addressesOf(ports) };
  const entries: Entry[] = [];
  for (const contender of [...NODE_CONTENDERS, ...PYTHON_CONTENDERS]) {
    const entry: Entry = { outcome: { name: contender.name, traced: contender.traced, rounds: [] } };
    entries.push(entry);
    await attempt(entry, async () => {
      entry.prepared = await prepareContender(contender, workplace);
    });
  }

  const collector = await start(benchCollector(tools.collector, ports), join(folder, 'collector.log'), signal);
  try {
    await attemptAll(entries, 'check', async (entry, prepared) => {
      // A contender that fails the check is not measured.
      delete entry.prepared;
      entry.outcome.check = await check(prepared, workplace, ports);
      entry.prepared = prepared;
    });
    for (let round = 1; round <= pace.rounds; round++) {
      await attemptAll(entries, `round ${round} of ${pace.rounds}`, async ({ outcome }, prepared) => {
        outcome.rounds.push(await measure(prepared, workplace, { ports, collector }, pace));
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
      machine: `${await describeMachine()} Load average before the start: ${load.toFixed(2)}.`,
      notes: [...new Set(entries.flatMap(({ prepared }) => prepared?.command.note ?? []))],
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
  work: (entry: Entry, prepared: PreparedContender) => Promise<void>,
): Promise<void> {
  for (const entry of entries) {
    const { prepared, outcome } = entry;
    if (!prepared) continue;
    process.stderr.write(`${title}: ${contenderTitles[outcome.name]}\n`);
    await attempt(entry, () => work(entry, prepared));
  }
}

/** Runs the work for a contender and records its failure, so that the benchmark goes on with the others. */
async function attempt({ outcome }: Entry, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    outcome.failure = reasonOf(error);
    process.stderr.write(`${contenderTitles[outcome.name]}: ${error instanceof Error ? error.message : error}\n`);
  }
}

async function describeMachine(): Promise<string> {
  const python = await run('python3', ['--version']).catch(() => 'no Python');
  const [cpu] = cpus();
  return `Machine: ${cpus().length} cores (${cpu?.model.trim() || 'unknown'}), Node ${process.versions.node}, ${python.trim()}; ${new Date().toISOString().slice(0, 10)}.`;
}
