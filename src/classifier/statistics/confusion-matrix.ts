/** Precision, recall and their harmonic mean; each is 0 where its denominator is 0. */
export interface Quality {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** `counts[actual][predicted]`, both in the order of `labels`. */
export interface ConfusionMatrix {
  readonly labels: readonly string[];
  readonly counts: readonly (readonly number[])[];
}

/** What a confusion matrix says of a model. */
export interface MatrixQuality {
  readonly count: number;
  readonly accuracy: number;
  readonly macro: Quality;
  readonly micro: Quality;
  readonly labels: Readonly<Record<string, LabelQuality>>;
  readonly confusionMatrix: ConfusionMatrix;
}

/** The quality of the answers that concern one label. */
export interface LabelQuality extends Quality {
  /** How often it was the true label. */
  readonly support: number;
  /** How often it was predicted. */
  readonly predicted: number;
}

/** How often a label was predicted where another, or the same, was the true one. */
export interface ConfusionCount {
  readonly actual: string;
  readonly predicted: string;
  readonly count: number;
}

/** A part of a whole; 0 where there is nothing. */
export const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
export const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
export const mean = (numbers: readonly number[]) => ratio(sum(numbers), numbers.length);

function qualityOf(hits: number, predicted: number, actual: number): Quality {
  return {
    precision: ratio(hits, predicted),
    recall: ratio(hits, actual),
    f1: ratio(2 * hits, predicted + actual),
  };
}

/**
 * Accuracy; precision, recall and F1 for each label, their mean over labels (macro) and over answers (micro). Labels are
 * those that occur, as actual or predicted, in code unit order. All 0 for no answers.
 */
export function qualityFromCounts(pairs: readonly ConfusionCount[]): MatrixQuality {
  const names = [...new Set(pairs.flatMap(({ actual, predicted }) => [actual, predicted]))].sort();
  const place = new Map(names.map((name, at) => [name, at]));
  const counts = names.map(() => new Array<number>(names.length).fill(0));
  for (const { actual, predicted, count } of pairs) {
    counts[place.get(actual)!]![place.get(predicted)!]! += count;
  }
  const qualities = names.map((_, at) => {
    const support = sum(counts[at]!);
    const predicted = sum(counts.map((row) => row[at]!));
    return { ...qualityOf(counts[at]![at]!, predicted, support), support, predicted };
  });
  const hits = sum(names.map((_, at) => counts[at]![at]!));
  const total = sum(qualities.map(({ support }) => support));
  return {
    count: total,
    accuracy: ratio(hits, total),
    macro: {
      precision: mean(qualities.map(({ precision }) => precision)),
      recall: mean(qualities.map(({ recall }) => recall)),
      f1: mean(qualities.map(({ f1 }) => f1)),
    },
    micro: qualityOf(hits, total, total),
    labels: Object.fromEntries(names.map((name, at) => [name, qualities[at]!])),
    confusionMatrix: { labels: names, counts },
  };
}
