import { availableParallelism } from 'node:os';
import { readAnswer } from './generator/check-answer.ts';
import { createGenerator } from './generator/generator.ts';
import { predictUrl, requestHeaders, requestTarget } from './generator/request.ts';
import { slowestOf } from './generator/slowest.ts';
import type { Texts } from './generator/texts.ts';
import { createLoadProgress } from './report/load-progress.ts';
import { notesOf } from './report/notes.ts';
import { type Baseline, baselineChecks, compareWithBaseline } from './scenarios/baseline.ts';
import { currentLoad, describeMachine } from './scenarios/machine.ts';
import { watchResources } from './scenarios/resource-watch.ts';
import type { LoadResult } from './scenarios/result.ts';
import { createRun } from './scenarios/run.ts';
import { runScenario, type ScenarioName, type Settings } from './scenarios/scenarios.ts';
import { checkStability } from './scenarios/stability.ts';
import { checkThresholds, hasThreshold, type Thresholds } from './scenarios/thresholds.ts';
import { findTraceLink } from './trace-links.ts';

/** Options of `runLoad`. */
export interface LoadOptions {
  readonly scenario: ScenarioName;
  readonly target: URL;
  readonly metrics: URL;
  readonly texts: Texts;
  readonly settings: Settings;
  readonly thresholds: Thresholds;
  readonly timeoutMs: number;
  readonly maxConnections: number;
  readonly model: string | undefined;
  readonly token: string | undefined;
  readonly synthetic: boolean;
  readonly baseline: Baseline | undefined;
  readonly progress: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** The error for a target that cannot be reached, refuses the first request or is not a classifier. */
export class TargetError extends Error {
  override name = 'TargetError';
}

const SHORT_RUN_MS = 30_000;
const MIN_WINDOW_MS = 100;
const MAX_WINDOWS = 600;
const METRICS_INTERVAL_MS = 10_000;
const MIN_METRICS_INTERVAL_MS = 100;
/** The verdict on leaks needs many samples. */
const SOAK_METRICS_READS = 240;

/**
 * Runs a scenario against a target and checks the result against the thresholds.
 *
 * @throws {TargetError} if the first request fails in a way that makes a measurement pointless
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { scenario, target, metrics, texts, settings, thresholds, timeoutMs, signal, baseline } = options;
  const [traceLink] = await Promise.all([findTraceLink(target), tryTarget(options)]);
  const loadBefore = currentLoad();

  const windowMs = windowOf(scenario, settings);
  const generator = await createGenerator({
    ...requestTarget(options),
    timeoutMs,
    maxConnections: options.maxConnections,
    texts: texts.requests,
  });
  const started = new Date();
  const planned = scenario === 'stress' ? undefined : (settings.warmUpMs + settings.durationMs) / 1_000;
  const progress = createLoadProgress(options.progress, planned);
  const run = createRun({
    generator,
    windowMs,
    signal,
    onWindow: (row) => progress.show(row, watch.rows.at(-1)),
  });
  const watch = await watchResources(metrics, metricsIntervalOf(scenario, settings), run.secondsNow);
  const cpuBefore = process.cpuUsage();
  const { scenarioResult, cpu, seconds } = await (async () => {
    try {
      const scenarioResult = await runScenario(scenario, run, settings);
      return { scenarioResult, cpu: process.cpuUsage(cpuBefore), seconds: run.secondsNow() };
    } finally {
      progress.clear();
      await watch.stop();
      await generator.close();
    }
  })();

  const { checkedPhases, knee, recovery } = scenarioResult;
  const { accuracy, versions } = run.answers()!;
  const [soak] = checkedPhases;
  const stability = scenario === 'soak' && soak !== undefined ? checkStability(soak, run.timeline, watch.rows) : null;
  const measured = {
    settings: { ...settings, model: options.model ?? null, timeoutMs, synthetic: options.synthetic },
    data: {
      name: texts.name,
      texts: texts.requests.length,
      labelled: texts.labelled,
      meanCharacters: Math.round(texts.meanCharacters),
    },
    machine: describeMachine(target, loadBefore),
    checkedPhases,
    knee: knee ?? null,
    timeline: run.timeline,
  };
  const comparison = baseline === undefined ? null : compareWithBaseline(baseline, measured);
  const checks = [
    ...checkThresholds(thresholds, scenarioResult, accuracy, stability?.memory ?? []),
    ...(comparison === null ? [] : baselineChecks(comparison)),
  ];
  const problem = watch.rows.length === 0 ? watch.problem() : undefined;
  const result = {
    ...measured,
    format: 2 as const,
    scenario,
    target: predictUrl(target).href,
    started: started.toISOString(),
    seconds,
    generator: {
      node: process.version,
      cores: availableParallelism(),
      used: (cpu.user + cpu.system) / 1e6 / seconds,
    },
    versions,
    thresholds,
    measuredOnly: !hasThreshold(thresholds) && comparison === null,
    passed: !signal.aborted && checks.every(({ passed }) => passed),
    interrupted: signal.aborted,
    checks,
    phases: run.phases,
    recovery: recovery ?? null,
    accuracy,
    slowest: slowestOf(checkedPhases.flatMap(({ slowest }) => slowest)).map((request) => ({
      ...request,
      trace: traceLink + request.traceId,
    })),
    comparison,
    stability,
    metrics: { url: metrics.href, problem: problem ?? null },
    resources: watch.rows,
  };
  return { ...result, notes: notesOf(result) };
}

/** Sends one text before the run, so that a wrong address or token is one clear message and not thousands of errors. */
async function tryTarget({ target, texts, timeoutMs, ...options }: LoadOptions): Promise<void> {
  const url = predictUrl(target);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: requestHeaders(options),
      body: texts.requests[0]!.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    throw new TargetError(`${url.href} cannot be reached: ${cause?.code ?? message}`, { cause: error });
  }
  if (response.status >= 300 && response.status < 500) {
    const hint = response.status === 401 ? '; set a bearer token with --token-file or WAYMARK_TOKEN' : '';
    throw new TargetError(`${url.href} answered ${response.status}${problemOf(text)}${hint}`);
  }
  const answer = readAnswer({ status: response.status, body: text });
  if (response.status === 200 && 'error' in answer) {
    throw new TargetError(`${url.href} is not a classifier: ${answer.error}; expected: {"prediction": string, …}`);
  }
}

function problemOf(body: string): string {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === 'string' ? `: ${detail}` : '';
  } catch {
    return '';
  }
}

/** Returns the window length in milliseconds: usually a second, less for a short run and more for a very long one. */
function windowOf(scenario: ScenarioName, { durationMs, stepMs }: Settings): number {
  const length = scenario === 'stress' ? stepMs * 10 : durationMs;
  if (length < SHORT_RUN_MS) return Math.max(MIN_WINDOW_MS, length / 40);
  return Math.max(1_000, length / MAX_WINDOWS);
}

/**
 * Returns the time between two reads of the metrics, in milliseconds. While the service writes its metrics, it answers no
 * request, so frequent reads would be a part of the measured latency. The first read is before the load and the last one after it.
 */
function metricsIntervalOf(scenario: ScenarioName, { durationMs }: Settings): number {
  if (scenario !== 'soak') return METRICS_INTERVAL_MS;
  return Math.max(MIN_METRICS_INTERVAL_MS, durationMs / SOAK_METRICS_READS);
}
