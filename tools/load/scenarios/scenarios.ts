import type { LoadLevel } from '../generator/outcome.ts';
import { findKnee, type Step } from './knee.ts';
import type { PhaseResult, Run, TimelineRow } from './run.ts';

export const SCENARIO_NAMES = ['smoke', 'load', 'stress', 'spike', 'soak'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** The settings of a scenario: options of the command line, and defaults. */
export interface Settings {
  readonly loadLevel: LoadLevel;
  readonly durationMs: number;
  readonly warmUpMs: number;
  /** `stress`: the duration of each rate. */
  readonly stepMs: number;
  /** `stress`: the highest allowed 99th percentile of the latency. */
  readonly objectiveMs: number;
  /** `spike`: the factor by which the rate rises. */
  readonly factor: number;
}

/** The result of a scenario. */
export interface ScenarioResult {
  /** The phases to check against the thresholds. */
  readonly checkedPhases: readonly PhaseResult[];
  readonly knee?: { readonly rate: number | null; readonly steps: readonly (Step & { readonly p99: number | null })[] };
  readonly recovery?: { readonly seconds: number | null; readonly limitMs: number };
}

const MAX_ERROR_SHARE = 0.001;
const MIN_ANSWERED_SHARE = 0.97;
const MAX_RATE = 100_000;
const KNEE_PRECISION = 1.05;
const MAX_REST_MS = 500;
/** The shares of a spike scenario's duration. */
const spikeShares = { before: 0.25, spike: 0.25, after: 0.5 } as const;
/** The service has recovered when its p99 is at most this factor above the p99 before the spike. */
const RECOVERED_FACTOR = 2;
const MIN_RECOVERED_LIMIT_MS = 10;

/** Runs a scenario until its end, or until the run is stopped. */
export function runScenario(name: ScenarioName, run: Run, settings: Settings): Promise<ScenarioResult> {
  if (name === 'stress') return stress(run, settings);
  if (name === 'spike') return spike(run, settings);
  return steady(name, run, settings);
}

/** Runs `smoke`, `load` or `soak`. These differ in their defaults and in their checks. */
async function steady(name: ScenarioName, run: Run, settings: Settings): Promise<ScenarioResult> {
  await warmUp(run, settings);
  const { loadLevel, durationMs } = settings;
  return { checkedPhases: [await run.phase({ name, loadLevel, durationMs, counted: true })] };
}

async function stress(run: Run, settings: Settings): Promise<ScenarioResult> {
  await warmUp(run, settings);
  const steps: (Step & { p99: number | null })[] = [];
  const results = new Map<number, PhaseResult>();
  const attempt = async (rate: number) => {
    const name = `${rate}/s`;
    const loadLevel = { rate };
    // A change of the rate disturbs the latency, so the first quarter is not counted.
    await run.phase({ name, loadLevel, durationMs: settings.stepMs / 4, counted: false });
    const result = await run.phase({ name, loadLevel, durationMs: settings.stepMs, counted: true });
    const met = meetsObjective(result, rate, settings.objectiveMs);
    const step = { rate, met, p99: result.latency?.p99 ?? null };
    steps.push(step);
    if (met) results.set(rate, result);
    else await new Promise((resolve) => setTimeout(resolve, Math.min(MAX_REST_MS, settings.stepMs / 4)));
    return step;
  };
  const start = 'rate' in settings.loadLevel ? settings.loadLevel.rate : 1;
  const rate = await findKnee(attempt, { start, precision: KNEE_PRECISION, maxRate: MAX_RATE, signal: run.signal });
  const atKnee = rate === null ? undefined : results.get(rate);
  return { checkedPhases: atKnee === undefined ? [] : [atKnee], knee: { rate, steps } };
}

function meetsObjective(result: PhaseResult, rate: number, objectiveMs: number): boolean {
  const { latency, failed, answered, perSecond } = result;
  return (
    latency !== null &&
    latency.p99 <= objectiveMs &&
    failed <= (failed + answered) * MAX_ERROR_SHARE &&
    perSecond >= rate * MIN_ANSWERED_SHARE
  );
}

async function spike(run: Run, settings: Settings): Promise<ScenarioResult> {
  await warmUp(run, settings);
  const { loadLevel, durationMs, factor } = settings;
  const higher =
    'rate' in loadLevel
      ? { rate: loadLevel.rate * factor }
      : { connections: Math.round(loadLevel.connections * factor) };
  const part = (name: keyof typeof spikeShares, loadLevel: LoadLevel) =>
    run.phase({ name, loadLevel, durationMs: durationMs * spikeShares[name], counted: true });
  const checkedPhases = [await part('before', loadLevel), await part('spike', higher), await part('after', loadLevel)];
  return { checkedPhases, recovery: recoverySeconds(checkedPhases, run.timeline) };
}

async function warmUp(run: Run, { loadLevel, warmUpMs }: Settings): Promise<void> {
  if (warmUpMs > 0) await run.phase({ name: 'warm-up', loadLevel, durationMs: warmUpMs, counted: false });
}

/**
 * Returns the time that the service needed to be as fast as before the spike. The time ends with the last window that
 * had a failed request, or a p99 above twice the p99 before the spike.
 *
 * @returns `seconds` is `null` if the service was still slow at the end, or if no latency before the spike is known
 */
function recoverySeconds(
  [before, , after]: readonly PhaseResult[],
  timeline: readonly TimelineRow[],
): { seconds: number | null; limitMs: number } {
  const limitMs = Math.max(MIN_RECOVERED_LIMIT_MS, RECOVERED_FACTOR * (before?.latency?.p99 ?? 0));
  const windows = timeline.filter(({ phase }) => phase === after?.name);
  if (after === undefined || before?.latency == null || windows.length === 0) return { seconds: null, limitMs };
  const lastSlow = windows.findLastIndex(
    ({ failed, latency }) => failed > 0 || (latency !== null && latency.p99 > limitMs),
  );
  if (lastSlow === -1) return { seconds: 0, limitMs };
  if (lastSlow === windows.length - 1) return { seconds: null, limitMs };
  return { seconds: windows[lastSlow]!.seconds - after.from, limitMs };
}
