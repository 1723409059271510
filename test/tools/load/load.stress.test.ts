import { expect, test } from 'vitest';
import { stallEverySecond, startFaultyServer } from './faulty-server.ts';
import { load, WIDE_LIMITS, writeData } from './run-load.ts';

test('a server without faults passes; missing metrics are noted, and their chart is left out', async () => {
  const { url } = await startFaultyServer();
  const args = ['--target', url, '--metrics', `${url}/metrics`, ...WIDE_LIMITS, '--min-rps', '1', '--max-errors', '0'];
  const { code, stdout, html } = await load([...args, '--duration', '1s']);
  expect(stdout).toContain('PASSED');
  expect(code).toBe(0);
  expect(stdout).toContain(`No memory and CPU: ${url}/metrics cannot be read: it answered 404`);
  expect(html).not.toContain('Memory of the service');
});

test('a stall of 300 ms breaches the limit on p99', async () => {
  const { url } = await startFaultyServer({ delay: stallEverySecond });
  const { code, stdout, result } = await load(['--target', url, '--duration', '2s', '--max-p99', '150ms']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --max-p99 is breached: p99 of phase load is [\d,.]+ ms; the limit is 150 ms/);
  expect(result.checkedPhases[0]!.latency!.p99).toBeGreaterThan(200);
});

test('a leak fails a soak, and a sawtooth does not', async () => {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1_000;
  const memory = (mebibytes: number) => `process_memory_usage_bytes ${Math.round(mebibytes * 1_048_576)}\n`;
  const sawtooth = () => 10 * ((seconds() * 3) % 1);
  const leaking = await startFaultyServer({ metrics: () => memory(100 + sawtooth() + 20 * seconds()) });
  const steady = await startFaultyServer({ metrics: () => memory(100 + sawtooth()) });
  const soak = (url: string) =>
    load([
      'soak',
      '--target',
      url,
      '--metrics',
      `${url}/metrics`,
      '--duration',
      '5s',
      '--warm-up',
      '500ms',
      ...WIDE_LIMITS,
    ]);
  const [leak, clean] = await Promise.all([soak(leaking.url), soak(steady.url)]);
  expect(leak.stdout).toMatch(/✗ there is a leak: memory changes by \+1[\d,.]+ MiB a minute \(95 % interval /);
  expect(leak.code).toBe(1);
  expect(leak.result.stability!.memory).toMatchObject([{ quantity: 'memory', verdict: 'leak' }]);
  expect(clean.stdout).toContain('PASSED');
  expect(clean.code).toBe(0);
});

test('a wrong label breaches the limit on accuracy and is reported with its line', async () => {
  const data = await writeData([
    { text: 'good morning', label: 'ham' },
    { text: 'no label here' },
    { text: 'free money', label: 'spam' },
  ]);
  const { url } = await startFaultyServer({ label: () => 'ham' });
  const args = ['smoke', '--target', url, '--data', data, '--min-accuracy', '90%', '--duration', '1s'];
  const { code, stdout, html, result } = await load([...args, ...WIDE_LIMITS]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --min-accuracy is breached: 5\d\.\d+ % .*line 3 should be "spam" and was "ham"/);
  expect(result.accuracy.mismatches).toMatchObject([{ line: 3, expected: 'spam', got: 'ham' }]);
  // The report holds no text, so that it can be shared.
  expect(html + JSON.stringify(result)).not.toContain('free money');
});

test('answers that change between requests are a breach, even without labels', async () => {
  const { url } = await startFaultyServer({ label: (_, number) => (number % 7 === 0 ? 'spam' : 'ham') });
  const { code, stdout } = await load(['smoke', '--target', url, '--duration', '2s', ...WIDE_LIMITS]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /✗ the same version of the model gave different answers to the same text \d+ times; line \d+ was/,
  );
});

test('failed requests are a breach, and are reported by reason', async () => {
  const { url } = await startFaultyServer({ status: (number) => (number % 10 === 0 ? 503 : 200) });
  const { code, stdout } = await load(['--target', url, '--connections', '2', '--duration', '1s', ...WIDE_LIMITS]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --max-errors is breached: \d+ of \d+ requests failed \(\d+ × status 503\); the limit is 0/);
  expect(stdout).toContain('is a closed loop');
});

test('stress finds the knee of a server that rejects requests above its limit', async () => {
  // A token bucket with 200 per second and a size of 60, so that a burst after a pause of the machine is allowed.
  let tokens = 60;
  let before = performance.now();
  const { url } = await startFaultyServer({
    status: () => {
      const now = performance.now();
      tokens = Math.min(60, tokens + ((now - before) * 200) / 1_000);
      before = now;
      if (tokens < 1) return 503;
      tokens -= 1;
      return 200;
    },
  });
  const args = ['stress', '--target', url, '--rate', '50', '--step', '300ms', '--max-p99', '20s', '--min-rps', '10000'];
  const { code, stdout, html, result } = await load(args);
  expect(result.knee!.rate).toBeLessThan(800);
  expect(result.knee!.rate).toBeGreaterThanOrEqual(50);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ --min-rps is breached: the knee is at [\d,.]+\/s; the limit is 10,000\/s/);
  expect(html).toContain('<title>Latency at each rate</title>');
});

test('stress without a threshold says that it only measured', async () => {
  const { url } = await startFaultyServer({ status: (number) => (number > 300 ? 503 : 200) });
  const { code, stdout, html, result } = await load(['stress', '--target', url, '--rate', '50', '--step', '300ms']);
  expect(result).toMatchObject({ measuredOnly: true, passed: true });
  expect(code).toBe(0);
  expect(stdout).toContain(': MEASURED');
  expect(stdout).toContain('Nothing limited the result, so this run only measured');
  expect(html).toContain('class="measured"');
});

test('spike reports the time until a server is as fast as before', async () => {
  // The server rejects instead of being slow, since a slow answer depends on the speed of the machine.
  let recent: number[] = [];
  const { url } = await startFaultyServer({
    status: () => {
      const now = performance.now();
      recent = [...recent.filter((at) => at > now - 1_000), now];
      return recent.length > 60 ? 503 : 200;
    },
  });
  const args = ['spike', '--target', url, '--rate', '20', '--factor', '20', '--duration', '4s', ...WIDE_LIMITS];
  const { stdout, result } = await load([...args, '--max-recovery', '10ms']);
  expect(result.phases.map(({ name }) => name)).toEqual(['warm-up', 'before', 'spike', 'after']);
  expect(result.recovery!.seconds ?? Infinity).toBeGreaterThan(0.01);
  expect(stdout).toContain('✗ --max-recovery is breached: recovery after the spike: ');
});

test('a run that is stopped writes its report and exits with 130', async () => {
  const { url } = await startFaultyServer();
  const { code, stdout, result } = await load(['--target', url, '--duration', '1h'], (stop) => stop('SIGINT'));
  expect(code).toBe(130);
  expect(stdout).toContain('STOPPED');
  expect(result).toMatchObject({ interrupted: true, passed: false });
});
