/** What is watched for drift. */
export const DRIFT_FEATURES = ['label', 'confidence', 'characters', 'unknown_ratio'] as const;
export type DriftFeature = (typeof DRIFT_FEATURES)[number];

/** Shares of the training texts in each bin, by feature and bin; those of one feature sum to 1. */
export type Reference = Readonly<Record<DriftFeature, Readonly<Record<string, number>>>>;

/** A text as drift sees it. */
export interface Observation {
  readonly label: string;
  readonly confidence: number;
  /** In UTF-16 code units. */
  readonly characters: number;
  readonly unknownRatio: number;
}

interface Bins {
  /** Lowest value of each bin but the first. */
  readonly edges: readonly number[];
  readonly names: readonly string[];
}

const tenths = ['0.0', '0.1', '0.2', '0.3', '0.4', '0.5', '0.6', '0.7', '0.8', '0.9', '1.0'];

const confidenceBins: Bins = {
  edges: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  names: tenths.slice(0, -1).map((from, at) => `${from}-${tenths[at + 1]}`),
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

const binsOf = { confidence: confidenceBins, characters: characterBins, unknown_ratio: unknownRatioBins } as const;

/** Every bin of a feature, in order. */
export function binNames(feature: DriftFeature, labels: readonly string[]): readonly string[] {
  return feature === 'label' ? labels : binsOf[feature].names;
}

/** The bin that a number falls into. */
export function binName(feature: keyof typeof binsOf, value: number): string {
  return binsOf[feature].names[binIndex(feature, value)]!;
}

/** The place of that bin among the feature's bins. */
export function binIndex(feature: keyof typeof binsOf, value: number): number {
  const { edges } = binsOf[feature];
  let at = 0;
  while (at < edges.length && value >= edges[at]!) at += 1;
  return at;
}

/** Distribution of the observations over all bins, empty ones included. */
export function buildReference(observations: readonly Observation[], labels: readonly string[]): Reference {
  const share = (feature: DriftFeature, binsSeen: readonly string[]) => {
    const counts = new Map(binNames(feature, labels).map((name) => [name, 0]));
    for (const bin of binsSeen) counts.set(bin, (counts.get(bin) ?? 0) + 1);
    return Object.fromEntries([...counts].map(([name, count]) => [name, count / Math.max(1, observations.length)]));
  };
  const number = (feature: keyof typeof binsOf, measure: (one: Observation) => number) =>
    share(
      feature,
      observations.map((one) => binName(feature, measure(one))),
    );
  return {
    label: share(
      'label',
      observations.map((one) => one.label),
    ),
    confidence: number('confidence', (one) => one.confidence),
    characters: number('characters', (one) => one.characters),
    unknown_ratio: number('unknown_ratio', (one) => one.unknownRatio),
  };
}
