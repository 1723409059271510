/** Precision, recall and their harmonic mean; each is 0 where its denominator is 0. */
export interface Quality {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** How good a model's answers were on labelled texts. */
export interface Evaluation {
  readonly count: number;
  readonly accuracy: number;
  readonly macro: Quality;
  readonly micro: Quality;
  readonly labels: Readonly<Record<string, Quality & { readonly support: number }>>;
  /** `counts[actual][predicted]`, both in the order of `labels`. */
  readonly confusionMatrix: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
  readonly logLoss: number;
  readonly expectedCalibrationError: number;
}

/** One answer and the truth. */
export interface Judgement {
  readonly actual: string;
  readonly predicted: string;
  readonly confidence: number;
  /** Probability that the model gave the actual label; 0 for a label it does not know. */
  readonly actualProbability: number;
}

const calibrationBins = 15;
// As scikit-learn's log_loss: one ulp of 1, so that a certain error costs much and not everything.
const certainty = 2 ** -52;

const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

function qualityOf(hits: number, predicted: number, actual: number): Quality {
  return {
    precision: ratio(hits, predicted),
    recall: ratio(hits, actual),
    f1: ratio(2 * hits, predicted + actual),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const mean = (numbers: readonly number[]) => ratio(sum(numbers), numbers.length);

/**
 * Accuracy, precision, recall and F1 for each label, their mean over labels (macro) and over answers (micro), the
 * confusion matrix, log loss, and the expected calibration error in 15 bins of equal width (Guo et al., 2017).
 * Labels are those that occur, as actual or predicted, in code unit order. All 0 for no judgements.
 */
export function evaluate(judgements: readonly Judgement[]): Evaluation {
  const names = [...new Set(judgements.flatMap(({ actual, predicted }) => [actual, predicted]))].sort();
  const place = new Map(names.map((name, at) => [name, at]));
  const counts = names.map(() => new Array<number>(names.length).fill(0));
  for (const { actual, predicted } of judgements) {
    counts[place.get(actual)!]![place.get(predicted)!]! += 1;
  }
  const qualities = names.map((_, at) => {
    const actual = sum(counts[at]!);
    const predicted = sum(counts.map((row) => row[at]!));
    return { ...qualityOf(counts[at]![at]!, predicted, actual), support: actual };
  });
  const hits = sum(names.map((_, at) => counts[at]![at]!));
  return {
    count: judgements.length,
    accuracy: ratio(hits, judgements.length),
    macro: {
      precision: mean(qualities.map(({ precision }) => precision)),
      recall: mean(qualities.map(({ recall }) => recall)),
      f1: mean(qualities.map(({ f1 }) => f1)),
    },
    micro: qualityOf(hits, judgements.length, judgements.length),
    labels: Object.fromEntries(names.map((name, at) => [name, qualities[at]!])),
    confusionMatrix: { labels: names, counts },
    logLoss: logLoss(judgements),
    expectedCalibrationError: expectedCalibrationError(judgements),
  };
}

function logLoss(judgements: readonly Judgement[]): number {
  const losses = judgements.map(
    ({ actualProbability }) => -Math.log(Math.min(1 - certainty, Math.max(certainty, actualProbability))),
  );
  return mean(losses);
}

function expectedCalibrationError(judgements: readonly Judgement[]): number {
  const gaps = new Array<number>(calibrationBins).fill(0);
  for (const { actual, predicted, confidence } of judgements) {
    const bin = Math.min(calibrationBins - 1, Math.max(0, Math.ceil(confidence * calibrationBins) - 1));
    gaps[bin]! += (actual === predicted ? 1 : 0) - confidence;
  }
  return ratio(sum(gaps.map(Math.abs)), judgements.length);
}
