/**
 * Precision, recall and F1, their harmonic mean: shares from 0 to 1 (Manning, Raghavan, Schütze: Introduction to
 * Information Retrieval, 2008, section 8.3). Each is 0 if its denominator is 0.
 */
export interface Quality {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** The counts `counts[actual][predicted]`, both indexed in the order of `labels`. */
export interface ConfusionMatrix {
  readonly labels: readonly string[];
  readonly counts: readonly (readonly number[])[];
}

/** The quality of a model, computed from a confusion matrix. */
export interface MatrixQuality {
  /** The number of predictions. */
  readonly count: number;
  /** The share of correct predictions, from 0 to 1. */
  readonly accuracy: number;
  /** The mean over labels. */
  readonly macro: Quality;
  /** The quality over all predictions. With one label for each text, all three figures equal the accuracy. */
  readonly micro: Quality;
  readonly labels: Readonly<Record<string, LabelQuality>>;
  readonly confusionMatrix: ConfusionMatrix;
}

/** The quality of the predictions of one label. */
export interface LabelQuality extends Quality {
  /** The number of predictions with this label as the actual label. */
  readonly support: number;
  /** The number of predictions of this label. */
  readonly predicted: number;
}

/** The number of predictions with this pair of actual and predicted label. */
export interface ConfusionCount {
  readonly actual: string;
  readonly predicted: string;
  readonly count: number;
}

/** Returns `part / whole`, or 0 if `whole` is 0. */
export const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
/** Returns the sum of the numbers. */
export const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
/** Returns the arithmetic mean of the numbers, or 0 without numbers. */
export const mean = (numbers: readonly number[]) => ratio(sum(numbers), numbers.length);

function computeQuality(correct: number, predicted: number, actual: number): Quality {
  return {
    precision: ratio(correct, predicted),
    recall: ratio(correct, actual),
    f1: ratio(2 * correct, predicted + actual),
  };
}

/**
 * Computes accuracy, and precision, recall and F1 for each label, over labels (macro) and over predictions (micro). The
 * labels are those that occur as actual or predicted, sorted by code units. Without predictions all figures are 0.
 */
export function qualityFromCounts(pairs: readonly ConfusionCount[]): MatrixQuality {
  const labels = [...new Set(pairs.flatMap(({ actual, predicted }) => [actual, predicted]))].sort();
  const labelNumbers = new Map(labels.map((label, at) => [label, at]));
  const counts = labels.map(() => new Array<number>(labels.length).fill(0));
  for (const { actual, predicted, count } of pairs) {
    counts[labelNumbers.get(actual)!]![labelNumbers.get(predicted)!]! += count;
  }
  const qualities = labels.map((_, at) => {
    const support = sum(counts[at]!);
    const predicted = sum(counts.map((row) => row[at]!));
    return { ...computeQuality(counts[at]![at]!, predicted, support), support, predicted };
  });
  const correct = sum(labels.map((_, at) => counts[at]![at]!));
  const total = sum(qualities.map(({ support }) => support));
  return {
    count: total,
    accuracy: ratio(correct, total),
    macro: {
      precision: mean(qualities.map(({ precision }) => precision)),
      recall: mean(qualities.map(({ recall }) => recall)),
      f1: mean(qualities.map(({ f1 }) => f1)),
    },
    micro: computeQuality(correct, total, total),
    labels: Object.fromEntries(labels.map((label, at) => [label, qualities[at]!])),
    confusionMatrix: { labels, counts },
  };
}
