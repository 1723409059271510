import { requireOneOf, UsageError } from '../../src/cli/usage.ts';
import type { Pressure } from './generator/generator.ts';
import {
  parseDuration,
  parseErrorLimit,
  parseFactor,
  parseRate,
  parseShare,
  parseUrl,
  parseWhole,
} from './scenarios/quantities.ts';
import { type ScenarioName, type Settings, scenarioNames } from './scenarios/scenarios.ts';
import type { Thresholds } from './scenarios/thresholds.ts';

const options = [
  'target',
  'data',
  'model',
  'token-file',
  'timeout',
  'rate',
  'connections',
  'duration',
  'warm-up',
  'step',
  'factor',
  'max-p99',
  'min-rps',
  'max-errors',
  'min-accuracy',
  'max-recovery',
  'metrics',
] as const;

/** What the command line says, as text. */
export interface LoadArguments {
  readonly values: { readonly [option in (typeof options)[number]]?: string | undefined };
}

const metricsPort = '9464';
const mostConnections = 100;
const objectiveMs = 25;
/** A rate that is to be reached on average must be asked for with some to spare. */
const spare = 1.05;

const durations: Readonly<Record<ScenarioName, number>> = {
  smoke: 10_000,
  load: 60_000,
  stress: 10_000,
  spike: 60_000,
  soak: 600_000,
};
const rates: Readonly<Record<ScenarioName, number>> = { smoke: 20, load: 100, stress: 50, spike: 100, soak: 100 };
const soakWarmUpMs = 60_000;
const longestWarmUpMs = 10_000;

/** Options that belong to one scenario; elsewhere they would be ignored, so they are refused. */
const belongsTo: Readonly<Record<string, ScenarioName>> = { factor: 'spike', 'max-recovery': 'spike', step: 'stress' };

/**
 * Reads and checks the options of the command.
 *
 * @throws UsageError for the first that cannot be used
 */
export function loadArguments(scenarioName: string | undefined, values: LoadArguments['values']) {
  const scenario = requireOneOf('scenario', scenarioName ?? 'load', scenarioNames);
  for (const [option, only] of Object.entries(belongsTo)) {
    if (values[option as keyof typeof values] !== undefined && scenario !== only) {
      throw new UsageError(`--${option} belongs to the scenario ${only}, and this is ${scenario}`);
    }
  }
  if (values.target === undefined)
    throw new UsageError('--target is missing; allowed: an address such as http://localhost:3000');
  const target = parseUrl('target', values.target);
  const thresholds = readThresholds(scenario, values);
  return {
    scenario,
    target,
    metrics: values.metrics === undefined ? guessMetrics(target) : parseUrl('metrics', values.metrics),
    settings: readSettings(scenario, values, thresholds),
    thresholds,
    timeoutMs: parseDuration('timeout', values.timeout ?? '5s'),
    mostConnections:
      values.connections === undefined ? mostConnections : parseWhole('connections', values.connections, 1, 10_000),
  };
}

function readThresholds(scenario: ScenarioName, values: LoadArguments['values']): Thresholds {
  const errors = values['max-errors'] ?? (scenario === 'stress' ? undefined : '0');
  return {
    ...(values['max-p99'] !== undefined && { maxP99Ms: parseDuration('max-p99', values['max-p99']) }),
    ...(values['min-rps'] !== undefined && { minPerSecond: parseRate('min-rps', values['min-rps']) }),
    ...(errors !== undefined && { maxErrors: parseErrorLimit('max-errors', errors) }),
    ...(values['min-accuracy'] !== undefined && { minAccuracy: parseShare('min-accuracy', values['min-accuracy']) }),
    ...(values['max-recovery'] !== undefined && {
      maxRecoveryMs: parseDuration('max-recovery', values['max-recovery']),
    }),
  };
}

function readSettings(scenario: ScenarioName, values: LoadArguments['values'], thresholds: Thresholds): Settings {
  if (scenario === 'stress' && values.duration !== undefined) {
    throw new UsageError('--duration does not belong to stress, which ends when it has found the knee; --step does');
  }
  const durationMs = values.duration === undefined ? durations[scenario] : parseDuration('duration', values.duration);
  const stepMs = parseDuration('step', values.step ?? '10s');
  return {
    pressure: readPressure(scenario, values, thresholds),
    durationMs,
    warmUpMs: readWarmUp(scenario, values, durationMs),
    stepMs,
    objectiveMs: thresholds.maxP99Ms ?? objectiveMs,
    factor: parseFactor('factor', values.factor ?? '5'),
  };
}

function readPressure(scenario: ScenarioName, values: LoadArguments['values'], thresholds: Thresholds): Pressure {
  if (values.rate !== undefined) return { rate: parseRate('rate', values.rate) };
  if (values.connections !== undefined) {
    if (scenario === 'stress') {
      throw new UsageError('--connections alone is a closed loop, and stress searches a rate; allowed: with --rate');
    }
    return { connections: parseWhole('connections', values.connections, 1, 10_000) };
  }
  const wanted = scenario === 'stress' ? 0 : (thresholds.minPerSecond ?? 0) * spare;
  return { rate: Math.max(rates[scenario], wanted) };
}

function readWarmUp(scenario: ScenarioName, values: LoadArguments['values'], durationMs: number): number {
  if (values['warm-up'] === '0') return 0;
  if (values['warm-up'] !== undefined) return parseDuration('warm-up', values['warm-up']);
  return scenario === 'soak' ? Math.min(soakWarmUpMs, durationMs / 4) : Math.min(longestWarmUpMs, durationMs / 10);
}

function guessMetrics(target: URL): URL {
  const metrics = new URL('/metrics', target);
  metrics.protocol = 'http:';
  metrics.port = metricsPort;
  return metrics;
}
