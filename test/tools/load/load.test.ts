import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { LoadResult } from '../../../tools/load/scenarios/result.ts';
import { type Finished, runCli } from '../../cli/run-cli.ts';
import { freePort, startProcess } from '../../support/service-process.ts';
import { plant, stallEachSecond } from './planted-server.ts';

vi.setConfig({ testTimeout: 60_000 });

// Faults are planted so large, and limits set so wide, that no machine is too slow or too fast for them.
const wide = ['--max-p99', '20s', '--timeout', '30s'];

interface Ran extends Finished {
  readonly result: LoadResult;
  readonly html: string;
}

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'waymark-load-'));
}

/** Runs the command, and reads the files that it wrote. */
async function load(args: readonly string[], onStderr?: Parameters<typeof runCli>[2]): Promise<Ran> {
  const out = await folder();
  const finished = await runCli('load', [...args, '--out', out], onStderr);
  const files = await readdir(out);
  const read = async (ending: string) => readFile(join(out, files.find((file) => file.endsWith(ending))!), 'utf8');
  expect(files, finished.stderr).toHaveLength(2);
  return { ...finished, html: await read('.html'), result: JSON.parse(await read('.json')) as LoadResult };
}

async function dataFile(rows: readonly object[]): Promise<string> {
  const file = join(await folder(), 'data.jsonl');
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

test('smoke on a real service: labels, memory, CPU, a table, JSON, and one page that loads nothing', async () => {
  const service = await startProcess();
  onTestFinished(async () => void (await service.stop()));
  const data = await dataFile([
    { text: 'Congratulations, you won free money, click here to claim your prize now', label: 'spam' },
    {
      text: 'The linker cannot find libssl; could somebody look at what was upgraded on the build machine?',
      label: 'ham',
    },
  ]);
  const args = [
    'smoke',
    '--target',
    service.url,
    '--metrics',
    service.metricsUrl,
    '--data',
    data,
    '--min-accuracy',
    '1',
  ];
  const { code, stdout, html, result } = await load([...args, ...wide, '--duration', '2s']);
  expect(stdout).toContain('PASSED');
  expect(code).toBe(0);
  expect(stdout).toMatch(/✓ accuracy is 100\.00 %/);
  expect(result).toMatchObject({
    passed: true,
    scenario: 'smoke',
    accuracy: { ratio: 1, changed: 0, mismatches: [] },
    judged: [{ name: 'smoke', failed: 0, answered: 40 }],
    metrics: { problem: null },
  });
  expect(result.resources.at(-1)!.memoryBytes).toBeGreaterThan(1e7);
  expect(result.resources.some(({ cores }) => cores !== undefined)).toBe(true);
  for (const title of ['Latency', 'Throughput', 'Errors', 'Memory of the service', 'CPU of the service']) {
    expect(html).toContain(`<title>${title}</title>`);
  }
  expect(html).not.toMatch(/<script|<link|<img|<image|src=|@import|url\((?!#)/);
});

test('a clean server passes; without metrics that is said, and nothing is drawn', async () => {
  const { url } = await plant();
  const args = ['--target', url, '--metrics', `${url}/metrics`, ...wide, '--min-rps', '1', '--max-errors', '0'];
  const { code, stdout, html } = await load([...args, '--duration', '1s']);
  expect(stdout).toContain('PASSED');
  expect(code).toBe(0);
  expect(stdout).toContain(`No memory and CPU: ${url}/metrics cannot be read: it answered 404`);
  expect(html).not.toContain('Memory of the service');
});

test('a stall of 300 ms breaches the limit on p99', async () => {
  const { url } = await plant({ hold: stallEachSecond });
  const { code, stdout, result } = await load(['--target', url, '--duration', '2s', '--max-p99', '150ms']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --max-p99 is breached: p99 of phase load is [\d,.]+ ms, allowed are 150 ms/);
  expect(result.judged[0]!.latency!.p99).toBeGreaterThan(200);
});

test('a leak breaches a soak, and growth that ends does not', async () => {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1_000;
  const memory = (mebibytes: number) => `process_memory_usage_bytes ${Math.round(mebibytes * 1_048_576)}\n`;
  const sawtooth = () => 10 * ((seconds() * 3) % 1);
  const leaking = await plant({ metrics: () => memory(100 + sawtooth() + 20 * seconds()) });
  const steady = await plant({ metrics: () => memory(100 + sawtooth()) });
  const soak = (url: string) =>
    load(['soak', '--target', url, '--metrics', `${url}/metrics`, '--duration', '5s', '--warm-up', '500ms', ...wide]);
  const [leak, clean] = await Promise.all([soak(leaking.url), soak(steady.url)]);
  expect(leak.stdout).toMatch(/✗ there is a leak: memory changes by \+1[\d,.]+ MiB a minute \(95 % interval /);
  expect(leak.code).toBe(1);
  expect(leak.result.stability!.memory).toMatchObject([{ what: 'memory', verdict: 'leak' }]);
  expect(clean.stdout).toContain('PASSED');
  expect(clean.code).toBe(0);
});

test('a wrong label breaches the limit on accuracy, and is named by its line', async () => {
  const data = await dataFile([
    { text: 'good morning', label: 'ham' },
    { text: 'no label here' },
    { text: 'free money', label: 'spam' },
  ]);
  const { url } = await plant({ label: () => 'ham' });
  const args = ['smoke', '--target', url, '--data', data, '--min-accuracy', '90%', '--duration', '1s'];
  const { code, stdout, html, result } = await load([...args, ...wide]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --min-accuracy is breached: 5\d\.\d+ % .*line 3 should be "spam" and was "ham"/);
  expect(result.accuracy.mismatches).toMatchObject([{ line: 3, expected: 'spam', got: 'ham' }]);
  // The report may be passed on: it holds no text.
  expect(html + JSON.stringify(result)).not.toContain('free money');
});

test('answers that change from one request to the next are a breach without any label', async () => {
  const { url } = await plant({ label: (_, number) => (number % 10 === 0 ? 'spam' : 'ham') });
  const { code, stdout } = await load(['smoke', '--target', url, '--duration', '2s', ...wide]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /✗ the same version of the model gave different answers to the same text \d+ times; line \d+ was/,
  );
});

test('failed requests are a breach, and told by their kind', async () => {
  const { url } = await plant({ status: (number) => (number % 10 === 0 ? 503 : 200) });
  const { code, stdout } = await load(['--target', url, '--connections', '2', '--duration', '1s', ...wide]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --max-errors is breached: \d+ of \d+ requests failed \(\d+ × status 503\), allowed are 0/);
  expect(stdout).toContain('is a closed loop');
});

test('stress finds the knee of a server that refuses what is over its limit', async () => {
  // 200 a second, and a store of 60, so that a burst after a pause of the machine is no breach.
  let stored = 60;
  let before = performance.now();
  const { url } = await plant({
    status: () => {
      const now = performance.now();
      stored = Math.min(60, stored + ((now - before) * 200) / 1_000);
      before = now;
      if (stored < 1) return 503;
      stored -= 1;
      return 200;
    },
  });
  const args = ['stress', '--target', url, '--rate', '50', '--step', '300ms', '--max-p99', '20s', '--min-rps', '10000'];
  const { code, stdout, html, result } = await load(args);
  expect(result.knee!.rate).toBeLessThan(800);
  expect(result.knee!.rate).toBeGreaterThanOrEqual(50);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --min-rps is breached: the knee is at [\d,.]+\/s, wanted are 10,000\/s/);
  expect(html).toContain('<title>Latency at each rate</title>');
});

test('spike tells how soon a server is as fast as before', async () => {
  // It refuses instead of being slow: how slow would be slower than before is for the machine to decide.
  let recent: number[] = [];
  const { url } = await plant({
    status: () => {
      const now = performance.now();
      recent = [...recent.filter((at) => at > now - 1_000), now];
      return recent.length > 60 ? 503 : 200;
    },
  });
  const args = ['spike', '--target', url, '--rate', '20', '--factor', '20', '--duration', '4s', ...wide];
  const { stdout, result } = await load([...args, '--max-recovery', '10ms']);
  expect(result.phases.map(({ name }) => name)).toEqual(['warm-up', 'before', 'spike', 'after']);
  expect(result.recovery!.seconds ?? Infinity).toBeGreaterThan(0.01);
  expect(stdout).toContain('✗ --max-recovery is breached: back to normal after the spike: ');
});

test('a run that is stopped writes what it has, and ends as an interrupt does', async () => {
  const { url } = await plant();
  const { code, stdout, result } = await load(['--target', url, '--duration', '1h'], (stop) => stop('SIGINT'));
  expect(code).toBe(130);
  expect(stdout).toContain('STOPPED');
  expect(result).toMatchObject({ interrupted: true, passed: false });
});

test('a target that is not there, wants a token or is no classifier ends with 2', async () => {
  const gone = `http://127.0.0.1:${await freePort()}`;
  expect(await runCli('load', ['--target', gone])).toMatchObject({
    code: 2,
    stderr: `load: ${gone}/predict cannot be reached: ECONNREFUSED\n`,
  });
  const closed = await plant({
    status: (_, { headers }) => (headers.authorization === 'Bearer sesame' ? 200 : 401),
  });
  const refused = await runCli('load', ['--target', closed.url]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('answered 401: as planted; name a bearer token with --token-file');
  const token = join(await folder(), 'token');
  await writeFile(token, 'sesame\n');
  const args = ['smoke', '--target', closed.url, '--token-file', token, '--duration', '500ms', ...wide];
  const { code, html, result } = await load(args);
  expect(code).toBe(0);
  expect(html + JSON.stringify(result)).not.toContain('sesame');
});

test('wrong usage ends with 64 and wrong data with 65, each named', async () => {
  const target = ['--target', 'http://127.0.0.1'];
  const usage = await runCli('load', [...target, '--min-accuracy', '1']);
  expect(usage).toMatchObject({ code: 64, stdout: '' });
  expect(usage.stderr).toContain('--min-accuracy needs labels, and bundled texts has none');
  const data = await dataFile([{ text: 'fine' }, { text: 5 }]);
  const unreadable = await runCli('load', [...target, '--data', data]);
  expect(unreadable.code).toBe(65);
  expect(unreadable.stderr).toMatch(/data\.jsonl, line 2: text: .*; allowed: \{"text": string, "label"\?: string\}/);
});
