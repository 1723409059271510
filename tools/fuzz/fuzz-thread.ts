/** The thread that runs a target on changed inputs. The main thread watches it, because an input can hang or take all memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createCoverage } from './coverage.ts';
import { COUNTERS } from './instrument.ts';
import { createRandom, mutate } from './mutate.ts';
import type { FuzzMessage, FuzzTask } from './run-fuzzer.ts';

/** The number of executions between two looks at the clock. */
const EXECUTIONS_BETWEEN_CHECKS = 64;
/** The number of latest inputs that are chosen more often. */
const RECENT = 16;

const { module, counters: count, words, corpusFolder, seconds, seed, maxBytes, shared } = workerData as FuzzTask;
const progress = new Int32Array(shared, 0, 2);
const current = new Uint8Array(shared, progress.byteLength);

const counters = new Uint8Array(Math.ceil(count / 8) * 8);
Object.assign(globalThis, { [COUNTERS]: counters });
const { fuzz } = (await import(module)) as { fuzz: (data: Buffer) => unknown };
// The counts of loading the module.
counters.fill(0);

/** Runs the target on an input. Returns false after a finding, which is reported. */
async function execute(input: Buffer): Promise<boolean> {
  current.set(input);
  progress[1] = input.length;
  Atomics.add(progress, 0, 1);
  try {
    // A copy: a target that changes its input must not change the corpus.
    const result = fuzz(Buffer.from(input));
    if (result instanceof Promise) await result;
    return true;
  } catch (error) {
    const { stack = String(error) } = error as Error;
    send({ kind: 'finding', reason: stack, input });
    return false;
  }
}

function send(message: FuzzMessage): void {
  parentPort!.postMessage(message);
}

async function run(): Promise<void> {
  const coverage = createCoverage(counters);
  const corpus: Buffer[] = [];
  for (const file of readdirSync(corpusFolder)) {
    const input = readFileSync(join(corpusFolder, file)).subarray(0, maxBytes);
    if (!(await execute(input))) return;
    coverage.add();
    corpus.push(input);
  }
  const random = createRandom(seed);
  const context = { random, words: words.map((word) => Buffer.from(word)), corpus, maxBytes };
  const kept: Buffer[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    for (let n = 0; n < EXECUTIONS_BETWEEN_CHECKS; n++) {
      const recent = random(3) === 0 ? Math.min(RECENT, corpus.length) : corpus.length;
      const input = mutate(corpus[corpus.length - 1 - random(recent)]!, context);
      if (!(await execute(input))) return;
      const news = coverage.add();
      if (news !== undefined) corpus.push(input);
      if (news === 'branch') kept.push(input);
    }
  }
  send({ kind: 'done', branches: coverage.branches(), inputs: corpus.length, newBranches: kept });
}

await run();
