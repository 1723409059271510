import { type Point, type Trend, theilSen } from './trend.ts';

/** The verdict on the growth of a quantity. */
export interface GrowthVerdict {
  /** The name of the quantity, such as `memory`. */
  readonly quantity: string;
  readonly verdict: 'leak' | 'steady' | 'unsure';
  /** A sentence for people that gives the reason. */
  readonly reason: string;
  /** The trend of the lower edge, in bytes per second. */
  readonly trend: Trend | null;
}

/** A measurement of the memory of the service. */
export interface MemorySample {
  /** The time since the start of the run. */
  readonly seconds: number;
  readonly bytes: number;
  /** The number of major garbage collections so far; missing if the metrics of the service do not hold it. */
  readonly majorCollections?: number;
}

const MIN_SAMPLES = 24;
const MAX_BLOCKS = 40;
const MIN_SAMPLES_PER_BLOCK = 2;
const MIN_MAJOR_COLLECTIONS = 3;
/** Growth over the run, as a share of the level and in bytes, up to which nobody would act even on a certain trend. */
const NEGLIGIBLE_SHARE = 0.05;
const NEGLIGIBLE_BYTES = 2 * 1_048_576;

/**
 * Looks for a leak in the memory of a process under steady load.
 *
 * Garbage collection makes memory a sawtooth; a leak raises its lower edge. So the run is cut into blocks of equal
 * length, and the minimum of each block is used. A process that warms up grows as well, but ever slower. So growth is a
 * leak only if the second half of the run alone grows, too. If the service reports its major collections, at least
 * three of them are needed for a verdict: before, growth may be garbage that is not collected yet.
 *
 * @param quantity the name of the quantity, for messages
 * @param maxGarbageShare the share by which garbage alone may raise the level. A leak makes major collections rare,
 * since V8 waits for a multiple of the memory that it kept. Growth beyond this share needs no collections for a
 * verdict.
 */
export function findLeak(
  quantity: string,
  samples: readonly MemorySample[],
  maxGarbageShare = Infinity,
): GrowthVerdict {
  if (samples.length < MIN_SAMPLES) {
    const reason = `${samples.length} samples of ${quantity} are too few: ${MIN_SAMPLES} are needed, so run longer`;
    return unsure(quantity, reason);
  }
  const minima = lowerEdge(samples);
  const span = samples.at(-1)!.seconds - samples[0]!.seconds;
  const level = minima[minima.length >> 1]![1];
  const trend = theilSen(minima);
  const late = theilSen(minima.slice(minima.length >> 1));
  if (trend === null || late === null) return unsure(quantity, `the samples of ${quantity} are too close together`);

  const growth = trend.slope * span;
  const conclude = (verdict: GrowthVerdict['verdict'], reason: string) => ({ quantity, verdict, reason, trend });
  const numbers = `${quantity} changes by ${perMinute(trend.slope)} (95 % interval ${perMinute(trend.lower)} to ${perMinute(trend.upper)})`;
  if (trend.lower <= 0) return conclude('steady', numbers);

  const collections = (samples.at(-1)!.majorCollections ?? NaN) - (samples[0]!.majorCollections ?? NaN);
  if (collections < MIN_MAJOR_COLLECTIONS && growth <= minima[0]![1] * maxGarbageShare) {
    return conclude(
      'unsure',
      `${numbers}, but there were only ${collections} major collections: this may be garbage, so run longer`,
    );
  }
  if (growth <= Math.max(NEGLIGIBLE_BYTES, level * NEGLIGIBLE_SHARE)) {
    return conclude('steady', `${numbers}: ${mebibytes(growth)} in this run, too little to act on`);
  }
  if (late.lower <= 0 || late.slope < trend.slope / 4) {
    return conclude('unsure', `${numbers}, but the second half alone does not show it: a warm-up, or too short a run`);
  }
  return conclude('leak', `${numbers}, in the second half as well: ${mebibytes(growth)} in this run`);
}

function lowerEdge(samples: readonly MemorySample[]): Point[] {
  const blocks = Math.min(MAX_BLOCKS, Math.floor(samples.length / MIN_SAMPLES_PER_BLOCK));
  return Array.from({ length: blocks }, (_, block) => {
    const from = Math.floor((block * samples.length) / blocks);
    const to = Math.floor(((block + 1) * samples.length) / blocks);
    const lowest = samples.slice(from, to).reduce((lowest, sample) => (sample.bytes < lowest.bytes ? sample : lowest));
    return [lowest.seconds, lowest.bytes];
  });
}

function unsure(quantity: string, reason: string): GrowthVerdict {
  return { quantity, verdict: 'unsure', reason, trend: null };
}

function perMinute(bytesPerSecond: number): string {
  return `${mebibytes(bytesPerSecond * 60)} a minute`;
}

function mebibytes(bytes: number): string {
  return `${bytes < 0 ? '' : '+'}${(bytes / 1_048_576).toFixed(2)} MiB`;
}
