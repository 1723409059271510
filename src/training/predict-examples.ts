import type { Manifest } from '../artefacts/manifest.ts';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { type Evaluation, evaluate, type LabelledPrediction } from '../classifier/statistics/evaluation.ts';
import type { Observation } from '../classifier/statistics/training-reference.ts';
import { answerAll, type RecordedClassifier } from '../runtimes/answer-all.ts';
import type { ModelClassifier } from '../runtimes/runtime.ts';
import { type DataFiles, type Example, readExamples } from './read-examples.ts';

/** The predictions of a classifier for labelled texts, evaluated. */
export interface ExamplePredictions {
  readonly evaluation: Evaluation;
  /** For each text, whether its label was predicted. */
  readonly correct: readonly boolean[];
  readonly observations: readonly Observation[];
  /** The time for each text, in the unit of the given clock. */
  readonly durations: readonly number[];
}

type Clock = () => number;

/** The clock of callers that do not need durations. */
const stoppedClock: Clock = () => 0;

/**
 * Classifies the examples of data files with a classifier that answers at once.
 *
 * @param clock measures the time for tokenising and scoring; without it all durations are 0
 * @throws {DataFileError} if the file cannot be used
 */
export async function predictFile(
  classifier: Classifier,
  data: string | DataFiles,
  clock: Clock = stoppedClock,
): Promise<ExamplePredictions> {
  const { predict, finish } = createPredictions(classifier, clock);
  await readExamples(data, predict);
  return finish();
}

/** Classifies examples in memory. The durations mean nothing. */
export async function predictAll(
  classifier: ModelClassifier,
  examples: readonly Example[],
): Promise<ExamplePredictions> {
  const texts = examples.map(({ text }) => text);
  const { predict, finish } = createPredictions(await answerAll(classifier, texts), stoppedClock);
  for (const example of examples) predict(example);
  return finish();
}

/** Returns the part of an evaluation that a manifest keeps. */
export function summariseEvaluation(
  evaluation: Evaluation,
  method: Manifest['evaluation']['method'],
): Manifest['evaluation'] {
  const { count, accuracy, macro, micro, logLoss, expectedCalibrationError } = evaluation;
  return { method, count, accuracy, macro, micro, logLoss, expectedCalibrationError };
}

/** Classifies examples one at a time, and evaluates them together. */
export interface Predictions {
  predict(example: Example): LabelledPrediction;
  finish(): ExamplePredictions;
}

/**
 * Creates an evaluation without examples. A classifier on another thread must have answered the texts before.
 *
 * @param clock measures the time for tokenising and scoring; without it all durations are 0
 */
export function createPredictions(
  classifier: Classifier | RecordedClassifier,
  clock: Clock = stoppedClock,
): Predictions {
  const predictions: LabelledPrediction[] = [];
  const observations: Observation[] = [];
  const durations: number[] = [];
  const indexes = new Map(classifier.labels.map((label, index) => [label, index]));
  const predict = ({ text, label: actual }: Example) => {
    const start = clock();
    const tokens = classifier.tokenize(text);
    const { label, confidence, probabilities } = classifier.score(tokens);
    durations.push('durationOf' in classifier ? classifier.durationOf(text) : clock() - start);
    const index = indexes.get(actual);
    const actualProbability = index === undefined ? 0 : probabilities[index]!;
    const prediction = { actual, predicted: label, confidence, actualProbability };
    predictions.push(prediction);
    observations.push({ label, confidence, characters: text.length, unknownRatio: tokens.unknownRatio });
    return prediction;
  };
  const finish = (): ExamplePredictions => ({
    evaluation: evaluate(predictions),
    correct: predictions.map(({ actual, predicted }) => actual === predicted),
    observations,
    durations,
  });
  return { predict, finish };
}
