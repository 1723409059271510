import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../../../src/cli/usage.ts';
import { estimateRatio } from './ratio.ts';
import { type Check, format } from './thresholds.ts';

const latency = z.object({ p50: z.number(), p99: z.number() }).nullable();

const baselineSchema = z.object({
  format: z.literal(2),
  scenario: z.string(),
  started: z.string(),
  settings: z.object({ loadLevel: z.record(z.string(), z.number()), model: z.string().nullable() }),
  data: z.object({ name: z.string(), texts: z.number() }),
  checkedPhases: z.array(z.object({ name: z.string() })).readonly(),
  knee: z.object({ rate: z.number().nullable() }).nullable(),
  machine: z.object({ cpu: z.string(), cores: z.number(), node: z.string() }).optional(),
  timeline: z
    .array(z.object({ phase: z.string(), answered: z.number(), windowSeconds: z.number(), latency }))
    .readonly(),
});

/** An earlier result. */
export type Baseline = z.infer<typeof baselineSchema> & { readonly file: string };

/** The parts of a new result that are compared. */
type Measured = Pick<Baseline, 'settings' | 'data' | 'checkedPhases' | 'knee' | 'timeline'> & {
  readonly machine: NonNullable<Baseline['machine']>;
};

/** The comparison of a quantity with its earlier value. */
export interface Change {
  readonly quantity: string;
  readonly unit: 'ms' | '/s';
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
  readonly interval: readonly [lower: number, upper: number] | null;
  /** `unsure`: the noise of the two runs is too large for a verdict. */
  readonly verdict: 'better' | 'same' | 'worse' | 'unsure';
}

/** The comparison of a result with a baseline. */
export interface Comparison {
  readonly file: string;
  readonly started: string;
  readonly changes: readonly Change[];
  /** Sentences about conditions that differ between the runs. */
  readonly differences: readonly string[];
}

/** A change up to this share is not reported as one: two runs of the same service differ by as much. */
const TOLERANCE = 0.1;
/**
 * Neighbouring windows resemble each other, which would make the interval too narrow. So the windows are put together to at
 * most this number of blocks.
 */
const MAX_BLOCKS = 20;

/**
 * Reads the JSON file of an earlier run.
 *
 * @throws {UsageError} if the file cannot be read, or is not one of this scenario
 */
export async function readBaseline(file: string, scenario: string): Promise<Baseline> {
  const refuse = (problem: string) =>
    new UsageError(`--baseline is ${JSON.stringify(file)}; ${problem}; allowed: the JSON file of an earlier run`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw refuse(error instanceof SyntaxError ? 'it is not JSON' : `it cannot be read: ${(error as Error).message}`);
  }
  const { data } = baselineSchema.safeParse(value);
  if (data === undefined) throw refuse('it is not a result of this version of the command');
  if (data.scenario !== scenario) throw refuse(`it is one of ${data.scenario}, and this is ${scenario}`);
  return { ...data, file };
}

/** Compares a result with an earlier one: the latency of each phase, the throughput of a closed loop, and the knee. */
export function compareWithBaseline(baseline: Baseline, result: Measured): Comparison {
  const isClosed = 'connections' in result.settings.loadLevel;
  const phases = result.knee === null ? result.checkedPhases.map(({ name }) => name) : [];
  const changes = phases
    .filter((phase) => baseline.checkedPhases.some(({ name }) => name === phase))
    .flatMap((phase) => [
      latencyChange(phase, 'p50', baseline, result),
      latencyChange(phase, 'p99', baseline, result),
      ...(isClosed ? [throughputChange(phase, baseline, result)] : []),
    ]);
  return {
    file: baseline.file,
    started: baseline.started,
    changes: [...changes, kneeChange(baseline, result)].filter((change) => change !== undefined),
    differences: differencesOf(baseline, result),
  };
}

/** Returns a check for each change: it fails if the service has become worse, beyond the noise. */
export function baselineChecks({ changes }: Comparison): Check[] {
  return changes.map(({ quantity, unit, before, after, ratio, verdict }) => {
    const value = `${format(after)} ${unit}, ${format(ratio)} times ${format(before)} ${unit}`.replaceAll(' /s', '/s');
    const name = `${quantity} against the baseline`;
    return {
      name,
      limit: 'not worse',
      value: `${value}: ${wordOf(verdict)}`,
      passed: verdict !== 'worse',
      ...(verdict === 'unsure' && { undecided: true as const }),
      message: `${name} is ${value}: ${wordOf(verdict)}`,
    };
  });
}

