import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Baseline,
  baselineChecks,
  compareWithBaseline,
  readBaseline,
} from '../../../../tools/load/scenarios/baseline.ts';
import { makeFolder } from '../run-load.ts';

type Measured = Parameters<typeof compareWithBaseline>[1];

const machine = { cpu: 'a', cores: 2, node: 'v1' };

/** Returns a result of 40 windows. The latency of a window is a factor times a wave, which stands for noise. */
function measured(factor: number, noise = 0.05, more: Partial<Measured> = {}): Measured {
  const timeline = Array.from({ length: 40 }, (_, at) => {
    const p50 = factor * (1 + noise * Math.sin(at * 1.7));
    return { phase: 'load', answered: 100, windowSeconds: 1, latency: { p50, p99: 5 * p50 } };
  });
  return {
    settings: { loadLevel: { rate: 100 }, model: null },
    data: { name: 'texts', texts: 20 },
    machine,
    checkedPhases: [{ name: 'load' }],
    knee: null,
    timeline,
    ...more,
  };
}

const asBaseline = (result: Measured): Baseline => ({
  ...result,
  format: 2,
  scenario: 'load',
  started: '2026-01-01T00:00:00.000Z',
  file: 'before.json',
});

const verdicts = (before: Measured, after: Measured) =>
  compareWithBaseline(asBaseline(before), after).changes.map(({ quantity, verdict }) => `${quantity}: ${verdict}`);

test('the verdict knows the size of a change and the noise of both runs', () => {
  expect(verdicts(measured(1), measured(1.5))).toEqual(['p50 of load: worse', 'p99 of load: worse']);
  expect(verdicts(measured(1.5), measured(1))).toEqual(['p50 of load: better', 'p99 of load: better']);
  expect(verdicts(measured(1), measured(1.03, 0.02))).toEqual(['p50 of load: same', 'p99 of load: same']);
  expect(verdicts(measured(1, 0.9), measured(1.2, 0.9))).toEqual(['p50 of load: unsure', 'p99 of load: unsure']);
});

test('a closed loop compares its throughput too, and a search only its knee', () => {
  const closed = { settings: { loadLevel: { connections: 2 }, model: null } };
  expect(verdicts(measured(1, 0, closed), measured(1, 0, closed))).toContain('throughput of load: same');
  const knee = (rate: number) => measured(1, 0, { knee: { rate } });
  expect(verdicts(knee(1_000), knee(500))).toEqual(['knee: worse']);
  expect(verdicts(knee(1_000), knee(1_500))).toEqual(['knee: better']);
});

test('only what has become worse fails, and an undecided change passes without a verdict', () => {
  const check = (after: Measured, before = measured(1)) =>
    baselineChecks(compareWithBaseline(asBaseline(before), after))[0]!;
  expect(check(measured(1.5))).toMatchObject({
    passed: false,
    message: expect.stringMatching(/^p50 of load against the baseline is [\d.]+ ms, 1\.5 times [\d.]+ ms: worse$/),
  });
  expect(check(measured(0.5)).passed).toBe(true);
  expect(check(measured(1.2, 0.9), measured(1, 0.9))).toMatchObject({ passed: true, undecided: true });
});

test('conditions that differ are named', () => {
  const other = measured(1, 0, { machine: { ...machine, cores: 8 } });
  expect(compareWithBaseline(asBaseline(measured(1)), other).differences).toEqual([
    'The baseline has another machine: "a, 2 cores", and this run has "a, 8 cores".',
  ]);
});

test('a file that is no result of the scenario is refused with the reason', async () => {
  const file = join(await makeFolder(), 'result.json');
  await expect(readBaseline(file, 'load')).rejects.toThrow('it cannot be read: ENOENT');
  await writeFile(file, '{');
  await expect(readBaseline(file, 'load')).rejects.toThrow('it is not JSON');
  await writeFile(file, '{}');
  await expect(readBaseline(file, 'load')).rejects.toThrow('it is not a result of this version');
  const result = { ...asBaseline(measured(1)), scenario: 'soak' };
  await writeFile(file, JSON.stringify(result));
  await expect(readBaseline(file, 'load')).rejects.toThrow('it is one of soak, and this is load');
  expect((await readBaseline(file, 'soak')).timeline).toHaveLength(40);
});
