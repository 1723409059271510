import type { Classifier } from '../classifier/scoring/classifier.ts';
import type { LabelledPrediction } from '../classifier/statistics/evaluation.ts';
import { createPredictions, type ExamplePredictions } from './predict-examples.ts';
import { type DataFiles, type Example, type ReadDataFiles, readExamples } from './read-examples.ts';
import { requireKnownLabels } from './training-data.ts';

/** A classifier with a name for messages. */
export interface NamedClassifier {
  readonly name: string;
  readonly classifier: Classifier;
}

/** The evaluations of classifiers on the same texts, in the order of the classifiers. */
export interface VersionEvaluations extends ReadDataFiles {
  readonly results: readonly ExamplePredictions[];
}

/**
 * The number of texts that are classified before the time is measured. By then the engine has compiled the code, and the
 * caches have the frequent words, as in a service that has run for some seconds.
 */
const WARM_UP_TEXTS = 2_000;

/**
 * Evaluates classifiers on the examples of data files. Of each text only the results are kept.
 *
 * @param clock measures the time for tokenising and scoring, in milliseconds
 * @param onPrediction receives each text with the predictions of all classifiers
 * @throws {DataFileError} if a file cannot be used
 * @throws {TrainingDataError} if an example has a label that a classifier does not have
 */
export async function evaluateVersions(
  classifiers: readonly NamedClassifier[],
  data: DataFiles,
  clock: () => number,
  onPrediction: (text: string, predictions: readonly LabelledPrediction[]) => void = () => {},
): Promise<VersionEvaluations> {
  const evaluations = classifiers.map(({ classifier }) => createPredictions(classifier, clock));
  const counts = new Map<string, number>();
  let first: Example[] | undefined = [];

  function startMeasuring(): void {
    const examples = first ?? [];
    first = undefined;
    for (const { classifier } of classifiers) warmUp(classifier, examples);
    for (const example of examples) predict(example);
  }

  function predict(example: Example): void {
    onPrediction(
      example.text,
      evaluations.map((evaluation) => evaluation.predict(example)),
    );
  }

  const read = await readExamples(data, (example) => {
    counts.set(example.label, (counts.get(example.label) ?? 0) + 1);
    if (first === undefined) {
      predict(example);
      return;
    }
    first.push(example);
    if (first.length === WARM_UP_TEXTS) startMeasuring();
  });
  if (first !== undefined) startMeasuring();
  for (const { name, classifier } of classifiers) {
    const known = new Set(classifier.labels);
    requireKnownLabels(counts, known, 'the data', `${name} does not have`);
  }
  return { ...read, results: evaluations.map((evaluation) => evaluation.finish()) };
}

function warmUp(classifier: Classifier, examples: readonly Example[]): void {
  for (let at = 0; at < WARM_UP_TEXTS && examples.length > 0; at += 1) {
    classifier.score(classifier.tokenize(examples[at % examples.length]!.text));
  }
}
