/** What one classifier reached on one set of texts. */
export interface Contender {
  readonly name: string;
  readonly accuracy: number;
  readonly calibrationError: number | null;
  /** From the texts in memory to a fitted model. */
  readonly fitSeconds: number;
  /** Median of one text at a time, warm. */
  readonly p50Seconds: number;
  readonly artefactBytes?: number;
  /** Reading the artefact and answering a first text. */
  readonly loadSeconds?: number;
  readonly note?: string;
}

/** Training and held-out examples, as files and in memory. */
export interface Dataset {
  readonly name: string;
  readonly train: string;
  readonly test: string;
}

/** Median of the durations. */
export function median(durations: readonly number[]): number {
  return [...durations].sort((a, b) => a - b)[durations.length >> 1] ?? 0;
}
