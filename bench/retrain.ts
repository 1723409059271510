import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openFeedbackDatabase } from '../src/feedback/database/feedback-database.ts';
import { writeInitialPolicy } from '../src/models/policy-file.ts';
import { type Example, readExamples } from '../src/training/read-examples.ts';
import { CORPUS_TEXTS_FOLDER } from '../tools/corpus/download.ts';
import { freePorts } from '../tools/stack/ports.ts';
import { start } from '../tools/stack/processes.ts';
import { serviceComponent } from '../tools/stack/start-command.ts';
import { type Answer, type OpenLoadResult, percentile, sendSteadily } from './harness/open-load.ts';

const PROJECT = join(import.meta.dirname, '..');
const PER_SECOND = 200;
/** The time for which requests are sent before the ones in flight are awaited. */
const WINDOW_SECONDS = 5;

interface Latencies {
  /** The latencies in ascending order. */
  readonly milliseconds: readonly number[];
  readonly errors: number;
}

interface Round {
  readonly quiet: Latencies;
  readonly retraining: Latencies;
  /** The duration of each retraining. */
  readonly seconds: readonly number[];
}

/**
 * Measures the effect of a retraining on the latency of requests: real mails at a fixed rate, alternately without and
 * with retrainings. Each retraining uses the mail corpus and a thousand texts with feedback. Prints a Markdown table.
 *
 * @throws {Error} without a corpus
 */
export async function runRetrainBenchmark(full: boolean): Promise<void> {
  const [train, test] = [join(CORPUS_TEXTS_FOLDER, 'train.jsonl'), join(CORPUS_TEXTS_FOLDER, 'test.jsonl')];
  if (!existsSync(train)) throw new Error('there is no corpus to retrain with: run `npm run corpus` first');
  const heldOut: Example[] = [];
  await readExamples(test, (example) => heldOut.push(example));

  const folder = await mkdtemp(join(tmpdir(), 'waymark-bench-'));
  const [models, data] = [join(folder, 'models'), join(folder, 'data')];
  await cp(join(PROJECT, 'models/spam/1'), join(models, 'spam/1'), { recursive: true });
  await writeInitialPolicy(join(models, 'spam'), { paths: [train] });
  recordFeedback(data, heldOut.slice(0, 1_000));
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.service}`;
  const component = serviceComponent(ports, { MODELS_DIR: models, DATA_DIR: data });
  const { signal } = new AbortController();
  const service = await start({ ...component, stopWithinMs: 15_000 }, join(folder, 'service.log'), signal);
  const rounds: Round[] = [];
  try {
    await sendFor(url, heldOut, 5);
    for (let round = 1; round <= (full ? 5 : 2); round++) {
      process.stderr.write(`round ${round}\n`);
      const seconds = full ? 30 : 10;
      const quiet = await sendFor(url, heldOut, seconds);
      rounds.push({ quiet, ...(await sendWhileRetraining(url, heldOut, seconds)) });
    }
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(table(rounds));
}

function sendFor(url: string, texts: readonly Example[], seconds: number): Promise<Latencies> {
  const until = performance.now() + seconds * 1000;
  return sendWhile(url, texts, () => performance.now() < until);
}

/** Sends requests during consecutive retrainings, for at least `minSeconds` and until the last retraining has ended. */
async function sendWhileRetraining(
  url: string,
  texts: readonly Example[],
  minSeconds: number,
): Promise<Omit<Round, 'quiet'>> {
  const until = performance.now() + minSeconds * 1000;
  const seconds: number[] = [];
  let running = true;
  const sending = sendWhile(url, texts, () => running);
  try {
    while (performance.now() < until) seconds.push(await retrain(url));
  } finally {
    running = false;
  }
  return { retraining: await sending, seconds };
}

async function sendWhile(url: string, texts: readonly Example[], running: () => boolean): Promise<Latencies> {
  const results: OpenLoadResult[] = [];
  // A retrained version is not active, so it must not answer.
  const isCorrect = (_: Example, { model }: Answer) => model.version === '1';
  const load = { url, perSecond: PER_SECOND, seconds: WINDOW_SECONDS, texts, isCorrect };
  while (running()) results.push(await sendSteadily(load));
  return {
    milliseconds: results.flatMap(({ milliseconds }) => milliseconds).sort((a, b) => a - b),
    errors: results.reduce((sum, { errors, mismatches }) => sum + errors.length + mismatches.length, 0),
  };
}

async function retrain(url: string): Promise<number> {
  const startedAt = performance.now();
  const headers = { 'content-type': 'application/json' };
  const started = await fetch(`${url}/models/spam/retrain`, { method: 'POST', headers, body: '{}' });
  const location = started.headers.get('location');
  if (location === null)
    throw new Error(`POST /models/spam/retrain answered ${started.status}: ${await started.text()}`);
  for (;;) {
    await delay(100);
    const { job } = (await (await fetch(url + location)).json()) as { job: { state: string; failure: unknown } };
    if (job.state === 'succeeded') return (performance.now() - startedAt) / 1000;
    if (job.state !== 'running') throw new Error(`the retraining ${job.state}: ${JSON.stringify(job.failure)}`);
  }
}

/** Records feedback with texts, as if clients had sent it. */
function recordFeedback(folder: string, examples: readonly Example[]): void {
  const database = openFeedbackDatabase(folder);
  database.record(
    examples.map(({ text, label }, at) => ({
      id: `bench ${at}`,
      model: 'spam',
      version: '1',
      predicted: label,
      actual: label,
      predictedAt: at,
      receivedAt: at,
      text,
      source: 'truth' as const,
      reviewShare: 0,
      artefact: '',
    })),
  );
  database.close();
}

function table(rounds: readonly Round[]): string {
  const seconds = rounds.flatMap((round) => round.seconds);
  const rows = rounds.flatMap(({ quiet, retraining }, at) => {
    const quietP99 = percentile(quiet, 0.99);
    return [row(`${at + 1}: quiet`, quiet, quietP99), row(`${at + 1}: while retraining`, retraining, quietP99)];
  });
  return [
    `### Latency during a retraining: real mails, ${PER_SECOND} per second, open loop`,
    '',
    '| round | requests | errors | p50 | p99 | p99.9 | max | p99 against quiet |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    `${seconds.length} retrainings took ${Math.min(...seconds).toFixed(1)} to ${Math.max(...seconds).toFixed(1)} s each.`,
    '',
    '',
  ].join('\n');
}

function row(name: string, latencies: Latencies, quietP99: number): string {
  const ms = (share: number) => `${percentile(latencies, share).toFixed(1)} ms`;
  const against = `${(percentile(latencies, 0.99) / quietP99).toFixed(2)} ×`;
  const { milliseconds, errors } = latencies;
  return `| ${[name, milliseconds.length, errors, ms(0.5), ms(0.99), ms(0.999), ms(1), against].join(' | ')} |`;
}