/** Returns a verdict in words for people. */
export function wordOf(verdict: Change['verdict']): string {
  return verdict === 'unsure' ? 'no verdict' : verdict;
}

type Window = Baseline['timeline'][number];
type Timeline = Pick<Baseline, 'timeline'>;

function latencyChange(phase: string, percentile: 'p50' | 'p99', before: Timeline, after: Timeline) {
  return phaseChange(percentile, phase, 'ms', before, after, ({ latency }) => latency?.[percentile]);
}

function throughputChange(phase: string, before: Timeline, after: Timeline) {
  return phaseChange(
    'throughput',
    phase,
    '/s',
    before,
    after,
    ({ answered, windowSeconds }) => answered / windowSeconds,
  );
}

function phaseChange(
  quantity: string,
  phase: string,
  unit: Change['unit'],
  before: Timeline,
  after: Timeline,
  measure: (window: Window) => number | undefined,
): Change | undefined {
  const blocks = ({ timeline }: Timeline) =>
    blocksOf(
      timeline
        .filter((window) => window.phase === phase)
        .map(measure)
        .filter((value) => value !== undefined),
    );
  return change(`${quantity} of ${phase}`, unit, blocks(before), blocks(after));
}

function kneeChange(baseline: Baseline, { knee }: Measured): Change | undefined {
  const [before, after] = [baseline.knee?.rate, knee?.rate];
  return before == null || after == null ? undefined : change('knee', '/s', [before], [after]);
}

function change(quantity: string, unit: Change['unit'], before: number[], after: number[]): Change | undefined {
  const estimate = estimateRatio(before, after);
  if (estimate === null) return undefined;
  // A single value, the knee, has the precision of its search.
  const interval =
    estimate.interval ?? (after.length === 1 ? ([estimate.ratio / 1.1, estimate.ratio * 1.1] as const) : null);
  const verdict = verdictOf(interval, unit === '/s');
  return { quantity, unit, before: median(before), after: median(after), ratio: estimate.ratio, interval, verdict };
}

function verdictOf(interval: Change['interval'], isMoreBetter: boolean): Change['verdict'] {
  if (interval === null) return 'unsure';
  const [lower, upper] = interval;
  if (lower > 1 + TOLERANCE) return isMoreBetter ? 'better' : 'worse';
  if (upper < 1 / (1 + TOLERANCE)) return isMoreBetter ? 'worse' : 'better';
  return lower >= 1 / (1 + TOLERANCE) && upper <= 1 + TOLERANCE ? 'same' : 'unsure';
}

/** Returns the medians of at most `MAX_BLOCKS` blocks of neighbouring values. */
function blocksOf(values: readonly number[]): number[] {
  const blocks = Math.min(MAX_BLOCKS, values.length);
  return Array.from({ length: blocks }, (_, at) =>
    median(values.slice(Math.floor((at * values.length) / blocks), Math.floor(((at + 1) * values.length) / blocks))),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function differencesOf({ settings, data, machine }: Baseline, result: Measured): string[] {
  const pairs: [name: string, before: unknown, after: unknown][] = [
    ['load', settings.loadLevel, result.settings.loadLevel],
    ['model', settings.model, result.settings.model],
    ['data', `${data.texts} of ${data.name}`, `${result.data.texts} of ${result.data.name}`],
    [
      'machine',
      machine && `${machine.cpu}, ${machine.cores} cores`,
      `${result.machine.cpu}, ${result.machine.cores} cores`,
    ],
    ['Node', machine?.node, result.machine.node],
  ];
  return pairs
    .map(([name, before, after]) => [name, JSON.stringify(before) ?? 'unknown', JSON.stringify(after)] as const)
    .filter(([, before, after]) => before !== after)
    .map(([name, before, after]) => `The baseline has another ${name}: ${before}, and this run has ${after}.`);
}
