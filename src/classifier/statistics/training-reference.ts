/** The properties of a text that are watched for drift. */
export const DRIFT_FEATURES = ['label', 'confidence', 'characters', 'unknown_ratio'] as const;
export type DriftFeature = (typeof DRIFT_FEATURES)[number];

/** The share of the training texts in each bin, by feature and bin name. The shares of one feature have a sum of 1. */
export type Reference = Readonly<Record<DriftFeature, Readonly<Record<string, number>>>>;

/** The properties of one scored text that drift and anomalies look at. */
export interface Observation {
  /** The predicted label. */
  readonly label: string;
  /** The probability of the predicted label, from 0 to 1. */
  readonly confidence: number;
  /** The length of the text, in UTF-16 code units. */
  readonly characters: number;
  /** The share of unknown words, from 0 to 1. */
  readonly unknownRatio: number;
  /** True if the text hides letters. Drift does not look at it. */
  readonly isObfuscated?: boolean;
}

interface Bins {
  /** The lowest value of each bin except the first. */
  readonly edges: readonly number[];
  readonly names: readonly string[];
}

const TENTHS = ['0.0', '0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '0.7', '0.8', '0.9', '1.0'];

const confidenceBins: Bins = {
  edges: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  names: TENTHS.slice(0, -1).map((from, at) => `${from}-${TENTHS[at + 1]}`),
};

const characterBins: Bins = {
  edges: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
  names: [
    '0-15',
    '16-31',
    '32-63',
    '64-127',
    '128-255',
    '256-511',
    '512-1023',
    '1024-2047',
    '2048-4095',
    '4096-8191',
    '8192+',
  ],
};

const unknownRatioBins: Bins = {
  edges: [Number.MIN_VALUE, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1],
  names: ['0.00', '0.00-0.05', '0.05-0.10', '0.10-0.20', '0.20-0.40', '0.40-0.60', '0.60-0.80', '0.80-1.00', '1.00'],
};

const numericBins = { confidence: confidenceBins, characters: characterBins, unknown_ratio: unknownRatioBins } as const;
type NumericFeature = keyof typeof numericBins;

/** Returns the names of a feature's bins, in order. The bins of `label` are the model's labels. */
export function binNames(feature: DriftFeature, labels: readonly string[]): readonly string[] {
  return feature === 'label' ? labels : numericBins[feature].names;
}

/** Returns the name of the bin of a value. */
export function binName(feature: NumericFeature, value: number): string {
  return numericBins[feature].names[binIndex(feature, value)]!;
}

/** Returns the index of the bin of a value, in the order of `binNames`. */
export function binIndex(feature: NumericFeature, value: number): number {
  const { edges } = numericBins[feature];
  let bin = 0;
  while (bin < edges.length && value >= edges[bin]!) bin += 1;
  return bin;
}

/** Builds the reference: the distribution of the observations over all bins, with 0 for empty bins. */
export function buildReference(observations: readonly Observation[], labels: readonly string[]): Reference {
  const computeShares = (feature: DriftFeature, bins: readonly string[]) => {
    const counts = new Map(binNames(feature, labels).map((name) => [name, 0]));
    for (const bin of bins) counts.set(bin, (counts.get(bin) ?? 0) + 1);
    return Object.fromEntries([...counts].map(([name, count]) => [name, count / Math.max(1, observations.length)]));
  };
  const computeNumericShares = (feature: NumericFeature, measure: (observation: Observation) => number) =>
    computeShares(
      feature,
      observations.map((observation) => binName(feature, measure(observation))),
    );
  return {
    label: computeShares(
      'label',
      observations.map(({ label }) => label),
    ),
    confidence: computeNumericShares('confidence', ({ confidence }) => confidence),
    characters: computeNumericShares('characters', ({ characters }) => characters),
    unknown_ratio: computeNumericShares('unknown_ratio', ({ unknownRatio }) => unknownRatio),
  };
}
