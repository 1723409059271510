import type { Pressure } from '../generator/generator.ts';
import { findKnee, type Step } from './knee.ts';
import { recoverySeconds } from './recovery.ts';
import type { PhaseResult, Run } from './run.ts';

export const scenarioNames = ['smoke', 'load', 'stress', 'spike', 'soak'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What a scenario takes from the command line, with its defaults filled in. */
export interface Settings {
  readonly pressure: Pressure;
  readonly durationMs: number;
  readonly warmUpMs: number;
  /** Of `stress`: how long each rate is held. */
  readonly stepMs: number;
  /** Of `stress`: what the 99th percentile may be at the knee. */
  readonly objectiveMs: number;
  /** Of `spike`: by how much the rate rises. */
  readonly factor: number;
}

/** What a scenario found beyond what it counted. */
export interface Findings {
  /** The phases that thresholds look at. */
  readonly judged: readonly PhaseResult[];
  readonly knee?: { readonly rate: number | null; readonly steps: readonly (Step & { readonly p99: number | null })[] };
  readonly recovery?: { readonly seconds: number | null; readonly limitMs: number };
}

const mostErrorsInStep = 0.001;
const leastAnsweredInStep = 0.97;
const mostRate = 100_000;
const precision = 1.05;
const longestRestMs = 500;
/** Of a spike scenario: the shares of its time before, in and after the spike. */
const spikeParts = { before: 0.25, spike: 0.25, after: 0.5 } as const;

/** Runs a scenario to its end, or until the run is stopped. */
export function runScenario(name: ScenarioName, run: Run, settings: Settings): Promise<Findings> {
  if (name === 'stress') return stress(run, settings);
  if (name === 'spike') return spike(run, settings);
  return steady(name, run, settings);
}

/** `smoke`, `load` and `soak` differ in their defaults and in how they are judged. */
async function steady(name: ScenarioName, run: Run, settings: Settings): Promise<Findings> {
  await warmUp(run, settings);
  const { pressure, durationMs } = settings;
  return { judged: [await run.phase({ name, pressure, durationMs, counts: true })] };
}

async function stress(run: Run, settings: Settings): Promise<Findings> {
  await warmUp(run, settings);
  const steps: (Step & { p99: number | null })[] = [];
  const results = new Map<number, PhaseResult>();
  const attempt = async (rate: number) => {
    const name = `${rate}/s`;
    const pressure = { rate };
    // The first part settles what the change of rate stirred up.
    await run.phase({ name, pressure, durationMs: settings.stepMs / 4, counts: false });
    const result = await run.phase({ name, pressure, durationMs: settings.stepMs, counts: true });
    const met = meetsObjective(result, rate, settings.objectiveMs);
    const step = { rate, met, p99: result.latency?.p99 ?? null };
    steps.push(step);
    if (met) results.set(rate, result);
    else await new Promise((resolve) => setTimeout(resolve, Math.min(longestRestMs, settings.stepMs / 4)));
    return step;
  };
  const start = 'rate' in settings.pressure ? settings.pressure.rate : 1;
  const rate = await findKnee(attempt, { start, precision, most: mostRate, signal: run.signal });
  const atKnee = rate === null ? undefined : results.get(rate);
  return { judged: atKnee === undefined ? [] : [atKnee], knee: { rate, steps } };
}

function meetsObjective(result: PhaseResult, rate: number, objectiveMs: number): boolean {
  const { latency, failed, answered, perSecond } = result;
  return (
    latency !== null &&
    latency.p99 <= objectiveMs &&
    failed <= (failed + answered) * mostErrorsInStep &&
    perSecond >= rate * leastAnsweredInStep
  );
}

async function spike(run: Run, settings: Settings): Promise<Findings> {
  await warmUp(run, settings);
  const { pressure, durationMs, factor } = settings;
  const higher =
    'rate' in pressure ? { rate: pressure.rate * factor } : { connections: Math.round(pressure.connections * factor) };
  const part = (name: keyof typeof spikeParts, pressure: Pressure) =>
    run.phase({ name, pressure, durationMs: durationMs * spikeParts[name], counts: true });
  const judged = [await part('before', pressure), await part('spike', higher), await part('after', pressure)];
  return { judged, recovery: recoverySeconds(judged, run.timeline) };
}

async function warmUp(run: Run, { pressure, warmUpMs }: Settings): Promise<void> {
  if (warmUpMs > 0) await run.phase({ name: 'warm-up', pressure, durationMs: warmUpMs, counts: false });
}
