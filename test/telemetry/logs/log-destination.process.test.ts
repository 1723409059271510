import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';

const MODULE = join(import.meta.dirname, '../../../src/telemetry/logs/log-destination.ts');

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly milliseconds: number;
}

/**
 * Runs a program in a process of its own. Its variables are `lines` (the lines to write), `destination`, `fail` (makes
 * the next writes to standard output fail) and `report` (writes the number of dropped lines to standard error).
 *
 * @param stdout a file descriptor, or a pipe that nobody reads, or a pipe without a reader; by default a pipe that is read
 */
async function run(
  program: string,
  lines: readonly string[] = [],
  stdout?: number | 'unread' | 'closed',
  env: NodeJS.ProcessEnv = process.env,
): Promise<Result> {
  const source = `import fs from 'node:fs';
    import { json } from 'node:stream/consumers';
    import { setTimeout as delay } from 'node:timers/promises';
    import { metrics } from '@opentelemetry/api';
    import { syncBuiltinESMExports } from 'node:module';
    let dropped = 0;
    const counter = { add: (lines) => { dropped += lines; } };
    metrics.setGlobalMeterProvider({ getMeter: () => ({ createCounter: () => counter }) });
    const report = () => fs.writeSync(2, 'dropped ' + dropped + '\\n');
    const { openSync, write, writeSync } = fs;
    const outputs = new Set([1]);
    fs.openSync = (path, ...args) => {
      const fd = openSync(path, ...args);
      if (path === '/proc/self/fd/1') outputs.add(fd);
      return fd;
    };
    syncBuiltinESMExports();
    const { createLogDestination } = await import(${JSON.stringify(MODULE)});
    const fail = (code, times = Infinity) => {
      const error = (fd) => outputs.has(fd) && times-- > 0 && Object.assign(new Error(code), { code });
      fs.write = (...args) => {
        const failure = error(args[0]);
        if (failure) setImmediate(args.at(-1), failure);
        else write(...args);
      };
      fs.writeSync = (...args) => {
        const failure = error(args[0]);
        if (failure) throw failure;
        return writeSync(...args);
      };
      syncBuiltinESMExports();
    };
    const lines = await json(process.stdin);
    const destination = createLogDestination();
    ${program}`;
  const started = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env,
    stdio: ['pipe', typeof stdout === 'number' ? stdout : 'pipe', 'pipe'],
  });
  child.stdin!.end(JSON.stringify(lines));
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  if (stdout === 'closed') child.stdout!.destroy();
  const written = stdout === undefined ? text(child.stdout!) : '';
  const [stderr, [code, signal]] = await Promise.all([text(child.stderr!), exited]);
  const milliseconds = performance.now() - started;
  child.stdout?.destroy();
  return { stdout: await written, stderr, code, signal, milliseconds };
}

const WRITE_ALL = 'for (const line of lines) destination.write(line);';
const AT_ONCE = 'process.exit();';
/** More lines than may wait, in steps that let writes take place. */
const WRITE_MANY = `for (let i = 0; i < 300; i++) {
    for (let j = 0; j < 100; j++) destination.write('x'.repeat(999) + '\\n');
    await delay(1);
  }`;
const MANY = 30_000;
const MIN_DROPPED = MANY - Math.ceil((8 * 1024 * 1024) / 1_000) - 100;

const droppedOf = ({ stderr }: Result) => Number(/^dropped (\d+)$/m.exec(stderr)?.[1]);
const reportsOf = ({ stderr }: Result) =>
  [...stderr.matchAll(/^standard output does not take log lines: .*: (.*)$/gm)].map(([, why]) => why);

