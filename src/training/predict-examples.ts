import type { Manifest } from '../artefacts/manifest.ts';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { type Evaluation, evaluate, type LabelledPrediction } from '../classifier/statistics/evaluation.ts';
import type { Observation } from '../classifier/statistics/training-reference.ts';
import { type Example, readExamples } from './read-examples.ts';

/** A classifier's answers to labelled texts. */
export interface Answers {
  readonly evaluation: Evaluation;
  readonly observations: readonly Observation[];
  /** Time that each text took, in the unit of the clock given. */
  readonly durations: readonly number[];
}

type Clock = () => number;
const stopped: Clock = () => 0;

/**
 * Answers every example of a JSON Lines file.
 *
 * @throws DataFileError where the file cannot be used
 */
export async function predictFile(classifier: Classifier, path: string, clock: Clock = stopped): Promise<Answers> {
  const { take, finish } = begin(classifier, clock);
  await readExamples(path, take);
  return finish();
}

export function predictAll(classifier: Classifier, examples: Iterable<Example>): Answers {
  const { take, finish } = begin(classifier, stopped);
  for (const example of examples) take(example);
  return finish();
}

/** What of an evaluation a manifest keeps. */
export function summariseEvaluation(
  evaluation: Evaluation,
  method: Manifest['evaluation']['method'],
): Manifest['evaluation'] {
  const { count, accuracy, macro, micro, logLoss, expectedCalibrationError } = evaluation;
  return { method, count, accuracy, macro, micro, logLoss, expectedCalibrationError };
}

function begin(classifier: Classifier, clock: Clock) {
  const predictions: LabelledPrediction[] = [];
  const observations: Observation[] = [];
  const durations: number[] = [];
  const places = new Map(classifier.labels.map((label, at) => [label, at]));
  const take = ({ text, label: actual }: Example) => {
    const start = clock();
    const tokens = classifier.tokenize(text);
    const { label, confidence, probabilities } = classifier.score(tokens);
    durations.push(clock() - start);
    const place = places.get(actual);
    const actualProbability = place === undefined ? 0 : probabilities[place]!;
    predictions.push({ actual, predicted: label, confidence, actualProbability });
    observations.push({ label, confidence, characters: text.length, unknownRatio: tokens.unknownRatio });
  };
  const finish = (): Answers => ({ evaluation: evaluate(predictions), observations, durations });
  return { take, finish };
}
