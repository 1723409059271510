import {
  binIndex,
  binNames,
  DRIFT_FEATURES,
  type DriftFeature,
  type Observation,
} from '../classifier/statistics/training-reference.ts';

/** The positions of the bins of all features in one array of counts. */
export interface BinLayout {
  /** The number of bins of all features. */
  readonly size: number;
  readonly features: readonly FeatureBins[];
  /** Returns the index of one bin per feature for a text. The next call reuses the array. */
  indexesOf(observation: Observation): Int32Array;
}

/** The bins of one feature. They have `names.length` consecutive indexes from `start`. */
export interface FeatureBins {
  readonly feature: DriftFeature;
  readonly start: number;
  readonly names: readonly string[];
}

/** Creates the bin layout of a model with these labels. */
export function createBinLayout(labels: readonly string[]): BinLayout {
  const features: FeatureBins[] = [];
  let size = 0;
  for (const feature of DRIFT_FEATURES) {
    const names = binNames(feature, labels);
    features.push({ feature, start: size, names });
    size += names.length;
  }
  const labelIndexes = new Map(labels.map((label, index) => [label, index]));
  const starts = new Map(features.map(({ feature, start }) => [feature, start]));
  const [label, confidence, characters, unknownRatio] = DRIFT_FEATURES.map((feature) => starts.get(feature)!) as [
    number,
    number,
    number,
    number,
  ];
  const indexes = new Int32Array(DRIFT_FEATURES.length);

  return {
    size,
    features,
    indexesOf(observation) {
      indexes[0] = label + labelIndexes.get(observation.label)!;
      indexes[1] = confidence + binIndex('confidence', observation.confidence);
      indexes[2] = characters + binIndex('characters', observation.characters);
      indexes[3] = unknownRatio + binIndex('unknown_ratio', observation.unknownRatio);
      return indexes;
    },
  };
}
