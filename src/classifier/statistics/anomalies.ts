import type { Observation } from './training-reference.ts';

/** The limits of usual texts. A text beyond one of them is unusual for the model. */
export interface Thresholds {
  /** The minimum confidence, from 0 to 1. */
  readonly lowConfidence: number;
  /** The maximum share of unknown words, from 0 to 1. */
  readonly unknownRatio: number;
  /** The minimum length, in UTF-16 code units. */
  readonly minCharacters: number;
  /** The maximum length, in UTF-16 code units. */
  readonly maxCharacters: number;
}

/** The reasons for which a text can be unusual, in the order of a report. */
export const ANOMALY_REASONS = ['low_confidence', 'unknown_words', 'length', 'obfuscated'] as const;
export type AnomalyReason = (typeof ANOMALY_REASONS)[number];

/** The share of training texts beyond each threshold. */
const ANOMALY_SHARE = 0.01;

/** Returns the reasons for which a text is unusual; none for a usual text. */
export function findAnomalies(observation: Observation, thresholds: Thresholds): AnomalyReason[] {
  const { confidence, unknownRatio, characters, isObfuscated = false } = observation;
  const isBeyond = {
    low_confidence: confidence < thresholds.lowConfidence,
    unknown_words: unknownRatio > thresholds.unknownRatio,
    length: characters < thresholds.minCharacters || characters > thresholds.maxCharacters,
    obfuscated: isObfuscated,
  };
  return ANOMALY_REASONS.filter((reason) => isBeyond[reason]);
}

/**
 * Computes the thresholds from observations of the training texts: the empirical quantiles at 1 % and 99 %. About 1 in
 * 100 texts like the training texts is beyond each of the four. Without observations all thresholds are 0.
 */
export function computeThresholds(observations: readonly Observation[]): Thresholds {
  const quantile = (measure: (observation: Observation) => number, share: number) => {
    const sorted = observations.map(measure).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  };
  return {
    lowConfidence: quantile(({ confidence }) => confidence, ANOMALY_SHARE),
    unknownRatio: quantile(({ unknownRatio }) => unknownRatio, 1 - ANOMALY_SHARE),
    minCharacters: quantile(({ characters }) => characters, ANOMALY_SHARE),
    maxCharacters: quantile(({ characters }) => characters, 1 - ANOMALY_SHARE),
  };
}
