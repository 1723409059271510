import type { Classifier } from '../classifier/scoring/classifier.ts';
import type { LabelledPrediction } from '../classifier/statistics/evaluation.ts';
import { answerAll } from '../runtimes/answer-all.ts';
import { isDeferred, type ModelClassifier } from '../runtimes/runtime.ts';
import { createPredictions, type ExamplePredictions } from './predict-examples.ts';
import { type DataFiles, type Example, type ReadDataFiles, readExamples } from './read-examples.ts';
import { requireKnownLabels } from './training-data.ts';

/** A classifier with a name for messages. */
export interface NamedClassifier {
  readonly name: string;
  readonly classifier: ModelClassifier;
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
 * @param clock measures the time for both steps, in milliseconds
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
  const known = await answerDeferred(classifiers, data);
  const evaluations = known.classifiers.map((classifier) => createPredictions(classifier, clock));
  const counts = new Map<string, number>();
  let first: Example[] | undefined = [];

  function startMeasuring(): void {
    const examples = first ?? [];
    first = undefined;
    for (const classifier of known.classifiers) warmUp(classifier, examples);
    for (const example of examples) predict(example);
  }

  function predict(example: Example): void {
    onPrediction(
      example.text,
      evaluations.map((evaluation) => evaluation.predict(example)),
    );
  }

  const read = await known.read((example) => {
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
    const labels = new Set(classifier.labels);
    requireKnownLabels(counts, labels, 'the data', `${name} does not have`);
  }
  return { ...read, results: evaluations.map((evaluation) => evaluation.finish()) };
}

/** Classifiers that answer at once, and the examples. */
interface Answered {
  readonly classifiers: readonly Classifier[];
  readonly read: (onExample: (example: Example) => void) => Promise<ReadDataFiles>;
}

/**
 * Lets the classifiers on other threads answer all texts, one at a time, so that the durations are those of a single text. Their
 * examples are kept in memory, because standard input can be read only once.
 */
async function answerDeferred(classifiers: readonly NamedClassifier[], data: DataFiles): Promise<Answered> {
  const own = classifiers.map(({ classifier }) => classifier);
  if (!own.some(isDeferred)) return { classifiers: own as Classifier[], read: (use) => readExamples(data, use) };
  const examples: Example[] = [];
  const read = await readExamples(data, (example) => examples.push(example));
  const texts = examples.map(({ text }) => text);
  const answered: Classifier[] = [];
  for (const classifier of own) answered.push(await answerAll(classifier, texts, 1));
  return {
    classifiers: answered,
    async read(use) {
      for (const example of examples) use(example);
      return read;
    },
  };
}

function warmUp(classifier: Classifier, examples: readonly Example[]): void {
  for (let at = 0; at < WARM_UP_TEXTS && examples.length > 0; at += 1) {
    classifier.score(classifier.tokenize(examples[at % examples.length]!.text));
  }
}
