import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { z } from 'zod';
import { asInvoked, runCommand, UsageError } from '../../src/cli/usage.ts';
import { ConfigError, readSettings } from '../../src/platform/config.ts';
import { readTexts } from './generator/texts.ts';
import { type LoadArguments, loadArguments } from './load-arguments.ts';
import { htmlReport } from './report/html-report.ts';
import { terminalReport } from './report/terminal-report.ts';
import { type LoadOptions, runLoad, TargetError } from './run-load.ts';
import { readBaseline } from './scenarios/baseline.ts';
import type { LoadResult } from './scenarios/result.ts';

const HELP = `Usage: npm run load -- [SCENARIO] --target URL [options]

Tests the performance of a running service and writes a report.

Scenarios
  smoke   a few requests: does the service answer correctly?
  load    a steady load (default)
  stress  finds the knee, the highest rate at which the service meets its objective (--max-p99)
  spike   a burst: how does the service respond, and when is it as fast as before? (--factor)
  soak    a long steady load: does memory or latency grow?

Requests
  --target URL         the service, such as http://localhost:3000
  --data FILE          texts like those that the model meets, with labels to check if there are any: JSON Lines, CSV or
                       TSV (default: sample mails, which suit the bundled model)
  --model NAME         the model to use, "NAME" or "NAME@VERSION"
  --token-file FILE    a file that holds a bearer token (default: the variable WAYMARK_TOKEN, if set)
  --synthetic          mark the requests, so that their predictions count neither for drift nor for quality;
                       the service honours it from a token with the scope manage, or without tokens
  --timeout T          a request without an answer fails after this time (default: 5s)

Load
  --rate N             open loop: N requests per second, independent of the answers
                       (default: smoke 20, stress from 50, others 100 or enough for --min-rps)
  --connections N      closed loop: N connections, each sends its next request when the last one is answered;
                       with --rate: the maximum number of connections (default: 100)
  --duration T         the duration of the measurement (default: smoke 10s, load and spike 60s, soak 10m)
  --warm-up T          the time before it, shown but not counted (default: a tenth of it, at most 10s; soak 60s; 0 for none)
  --step T             stress only: the duration of each rate (default: 10s)
  --factor N           spike only: the factor by which the rate rises (default: 5)

Thresholds: if one is breached, the exit code is 1
  --max-p99 T          99th percentile of the latency from the time at which a request was due
                       (stress: the objective, default 25ms)
  --min-rps N          good answers per second (stress: the knee)
  --max-errors N       failed requests, such as 0 or 0.1% (default: 0; stress: not checked)
  --min-accuracy N     accuracy on the labelled texts, such as 0.97 or 97%
  --max-recovery T     spike only: the time until the service is as fast as before
  --baseline FILE      the JSON file of an earlier run: fails if a latency, the throughput of a closed loop or the knee
                       is worse by more than a tenth and by more than the noise of both runs
  A leak found by soak, and answers that change between requests, always count as a breach.

Output
  --metrics URL        the metrics of the service (default: /metrics on the target's host, port 9464)
  --out DIR            the folder for the report and its JSON file (default: ./data/load)

Exit codes: 0 passed, 1 a threshold was breached, 2 the target cannot be tested, 64 wrong usage, 65 wrong data,
130 stopped by Ctrl-C (the report holds the measurements until then).
`;

const UNUSABLE_TARGET_EXIT = 2;
const INTERRUPTED_EXIT = 130;

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

async function prepare(
  values: LoadArguments['values'],
  scenario: string | undefined,
  synthetic: boolean,
): Promise<LoadOptions> {
  const { target, ...rest } = loadArguments(scenario, values);
  const baseline = values.baseline === undefined ? undefined : await readBaseline(values.baseline, rest.scenario);
  const token = await readToken(values['token-file']);
  const texts = await readTexts(values.data, values.model);
  if (rest.thresholds.minAccuracy !== undefined && texts.labelled === 0) {
    throw new UsageError(
      `--min-accuracy needs labels; the texts have none (${texts.name}); use --data with a file of {"text", "label"}`,
    );
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return {
    ...rest,
    target,
    texts,
    token,
    synthetic,
    baseline,
    model: values.model,
    progress: process.stderr,
    signal: stop.signal,
  };
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
      synthetic: { type: 'boolean', default: false },
      baseline: { type: 'string' },
      out: { type: 'string', default: './data/load' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(asInvoked(HELP));
    return;
  }
  if (positionals.length > 1) {
    throw new UsageError(`only one scenario is allowed; ${JSON.stringify(positionals[1])} is the second`);
  }
  const options = await prepare(values, positionals[0], values.synthetic);
  try {
    const result = await runLoad(options);
    process.stdout.write(terminalReport(result) + (await write(result, values.out)));
    process.exitCode = result.interrupted ? INTERRUPTED_EXIT : result.passed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    process.stderr.write(`load: ${error.message}\n`);
    process.exitCode = UNUSABLE_TARGET_EXIT;
  }
}

// V8's helper threads compete with the thread that sends, if the generator has one core. The optimizing compiler doubled the p99 in the
// first ten seconds of a run, and its code saved no CPU time that could be measured. Parallel collections made the p99 a fifth longer.
for (const flag of ['--no-opt', '--single-threaded-gc']) setFlagsFromString(flag);
runCommand('load', main);
