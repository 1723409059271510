/**
 * Returns the confidence that an e-value gives, from 0 to 1: 1 - 1 / evidence. By Ville's inequality the confidence holds
 * for any number of evaluations.
 */
export function confidenceOf(evidence: number): number {
  return evidence <= 1 ? 0 : 1 - 1 / evidence;
}

/** Returns the e-value that gives a confidence. */
export function evidenceOf(confidence: number): number {
  return 1 / (1 - confidence);
}
