import type { Observation } from './training-reference.ts';

/** Beyond these an input is out of the ordinary for the model. */
export interface Thresholds {
  readonly lowConfidence: number;
  readonly unknownRatio: number;
  /** In UTF-16 code units. */
  readonly minCharacters: number;
  readonly maxCharacters: number;
}

/** Why a single text is out of the ordinary, in the order in which reasons are told. */
export const ANOMALY_REASONS = ['low_confidence', 'unknown_words', 'length'] as const;
export type AnomalyReason = (typeof ANOMALY_REASONS)[number];

/** In what a text lies beyond what the training texts showed; nothing for an ordinary one. */
export function findAnomalies(observation: Observation, thresholds: Thresholds): AnomalyReason[] {
  const { confidence, unknownRatio, characters } = observation;
  const beyond = {
    low_confidence: confidence < thresholds.lowConfidence,
    unknown_words: unknownRatio > thresholds.unknownRatio,
    length: characters < thresholds.minCharacters || characters > thresholds.maxCharacters,
  };
  return ANOMALY_REASONS.filter((reason) => beyond[reason]);
}

const rareShare = 0.01;

/** Thresholds that about 1 text in 100 like the training texts goes past, for each of the four. */
export function computeThresholds(observations: readonly Observation[]): Thresholds {
  const quantile = (measure: (one: Observation) => number, share: number) => {
    const sorted = observations.map(measure).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  };
  return {
    lowConfidence: quantile((one) => one.confidence, rareShare),
    unknownRatio: quantile((one) => one.unknownRatio, 1 - rareShare),
    minCharacters: quantile((one) => one.characters, rareShare),
    maxCharacters: quantile((one) => one.characters, 1 - rareShare),
  };
}
