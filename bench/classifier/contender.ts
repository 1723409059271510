/** The results of a classifier on a dataset. */
export interface Contender {
  readonly name: string;
  readonly accuracy: number;
  readonly calibrationError: number | null;
  /** The time from the texts in memory to a fitted model. */
  readonly fitSeconds: number;
  /** The median time of a single text, after a warm-up. */
  readonly p50Seconds: number;
  readonly artefactBytes?: number;
  /** The time to read the artefact and to answer a first text. */
  readonly loadSeconds?: number;
  readonly note?: string;
}

/** The paths of the training and the held-out examples of a dataset. */
export interface Dataset {
  readonly name: string;
  readonly train: string;
  readonly test: string;
}
