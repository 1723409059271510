import { requireOneOf, UsageError } from '../../src/cli/usage.ts';
import type { LoadLevel } from './generator/outcome.ts';
import {
  parseDuration,
  parseErrorLimit,
  parseFactor,
  parseRate,
  parseShare,
  parseUrl,
  parseWhole,
} from './scenarios/quantities.ts';
import { SCENARIO_NAMES, type ScenarioName, type Settings } from './scenarios/scenarios.ts';
import type { Thresholds } from './scenarios/thresholds.ts';

const OPTIONS = [
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
  'baseline',
] as const;

/** The options of the command line, as text. */
export interface LoadArguments {
  readonly values: { readonly [option in (typeof OPTIONS)[number]]?: string | undefined };
}

const METRICS_PORT = '9464';
const DEFAULT_MAX_CONNECTIONS = 100;
const DEFAULT_OBJECTIVE_MS = 25;
/** The factor between the requested rate and the minimum rate: the average must reach the minimum. */
const RATE_MARGIN = 1.05;

const defaultDurationsMs: Readonly<Record<ScenarioName, number>> = {
  smoke: 10_000,
  load: 60_000,
  stress: 10_000,
  spike: 60_000,
  soak: 600_000,
};
const defaultRates: Readonly<Record<ScenarioName, number>> = {
  smoke: 20,
  load: 100,
  stress: 50,
  spike: 100,
  soak: 100,
};
const SOAK_WARM_UP_MS = 60_000;
const MAX_WARM_UP_MS = 10_000;

/** The options of a single scenario. With another scenario they are an error, since they would have no effect. */
const scenarioOfOption: Readonly<Record<string, ScenarioName>> = {
  factor: 'spike',
  'max-recovery': 'spike',
  step: 'stress',
};

/**
 * Parses and checks the options of the command.
 *
 * @throws {UsageError} for the first invalid option
 */
export function loadArguments(scenarioName: string | undefined, values: LoadArguments['values']) {
  const scenario = requireOneOf('scenario', scenarioName ?? 'load', SCENARIO_NAMES);
  for (const [option, only] of Object.entries(scenarioOfOption)) {
    if (values[option as keyof typeof values] !== undefined && scenario !== only) {
      throw new UsageError(`--${option} belongs to the scenario ${only}; the scenario is ${scenario}`);
    }
  }
  if (values.target === undefined)
    throw new UsageError('--target is missing; allowed: an address such as http://localhost:3000');
  const target = parseUrl('target', values.target);
  const thresholds = readThresholds(scenario, values);
  return {
    scenario,
    target,
    metrics: values.metrics === undefined ? defaultMetrics(target) : parseUrl('metrics', values.metrics),
    settings: readSettings(scenario, values, thresholds),
    thresholds,
    timeoutMs: parseDuration('timeout', values.timeout ?? '5s'),
    maxConnections:
      values.connections === undefined
        ? DEFAULT_MAX_CONNECTIONS
        : parseWhole('connections', values.connections, 1, 10_000),
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
    throw new UsageError('--duration does not belong to stress, which ends when the knee is found; use --step');
  }
  const durationMs =
    values.duration === undefined ? defaultDurationsMs[scenario] : parseDuration('duration', values.duration);
  const stepMs = parseDuration('step', values.step ?? '10s');
  return {
    loadLevel: readLoadLevel(scenario, values, thresholds),
    durationMs,
    warmUpMs: readWarmUp(scenario, values, durationMs),
    stepMs,
    objectiveMs: thresholds.maxP99Ms ?? DEFAULT_OBJECTIVE_MS,
    factor: parseFactor('factor', values.factor ?? '5'),
  };
}

function readLoadLevel(scenario: ScenarioName, values: LoadArguments['values'], thresholds: Thresholds): LoadLevel {
  if (values.rate !== undefined) return { rate: parseRate('rate', values.rate) };
  if (values.connections !== undefined) {
    if (scenario === 'stress') {
      throw new UsageError('--connections alone is a closed loop, and stress searches for a rate; use --rate as well');
    }
    return { connections: parseWhole('connections', values.connections, 1, 10_000) };
  }
  const minRate = scenario === 'stress' ? 0 : (thresholds.minPerSecond ?? 0) * RATE_MARGIN;
  return { rate: Math.max(defaultRates[scenario], minRate) };
}

function readWarmUp(scenario: ScenarioName, values: LoadArguments['values'], durationMs: number): number {
  if (values['warm-up'] === '0') return 0;
  if (values['warm-up'] !== undefined) return parseDuration('warm-up', values['warm-up']);
  return scenario === 'soak' ? Math.min(SOAK_WARM_UP_MS, durationMs / 4) : Math.min(MAX_WARM_UP_MS, durationMs / 10);
}

function defaultMetrics(target: URL): URL {
  const metrics = new URL('/metrics', target);
  metrics.protocol = 'http:';
  metrics.port = METRICS_PORT;
  return metrics;
}
