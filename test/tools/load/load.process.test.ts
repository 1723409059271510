import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '../../cli/run-cli.ts';
import { freePort, startProcess } from '../../support/service-process.ts';
import { startFaultyServer } from './faulty-server.ts';
import { load, makeFolder, WIDE_LIMITS, writeData } from './run-load.ts';

test('smoke on a real service checks labels, and reports memory and CPU in a table, JSON and a self-contained page', async () => {
  const service = await startProcess();
  onTestFinished(async () => void (await service.stop()));
  const data = await writeData([
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
  const { code, stdout, html, result } = await load([...args, ...WIDE_LIMITS, '--duration', '2s']);
  expect(stdout).toContain('PASSED');
  expect(code).toBe(0);
  expect(stdout).toMatch(/✓ accuracy is 100\.00 %/);
  expect(result).toMatchObject({
    passed: true,
    scenario: 'smoke',
    accuracy: { ratio: 1, changed: 0, mismatches: [] },
    checkedPhases: [{ name: 'smoke', failed: 0, answered: 40 }],
    metrics: { problem: null },
  });
  expect(result.resources.at(-1)!.memoryBytes).toBeGreaterThan(1e7);
  expect(result.resources.some(({ cores }) => cores !== undefined)).toBe(true);
  expect(result.versions).toEqual([{ version: 'spam@1', answers: expect.any(Number) }]);
  expect(stdout).toContain('Answered by spam@1');
  expect(result.machine).toMatchObject({ node: process.version, sharedWithTarget: true });
  expect(result.slowest).toHaveLength(10);
  const { trace, traceId, version } = result.slowest[0]!;
  expect({ trace, version }).toEqual({ trace: `${service.url}/traces/${traceId}`, version: 'spam@1' });
  expect((await fetch(trace)).status).toBe(200);
  expect(html).toContain(`<a href="${trace}" rel="noreferrer">`);
  for (const title of ['Latency', 'Throughput', 'Errors', 'Memory of the service', 'CPU of the service']) {
    expect(html).toContain(`<title>${title}</title>`);
  }
  expect(html).not.toMatch(/<script|<link|<img|<image|src=|@import|url\((?!#)/);
});

test('a synthetic run counts for no quality, and its report links to Jaeger', async () => {
  const service = await startProcess({ JAEGER_UI_URL: 'http://jaeger.example:16686/' });
  onTestFinished(async () => void (await service.stop()));
  const args = ['--target', service.url, '--metrics', service.metricsUrl, '--duration', '1s', ...WIDE_LIMITS];
  const { code, result } = await load(['smoke', ...args, '--synthetic']);
  expect(code).toBe(0);
  const [slowest] = result.slowest;
  expect(slowest!.trace).toBe(`http://jaeger.example:16686/trace/${slowest!.traceId}`);
  expect(result.notes).not.toContainEqual(expect.stringContaining('counted the predictions as real ones'));
  const drift = (await (await fetch(`${service.url}/drift`)).json()) as { predictions: number };
  expect(drift.predictions).toBe(0);
});

test('a service that does not know synthetic requests is noted, and a run that is worse than its baseline fails', async () => {
  const server = await startFaultyServer({ metrics: () => 'process_memory_usage_bytes 1000000\n' });
  const args = [
    'smoke',
    '--target',
    server.url,
    '--metrics',
    `${server.url}/metrics`,
    '--duration',
    '1s',
    ...WIDE_LIMITS,
  ];
  const first = await load([...args, '--synthetic']);
  expect(first.result.notes).toContainEqual(expect.stringContaining('counted the predictions as real ones'));
  const baseline = join(await makeFolder(), 'baseline.json');
  // A thousand times as fast, so that the speed of the machine does not matter.
  const timeline = first.result.timeline.map(({ latency, ...row }) => ({
    ...row,
    latency: latency && { ...latency, p50: latency.p50 / 1_000, p99: latency.p99 / 1_000 },
  }));
  await writeFile(baseline, JSON.stringify({ ...first.result, timeline }));
  const second = await load([...args, '--baseline', baseline]);
  expect(second.code).toBe(1);
  expect(second.stdout).toMatch(/✗ p50 of smoke against the baseline is .* times .*: worse/);
  expect(second.html).toContain('<h2>Against the baseline</h2>');
});

test('a target that is absent or needs a token exits with 2', async () => {
  const absent = `http://127.0.0.1:${await freePort()}`;
  expect(await runCli('load', ['--target', absent])).toMatchObject({
    code: 2,
    stderr: `load: ${absent}/predict cannot be reached: ECONNREFUSED\n`,
  });
  const guarded = await startFaultyServer({
    status: (_, { headers }) => (headers.authorization === 'Bearer sesame' ? 200 : 401),
  });
  const rejected = await runCli('load', ['--target', guarded.url]);
  expect(rejected.code).toBe(2);
  expect(rejected.stderr).toContain('answered 401: a planned fault; set a bearer token with --token-file');
  const token = join(await makeFolder(), 'token');
  await writeFile(token, 'sesame\n');
  const args = ['smoke', '--target', guarded.url, '--token-file', token, '--duration', '500ms', ...WIDE_LIMITS];
  const { code, html, result } = await load(args);
  expect(code).toBe(0);
  expect(html + JSON.stringify(result)).not.toContain('sesame');
});

test('wrong usage exits with 64 and wrong data with 65, each with the reason', async () => {
  const target = ['--target', 'http://127.0.0.1'];
  const usage = await runCli('load', [...target, '--min-accuracy', '1']);
  expect(usage).toMatchObject({ code: 64, stdout: '' });
  expect(usage.stderr).toContain('--min-accuracy needs labels; the texts have none (sample mails)');
  const data = await writeData([{ text: 'fine' }, { text: 5 }]);
  const unreadable = await runCli('load', [...target, '--data', data]);
  expect(unreadable.code).toBe(65);
  expect(unreadable.stderr).toMatch(/data\.jsonl, line 2: text: .*; allowed: \{"text": string, "label"\?: string\}/);
});
