import { type Point, type Trend, theilSen } from './trend.ts';

/** Whether something grows without end. */
export interface GrowthVerdict {
  /** What was looked at. */
  readonly what: string;
  readonly verdict: 'leak' | 'steady' | 'unsure';
  /** A sentence that says why. */
  readonly reason: string;
  /** Bytes a second, of what remains after each collection. */
  readonly trend: Trend | null;
}

export interface MemorySample {
  /** Since the start of the run. */
  readonly seconds: number;
  readonly bytes: number;
  /** How many major garbage collections the service has made; missing where its metrics do not tell. */
  readonly majorCollections?: number;
}

const fewestSamples = 24;
const mostBlocks = 40;
const samplesPerBlock = 2;
const fewestCollections = 3;
/** Below such a growth over the whole run, in share of the level and in bytes, nobody would act, however sure it is. */
const negligibleShare = 0.05;
const negligibleBytes = 2 * 1_048_576;

/**
 * Looks for a leak in the memory of a process under steady load.
 *
 * Garbage collection makes memory a sawtooth; a leak raises its lower edge. So the run is cut into blocks of equal length, and
 * the least value of each is looked at. A process that warms up grows as well, but ever slower: it is a leak only if the second
 * half alone still grows, too. Where the service tells of its major collections, fewer than three of them allow no verdict:
 * what looks like growth may be garbage that nobody has collected yet.
 *
 * @param mostGarbage the share by which garbage alone may let the level rise. A leak makes major collections rare, since V8
 * waits for a multiple of what it kept; growth beyond this share is judged without them.
 */
export function findLeak(what: string, samples: readonly MemorySample[], mostGarbage = Infinity): GrowthVerdict {
  if (samples.length < fewestSamples) {
    return unsure(what, `${samples.length} samples of ${what} are too few: ${fewestSamples} are needed, so run longer`);
  }
  const minima = lowerEdge(samples);
  const span = samples.at(-1)!.seconds - samples[0]!.seconds;
  const level = minima[minima.length >> 1]![1];
  const trend = theilSen(minima);
  const late = theilSen(minima.slice(minima.length >> 1));
  if (trend === null || late === null) return unsure(what, `the samples of ${what} are too close together`);

  const growth = trend.slope * span;
  const judged = (verdict: GrowthVerdict['verdict'], reason: string) => ({ what, verdict, reason, trend });
  const numbers = `${what} changes by ${perMinute(trend.slope)} (95 % interval ${perMinute(trend.lower)} to ${perMinute(trend.upper)})`;
  if (trend.lower <= 0) return judged('steady', numbers);

  const collections = (samples.at(-1)!.majorCollections ?? NaN) - (samples[0]!.majorCollections ?? NaN);
  if (collections < fewestCollections && growth <= minima[0]![1] * mostGarbage) {
    return judged(
      'unsure',
      `${numbers}, but it made only ${collections} major collections: this may be garbage, so run longer`,
    );
  }
  if (growth <= Math.max(negligibleBytes, level * negligibleShare)) {
    return judged('steady', `${numbers}: ${mebibytes(growth)} in this run, too little to act on`);
  }
  if (late.lower <= 0 || late.slope < trend.slope / 4) {
    return judged('unsure', `${numbers}, but the second half alone does not show it: a warm-up, or too short a run`);
  }
  return judged('leak', `${numbers}, in the second half as well: ${mebibytes(growth)} in this run`);
}

function lowerEdge(samples: readonly MemorySample[]): Point[] {
  const blocks = Math.min(mostBlocks, Math.floor(samples.length / samplesPerBlock));
  return Array.from({ length: blocks }, (_, block) => {
    const from = Math.floor((block * samples.length) / blocks);
    const to = Math.floor(((block + 1) * samples.length) / blocks);
    const least = samples.slice(from, to).reduce((least, sample) => (sample.bytes < least.bytes ? sample : least));
    return [least.seconds, least.bytes];
  });
}

function unsure(what: string, reason: string): GrowthVerdict {
  return { what, verdict: 'unsure', reason, trend: null };
}

function perMinute(bytesPerSecond: number): string {
  return `${mebibytes(bytesPerSecond * 60)} a minute`;
}

function mebibytes(bytes: number): string {
  return `${bytes < 0 ? '' : '+'}${(bytes / 1_048_576).toFixed(2)} MiB`;
}
