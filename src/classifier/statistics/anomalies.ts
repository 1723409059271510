import type { Observation, Thresholds } from './training-reference.ts';

/** Why a single text is out of the ordinary, in the order in which reasons are told. */
export const anomalyReasons = ['low_confidence', 'unknown_words', 'length'] as const;
export type AnomalyReason = (typeof anomalyReasons)[number];

/** In what a text lies beyond what the training texts showed; nothing for an ordinary one. */
export function anomaliesOf(observation: Observation, thresholds: Thresholds): AnomalyReason[] {
  const { confidence, unknownRatio, characters } = observation;
  const beyond = {
    low_confidence: confidence < thresholds.lowConfidence,
    unknown_words: unknownRatio > thresholds.unknownRatio,
    length: characters < thresholds.minCharacters || characters > thresholds.maxCharacters,
  };
  return anomalyReasons.filter((reason) => beyond[reason]);
}
