import { createHash } from 'node:crypto';
import { compileNatural, NaturalFileError } from '../artefacts/natural-file.ts';
import { packNatural } from '../artefacts/pack.ts';
import { createNaturalClassifier } from '../classifier/scoring/natural-classifier.ts';
import type { NaturalModel } from '../classifier/scoring/natural-model.ts';
import { findForeignFeatures } from '../classifier/scoring/natural-vocabulary.ts';
import { computeThresholds } from '../classifier/statistics/anomalies.ts';
import { buildReference } from '../classifier/statistics/training-reference.ts';
import { type DatasetWarning, summariseLabels } from '../datasets/dataset-check.ts';
import { readTextFile } from '../datasets/read-rows.ts';
import { createEngines } from '../runtimes/onnx/engines.ts';
import { compareHeldOut, readOther } from './other-version.ts';
import { predictAll, summariseEvaluation } from './predict-examples.ts';
import { toDataFiles } from './read-examples.ts';
import { measureRobustness } from './robustness.ts';
import { readHeldOut, requireKnownLabels } from './training-data.ts';
import type { TrainingData, TrainingJob, TrainingResult } from './training-job.ts';

/** The number and the share of words that Porter's stemmer changes from which there is a warning; see `findForeignFeatures`. */
const MIN_CHANGED_WORDS = 5;
const MIN_CHANGED_SHARE = 0.08;
const MAX_EXAMPLES = 5;

/**
 * Imports a classifier that natural saved, as `runTraining` trains one.
 *
 * @param onData receives the labels and the warnings, before the version is packed
 * @throws {DataFileError} if a file cannot be used
 * @throws {NaturalFileError} if the file is not a trained classifier of natural, or no text can have its features
 */
export async function importNatural(
  job: TrainingJob,
  path: string,
  onData: (data: TrainingData) => void,
): Promise<TrainingResult> {
  const hash = createHash('sha256');
  const text = await readTextFile(path, (chunk) => hash.update(chunk));
  const { model, documents } = compileNatural(parseJson(text, path));
  const heldOut = job.test === undefined ? undefined : await readHeldOut(toDataFiles(job.test));
  if (heldOut) requireKnownLabels(heldOut.counts, new Set(model.labels), 'the test data', 'the model does not have');
  const counts = new Map<string, number>();
  for (const { label } of documents) counts.set(label, (counts.get(label) ?? 0) + 1);
  const summary = { examples: documents.length, labels: summariseLabels(counts), warnings: checkVocabulary(model) };
  onData({ files: [], testFiles: heldOut?.files ?? [], summary });
  const classifier = createNaturalClassifier(model);
  const inTraining = await predictAll(classifier, documents);
  const tested = heldOut && (await predictAll(classifier, heldOut.examples));
  const robustness = job.robust && heldOut ? await measureRobustness(classifier, heldOut.examples) : undefined;
  const other = heldOut && (await readOther(job.compareWith, createEngines(job.runtimesFolder)));
  const { observations } = tested ?? inTraining;
  const documentsByLabel = Object.fromEntries(counts);
  const packed = packNatural(model, {
    name: job.name,
    version: job.version,
    training: {
      sha256: hash.digest('hex'),
      documents: documents.length,
      documentsByLabel,
      seed: job.seed,
      candidates: [],
    },
    evaluation: tested
      ? summariseEvaluation(tested.evaluation, 'held-out')
      : summariseEvaluation(inTraining.evaluation, 'training'),
    robustness,
    reference: buildReference(observations, model.labels),
    ...(tested && { referenceDocuments: observations.length }),
    thresholds: computeThresholds(observations),
  });
  const comparison = other && tested && (await compareHeldOut(other, heldOut.examples, tested.correct));
  return { ...packed, candidates: [], ...(comparison && { comparison }) };
}

/**
 * Checks that natural's Porter stemmer, which is used for every text, produces the words of an imported model.
 *
 * @throws {NaturalFileError} if it produces none
 */
function checkVocabulary({ vocabulary, keepStops }: NaturalModel): DatasetWarning[] {
  const { impossible, changed } = findForeignFeatures(vocabulary, keepStops);
  const all = vocabulary.length;
  const otherStemmer =
    'it may have been trained with another stemmer or language, and does not find these words in a text';
  if (all > 0 && impossible.length === all) {
    throw new NaturalFileError(
      `none of its ${all} words can come from natural's Porter stemmer, so that every text would get the same answer: ` +
        'it was trained with another stemmer or language. Train on its texts instead (--data)',
    );
  }
  if (impossible.length > 0) {
    const message = `${impossible.length} of its ${all} words cannot come from natural's Porter stemmer (${examplesOf(impossible)}): ${otherStemmer}`;
    return [{ kind: 'foreign-stems', message }];
  }
  if (changed.length < MIN_CHANGED_WORDS || changed.length < all * MIN_CHANGED_SHARE) return [];
  const message = `natural's Porter stemmer would change ${changed.length} of its ${all} words (${examplesOf(changed)}): ${otherStemmer}`;
  return [{ kind: 'foreign-stems', message }];
}

const examplesOf = (words: readonly string[]) =>
  words
    .slice(0, MAX_EXAMPLES)
    .map((word) => JSON.stringify(word))
    .join(', ');

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NaturalFileError(`${path} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}
