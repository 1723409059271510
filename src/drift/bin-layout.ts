import {
  binIndex,
  binNames,
  DRIFT_FEATURES,
  type DriftFeature,
  type Observation,
} from '../classifier/statistics/training-reference.ts';

/** Where the bins of every feature lie in one row of counts. */
export interface BinLayout {
  readonly size: number;
  readonly features: readonly FeatureBins[];
  /** The places of the bins that a text falls into, one a feature; the row is reused by the next call. */
  placesOf(observation: Observation): Int32Array;
}

/** The bins of one feature: `names.length` of them, from `start` on. */
export interface FeatureBins {
  readonly feature: DriftFeature;
  readonly start: number;
  readonly names: readonly string[];
}

/** Lays out the bins of a model with these labels. */
export function layOutBins(labels: readonly string[]): BinLayout {
  const features: FeatureBins[] = [];
  let size = 0;
  for (const feature of DRIFT_FEATURES) {
    const names = binNames(feature, labels);
    features.push({ feature, start: size, names });
    size += names.length;
  }
  const labelPlace = new Map(labels.map((label, at) => [label, at]));
  const starts = new Map(features.map(({ feature, start }) => [feature, start]));
  const [label, confidence, characters, unknownRatio] = DRIFT_FEATURES.map((feature) => starts.get(feature)!) as [
    number,
    number,
    number,
    number,
  ];
  const places = new Int32Array(DRIFT_FEATURES.length);

  return {
    size,
    features,
    placesOf(observation) {
      places[0] = label + labelPlace.get(observation.label)!;
      places[1] = confidence + binIndex('confidence', observation.confidence);
      places[2] = characters + binIndex('characters', observation.characters);
      places[3] = unknownRatio + binIndex('unknown_ratio', observation.unknownRatio);
      return places;
    },
  };
}