describe('lines are written', () => {
  test.each([
    ['naturally', ''],
    ['after a flush', 'await destination.flush(); process.exit();'],
    ['without a flush', AT_ONCE],
  ])('whole and in their order, many, long, and beyond ASCII, if the process ends %s', async (_, end) => {
    const lines = [
      ...Array.from({ length: 3_000 }, (_, at) => `{"line":${at},"label":"Größe 漢字 🙂"}\n`),
      `${'漢'.repeat(30_000)}\n`,
      'after a long one\n',
      `${'x'.repeat(200_000)}\n`,
      'the last\n',
    ];
    const { stdout, stderr, code } = await run(`${WRITE_ALL} ${end}`, lines);
    expect(stdout).toBe(lines.join(''));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('although the process exits while they wait', async () => {
    expect((await run(`${WRITE_ALL} ${AT_ONCE}`, ['one\n', 'two\n'])).stdout).toBe('one\ntwo\n');
  });

  test('after a short time, without a flush', async () => {
    const { stdout } = await run(`${WRITE_ALL} await delay(1_000); process.kill(process.pid, 'SIGKILL');`, ['one\n']);
    expect(stdout).toBe('one\n');
  });

  test.each(['EAGAIN', 'ENOSPC', 'EIO'])('in their order after some writes have failed with %s', async (code) => {
    const lines = Array.from({ length: 2_000 }, (_, at) => `line ${at} ${'x'.repeat(100)}\n`);
    const program = `fail('${code}', 7); for (const line of lines) { destination.write(line); await null; }
      await destination.flush(); report();`;
    const result = await run(program, lines);
    expect(result.stdout).toBe(lines.join(''));
    expect(droppedOf(result)).toBe(0);
  });
});

describe('an error of standard output neither ends nor hangs the process', () => {
  test.each(['EAGAIN', 'ENOSPC', 'EIO', 'EPIPE'])('%s: lines are dropped, counted, and reported once', async (code) => {
    const result = await run(`fail('${code}'); ${WRITE_MANY} await destination.flush(); report(); process.exit(3);`);
    expect({ code: result.code, signal: result.signal }).toEqual({ code: 3, signal: null });
    expect(reportsOf(result)).toEqual([code === 'EAGAIN' ? 'its reader is too slow' : code]);
    expect(droppedOf(result)).toBeGreaterThan(MIN_DROPPED);
    expect(droppedOf(result)).toBeLessThanOrEqual(MANY);
    expect(result.milliseconds).toBeLessThan(10_000);
  });

  test('EPIPE is not reported by a worker, because its supervisor has ended', async () => {
    // Node makes a process a worker of a cluster by this variable, and removes the variable.
    const env = { ...process.env, NODE_UNIQUE_ID: '1' };
    const result = await run(`fail('EPIPE'); ${WRITE_MANY} report(); process.exit(3);`, [], undefined, env);
    expect(reportsOf(result)).toEqual([]);
    expect(droppedOf(result)).toBeGreaterThan(MIN_DROPPED);
    expect(result.code).toBe(3);
  });

  test.each(['EAGAIN', 'ENOSPC', 'EIO', 'EPIPE'])('%s at the exit', async (code) => {
    for (const end of [AT_ONCE, '']) {
      const result = await run(`destination.write('a line\\n'); fail('${code}'); ${end}`);
      expect(result.code).toBe(0);
      expect(result.stderr).toMatch(
        /^(?:standard output does not take log lines: .*\n)?1 log lines were lost at the end, .*: .+\n$|^standard output does not take log lines: .*: EPIPE\n$/,
      );
      expect(result.milliseconds).toBeLessThan(5_000);
    }
  });

  test('a full disk', async () => {
    const full = openSync('/dev/full', 'w');
    const result = await run(`${WRITE_MANY} await destination.flush(); report(); process.exit(3);`, [], full);
    closeSync(full);
    expect(result.code).toBe(3);
    expect(reportsOf(result)).toEqual(['ENOSPC']);
    expect(droppedOf(result)).toBeGreaterThan(MIN_DROPPED);
  });

  test('a reader that has gone', async () => {
    const result = await run(`${WRITE_MANY} report(); await destination.flush(); process.exit(3);`, [], 'closed');
    expect({ code: result.code, signal: result.signal }).toEqual({ code: 3, signal: null });
    expect(reportsOf(result)).toEqual(['EPIPE']);
    expect(droppedOf(result)).toBeGreaterThan(MANY - 1_000);
  });

  test('a full disk with few lines: one word at once, one at the end', async () => {
    const full = openSync('/dev/full', 'w');
    const result = await run(`${WRITE_ALL} await delay(500); report(); process.exit(3);`, ['one\n', 'two\n'], full);
    closeSync(full);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(
      /^standard output does not take log lines: .*: ENOSPC\ndropped 0\n2 log lines were lost at the end, .*: ENOSPC\n$/,
    );
  });

  test('a reader that does not read: lines wait, and further ones are dropped', async () => {
    const result = await run(`${WRITE_MANY} report(); await destination.flush(); process.exit(3);`, [], 'unread');
    expect({ code: result.code, signal: result.signal }).toEqual({ code: 3, signal: null });
    expect(reportsOf(result)).toEqual(['its reader is too slow']);
    expect(droppedOf(result)).toBeGreaterThan(MIN_DROPPED - 1_000);
    expect(result.milliseconds).toBeLessThan(10_000);
  });
});
