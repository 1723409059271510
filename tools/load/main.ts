import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { runCommand, UsageError } from '../../src/cli/usage.ts';
import { ConfigError, readSettings } from '../../src/platform/config.ts';
import { readTexts } from './generator/texts.ts';
import { htmlReport } from './report/html-report.ts';
import { terminalReport } from './report/terminal-report.ts';
import { type LoadOptions, runLoad, TargetError } from './run-load.ts';
import { type LoadArguments, loadArguments } from './load-arguments.ts';
import type { LoadResult } from './scenarios/result.ts';

const help = `Usage: npm run load -- [SCENARIO] --target URL [options]

Tests how a running service performs, and writes a report.

Scenarios
  smoke   a few requests: does it answer, and rightly?
  load    a steady load (the default)
  stress  finds the knee, the highest rate at which the service meets its objective (--max-p99)
  spike   a burst: what does the service do, and how soon is it as fast as before? (--factor)
  soak    a steady load for long: do memory or latency grow?

What is sent
  --target URL         the service, such as http://localhost:3000
  --data FILE          JSON Lines of {"text", "label"?}; labels are checked (default: bundled texts)
  --model NAME         the model to ask, "NAME" or "NAME@VERSION"
  --token-file FILE    a file that holds a bearer token (default: the variable WAYMARK_TOKEN, if set)
  --timeout T          when a request has failed (default: 5s)

How hard
  --rate N             open loop: so many requests a second, whether or not they are answered
                       (default: smoke 20, stress from 50, else 100 or what --min-rps needs)
  --connections N      closed loop: so many connections, each asks again when it is answered;
                       with --rate: the most connections that are opened (default: 100)
  --duration T         (default: smoke 10s, load and spike 60s, soak 10m)
  --warm-up T          before that, shown but not counted (default: a tenth of it, at most 10s; soak 60s; 0 for none)
  --step T             of stress: how long each rate is held (default: 10s)
  --factor N           of spike: by how much the rate rises (default: 5)

Thresholds: one that is breached makes the exit code 1
  --max-p99 T          of latency, counted from when a request was due; of stress the objective (default there: 25ms)
  --min-rps N          good answers a second; of stress the knee
  --max-errors N       failed requests, such as 0 or 0.1% (default: 0; stress: not checked)
  --min-accuracy N     of the labelled texts, such as 0.97 or 97%
  --max-recovery T     of spike
  A leak that soak finds, and answers that change from one request to the next, always count as a breach.

What comes out
  --metrics URL        the service's metrics (default: /metrics of the target's host, port 9464)
  --out DIR            where the report and its JSON file are written (default: ./data/load)

Exit codes: 0 passed, 1 a threshold was breached, 2 the target cannot be tested, 64 wrong usage, 65 wrong data,
130 stopped by Ctrl-C (the report holds what was measured until then).
`;

const unusableTarget = 2;
const interrupted = 130;

async function readToken(file: string | undefined): Promise<string | undefined> {
  const token = {
    schema: z.string().regex(/^[\x21-\x7e]+$/),
    allowed: 'printable ASCII without spaces',
    secret: true,
  } as const;
  try {
    if (file === undefined) return readSettings({ WAYMARK_TOKEN: token }).WAYMARK_TOKEN;
    return readSettings({ 'token-file': token }, { 'token-file': (await readFile(file, 'utf8')).trim() })['token-file'];
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw new UsageError(`--token-file is ${JSON.stringify(file)}; it cannot be read: ${(error as Error).message}`);
  }
}

async function prepare(values: LoadArguments['values'], scenario: string | undefined): Promise<LoadOptions> {
  const { target, ...rest } = loadArguments(scenario, values);
  const token = await readToken(values['token-file']);
  const texts = await readTexts(values.data, { target, model: values.model, token });
  if (rest.thresholds.minAccuracy !== undefined && texts.labelled === 0) {
    throw new UsageError(
      `--min-accuracy needs labels, and ${texts.name} has none; name a file of {"text", "label"} with --data`,
    );
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return { ...rest, target, texts, token, model: values.model, progress: process.stderr, signal: stop.signal };
}

async function write(result: LoadResult, folder: string): Promise<string> {
  const name = `${result.scenario}-${result.started.slice(0, 19).replaceAll(':', '-')}`;
  await mkdir(folder, { recursive: true });
  const report = join(folder, `${name}.html`);
  const json = join(folder, `${name}.json`);
  await writeFile(report, htmlReport(result));
  await writeFile(json, `${JSON.stringify(result, null, 1)}\n`);
  return `Report: ${report}\nJSON:   ${json}\n`;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      target: { type: 'string' },
      data: { type: 'string' },
      model: { type: 'string' },
      'token-file': { type: 'string' },
      timeout: { type: 'string', default: '5s' },
      rate: { type: 'string' },
      connections: { type: 'string' },
      duration: { type: 'string' },
      'warm-up': { type: 'string' },
      step: { type: 'string' },
      factor: { type: 'string' },
      'max-p99': { type: 'string' },
      'min-rps': { type: 'string' },
      'max-errors': { type: 'string' },
      'min-accuracy': { type: 'string' },
      'max-recovery': { type: 'string' },
      metrics: { type: 'string' },
      out: { type: 'string', default: './data/load' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  if (positionals.length > 1) throw new UsageError(`${JSON.stringify(positionals[1])} is one scenario too many`);
  const options = await prepare(values, positionals[0]);
  try {
    const result = await runLoad(options);
    process.stdout.write(terminalReport(result) + (await write(result, values.out)));
    process.exitCode = result.interrupted ? interrupted : result.passed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    process.stderr.write(`load: ${error.message}\n`);
    process.exitCode = unusableTarget;
  }
}

runCommand('load', main);
