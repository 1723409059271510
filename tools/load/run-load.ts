import { availableParallelism } from 'node:os';
import { createLabelCheck, readAnswer } from './generator/check-answer.ts';
import { createGenerator } from './generator/generator.ts';
import { predictUrl, requestHeaders, type Texts } from './generator/texts.ts';
import { createLoadProgress } from './report/load-progress.ts';
import { notesOf } from './report/notes.ts';
import { watchResources } from './scenarios/resource-watch.ts';
import type { LoadResult } from './scenarios/result.ts';
import { createRun } from './scenarios/run.ts';
import { runScenario, type ScenarioName, type Settings } from './scenarios/scenarios.ts';
import { checkStability } from './scenarios/stability.ts';
import { checkThresholds, type Thresholds } from './scenarios/thresholds.ts';

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

/**
 * Runs a scenario against a target and checks the result against the thresholds.
 *
 * @throws {TargetError} if the first request fails in a way that makes a measurement pointless
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { scenario, target, metrics, texts, settings, thresholds, timeoutMs, signal } = options;
  await tryTarget(options);

  const started = new Date();
  const windowMs = windowOf(scenario, settings);
  const labels = createLabelCheck(texts.lineOf, texts.labelOf);
  const generator = createGenerator({
    target,
    timeoutMs,
    maxConnections: options.maxConnections,
    texts: texts.count,
    requestOf: texts.requestOf,
  });
  const planned = scenario === 'stress' ? undefined : (settings.warmUpMs + settings.durationMs) / 1_000;
  const progress = createLoadProgress(options.progress, planned);
  const run = createRun({
    generator,
    windowMs,
    labels,
    signal,
    onWindow: (row) => progress.show(row, watch.rows.at(-1)),
  });
  const watch = watchResources(metrics, windowMs, run.secondsNow);
  const cpuBefore = process.cpuUsage();
  const scenarioResult = await runScenario(scenario, run, settings).finally(progress.clear);
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = run.secondsNow();
  await watch.stop();
  generator.close();

  const { checkedPhases, knee, recovery } = scenarioResult;
  const accuracy = labels.result();
  const [soak] = checkedPhases;
  const stability = scenario === 'soak' && soak !== undefined ? checkStability(soak, run.timeline, watch.rows) : null;
  const checks = checkThresholds(thresholds, scenarioResult, accuracy, stability?.memory ?? []);
  const problem = watch.rows.length === 0 ? watch.problem() : undefined;
  return {
    format: 2,
    scenario,
    target: predictUrl(target).href,
    started: started.toISOString(),
    seconds,
    settings: { ...settings, model: options.model ?? null, timeoutMs },
    data: { name: texts.name, texts: texts.count, labelled: texts.labelled },
    generator: {
      node: process.version,
      cores: availableParallelism(),
      used: (cpu.user + cpu.system) / 1e6 / seconds,
    },
    thresholds,
    passed: !signal.aborted && checks.every(({ passed }) => passed),
    interrupted: signal.aborted,
    checks,
    notes: notesOf(scenario, checkedPhases, problem, stability, signal.aborted),
    phases: run.phases,
    checkedPhases,
    knee: knee ?? null,
    recovery: recovery ?? null,
    accuracy,
    stability,
    metrics: { url: metrics.href, problem: problem ?? null },
    timeline: run.timeline,
    resources: watch.rows,
  };
}

/** Sends one text before the run, so that a wrong address or token is one clear message and not thousands of errors. */
async function tryTarget({ target, texts, token, timeoutMs }: LoadOptions): Promise<void> {
  const url = predictUrl(target);
  const request = texts.requestOf(0);
  const body = request.subarray(request.indexOf('\r\n\r\n') + 4);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: requestHeaders(token),
      body: new Uint8Array(body),
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
