import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { COUNTERS, instrument } from '../../../tools/fuzz/instrument.ts';
import { runFuzzer } from '../../../tools/fuzz/run-fuzzer.ts';

/** Fuzzes a module for at most some seconds, from one short input. */
async function fuzz(source: string, seconds = 15) {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-fuzz-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const corpusFolder = join(folder, 'corpus');
  await mkdir(corpusFolder);
  await writeFile(join(corpusFolder, 'seed'), 'seed');
  const { code, counters } = instrument(source);
  const path = join(folder, 'target.mjs');
  await writeFile(path, code);
  return runFuzzer({ path, counters, words: ['needle'] }, { corpusFolder, seconds, seed: 1 });
}

describe('the fuzzer', () => {
  // By chance, one input in 256^6 begins with these bytes.
  test('finds its way through branches to a fault, with the coverage as guidance', async () => {
    const { finding, executions } = await fuzz(`export function fuzz(data) {
      if (data[0] === 0xf0) if (data[1] === 0x9d) if (data[2] === 0x84) if (data[3] === 0x9e)
        if (data[4] === 0x17) if (data[5] === 0x2a) throw new Error('reached');
    }`);
    expect(finding?.reason).toContain('reached');
    expect([...finding!.input.subarray(0, 6)]).toEqual([0xf0, 0x9d, 0x84, 0x9e, 0x17, 0x2a]);
    expect(executions).toBeGreaterThan(6);
  });

  test('inserts the words of the parser', async () => {
    const { finding } = await fuzz(
      `export const fuzz = async (data) => { if (data.includes('needle')) throw new Error('found') };`,
    );
    expect(finding?.reason).toContain('found');
  });

  test('reports a target that hangs, with its input', { timeout: 60_000 }, async () => {
    const { finding } = await fuzz(`export function fuzz(data) { while (data.length > 4) {} }`);
    expect(finding?.reason).toBe('the target hangs');
    expect(finding!.input.length).toBeGreaterThan(4);
  });

  test('reports what it did if there is no finding', async () => {
    const { finding, branches, inputs, newBranches } = await fuzz(
      `export function fuzz(data) { if (data[0] === 0x20) { return 1; } return data[0] > 0x20 ? 2 : 3; }`,
      1,
    );
    expect(finding).toBeUndefined();
    expect([branches, inputs > 1, newBranches.length > 0]).toEqual([4, true, true]);
  });
});

test('instrumented code counts each branch, and does the same as before', () => {
  const source = `
    const a = (x) => x > 1 ? 'many' : x && 'one' || 'none';
    const b = (x) => ({ x });
    function c(x) { switch (x) { case 1: return 'one'; case 2: case 3: { return 'some'; } default: } return 'none'; }
    function d(x) { let n = 0; for (const y of x) if (y) n++; else n--; do n *= 2; while (n < 0 && x); return n ?? (() => n); }
    export default [a(2), a(1), a(0), b(1), c(1), c(3), c(9), d([1, 0, 1])];
  `.replace('export default', 'return');
  const plain = new Function(source)() as unknown;
  const { code, counters } = instrument(`export function run() {${source}}`);
  const counts = new Uint8Array(counters);
  Object.assign(globalThis, { [COUNTERS]: counts });
  const run = new Function(`${code.replace('export function run', 'function run')}; return run;`)() as () => unknown;
  expect(run()).toEqual(plain);
  // Three branches are not reached: the right sides of `&&` and `??`, and the arrow function there.
  expect([...counts].filter((count) => count === 0).length).toBeLessThanOrEqual(3);
  expect(counters).toBeGreaterThan(15);
});
