import { createHash, randomInt } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requireOneOf, runCommand, UsageError } from '../../src/cli/usage.ts';
import { bundle } from './bundle.ts';
import { runFuzzer } from './run-fuzzer.ts';
import { corpusOf, TARGETS, type TargetName } from './targets.ts';

const HELP = `Usage: npm run fuzz [-- options]

Fuzzes the parsers of bytes that strangers can send, with coverage as guidance. Each target starts with its corpus in
test/fixtures/fuzz. A finding is written to dist/fuzz/TARGET, and the exit code is 1.

  --seconds N    the time for each target (default: 600)
  --parallel N   the number of targets that run side by side (default: 2)
  --target NAME  only this target; may be repeated. One of
                   ${TARGETS.join(', ')}
  --seed N       repeats the inputs of an earlier run (default: random, and printed)
  --keep         add short inputs that reach new branches to the corpora in test/fixtures/fuzz
`;

/** The folder of everything that a run writes. Packages must be found from it, and git ignores it. */
const OUTPUT = join(import.meta.dirname, '../../dist/fuzz');

/** The maximum length of an input that is kept, and the maximum number of inputs that one run adds. */
const MAX_KEPT_BYTES = 2_048;
const MAX_KEPT = 40;

function requireCount(flag: string, value: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(value)) return Number(value);
  throw new UsageError(`--${flag} is ${JSON.stringify(value)}; allowed: a whole number from 1 to 999999999`);
}

async function writeInput(folder: string, kind: string, input: Uint8Array): Promise<string> {
  const path = join(folder, `${kind}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`);
  await writeFile(path, input);
  return path;
}

/** Fuzzes a target. Returns whether there was no finding. */
async function fuzzTarget(target: TargetName, seconds: number, seed: number, isKept: boolean): Promise<boolean> {
  const folder = join(OUTPUT, target);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const module = await bundle(target, folder);
  const corpusFolder = corpusOf(target);
  const { executions, branches, inputs, newBranches, finding } = await runFuzzer(module, {
    corpusFolder,
    seconds,
    seed,
  });
  if (finding) {
    const path = await writeInput(folder, 'finding', finding.input);
    process.stdout.write(
      `${target}: FINDING after ${executions} executions (--seed ${seed})\n${finding.reason}\n${path}\n`,
    );
    return false;
  }
  const kept = isKept ? newBranches.filter(({ length }) => length <= MAX_KEPT_BYTES).slice(0, MAX_KEPT) : [];
  for (const input of kept) await writeInput(corpusFolder, 'input', input);
  process.stdout.write(
    `${target.padEnd(16)} ${String(executions).padStart(9)} executions  ${branches} of ${module.counters} branches  ` +
      `${inputs} inputs${kept.length > 0 ? `, ${kept.length} kept` : ''}\n`,
  );
  return executions > 0 && branches > 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '600' },
      parallel: { type: 'string', default: '2' },
      target: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const seconds = requireCount('seconds', values.seconds);
  const named = values.target.map((name) => requireOneOf('target', name, TARGETS));
  const waiting: TargetName[] = named.length > 0 ? named : [...TARGETS];

  const seed = values.seed === undefined ? randomInt(1, 1_000_000_000) : requireCount('seed', values.seed);
  process.stdout.write(`seed ${seed}\n`);

  async function work(): Promise<void> {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      if (!(await fuzzTarget(target, seconds, seed, values.keep))) process.exitCode = 1;
    }
  }
  await Promise.all(Array.from({ length: requireCount('parallel', values.parallel) }, work));
}

runCommand('fuzz', main);
