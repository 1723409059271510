import type { Manifest } from '../artefacts/manifest.ts';
import { packLinear } from '../artefacts/pack.ts';
import { createTrainer } from '../classifier/learning/trainer.ts';
import type { TrainingProgress } from '../classifier/learning/training-options.ts';
import { createLinearClassifier } from '../classifier/scoring/linear-classifier.ts';
import type { LinearModel } from '../classifier/scoring/linear-model.ts';
import { comparePairs } from '../classifier/statistics/paired-difference.ts';
import { buildReference } from '../classifier/statistics/training-reference.ts';
import { measureSources } from '../datasets/byte-source.ts';
import { DataFileError } from '../datasets/data-file-error.ts';
import { collectFeedbackExamples } from './feedback-examples.ts';
import { importNatural } from './import-natural.ts';
import { measurePrivacy } from './measure-privacy.ts';
import { compareHeldOut, labelOf, readOther } from './other-version.ts';
import { predictAll, summariseEvaluation } from './predict-examples.ts';
import { type DataFiles, type Example, toDataFiles } from './read-examples.ts';
import { measureRobustness } from './robustness.ts';
import { readHeldOut, readTrainingData } from './training-data.ts';
import type { TrainingData, TrainingJob, TrainingResult, VersionComparison } from './training-job.ts';

/** The longest text that the service takes if it has no setting of its own. */
const DEFAULT_MAX_TEXT_CHARACTERS = 100_000;

/**
 * The number of test texts from which on they are the reference for drift. A test file is chosen to be like the traffic, and
 * the training data may contain more: other sources, or rare labels several times.
 */
const MIN_REFERENCE_TEXTS = 1_000;

/**
 * Runs a training job on this thread, from its files to the bytes of an artefact.
 *
 * @param onData receives the summary of the data, before the model is fitted
 * @throws {DataFileError} if a file cannot be used
 * @throws {TrainingDataError} if no classifier can be trained on the data
 * @throws {NaturalFileError} if the file is not a trained classifier of natural
 */
export function runTraining(
  job: TrainingJob,
  onProgress: (progress: TrainingProgress) => void,
  onData: (data: TrainingData) => void = () => {},
): Promise<TrainingResult> {
  return 'natural' in job.source
    ? importNatural(job, job.source.natural, onData)
    : trainLinear(job, toDataFiles(job.source.examples), onProgress, onData);
}

async function trainLinear(
  job: TrainingJob,
  files: DataFiles,
  onProgress: (progress: TrainingProgress) => void,
  onData: (data: TrainingData) => void,
): Promise<TrainingResult> {
  const { storedBytes: total, contentBytes } = await measureSources(files.paths);
  const feedbackExamples =
    job.feedback === undefined ? undefined : collectFeedbackExamples(job.feedback, job.name, job.feedbackKeyFile);
  const trainer = createTrainer({
    algorithm: job.algorithm,
    tokenizer: job.tokenizer,
    seed: job.seed,
    testShare: job.test === undefined ? job.testShare : 0,
    dataBytes: contentBytes + (feedbackExamples?.characters ?? 0),
    onProgress,
  });
  const heldOut = job.test === undefined ? undefined : await readHeldOut(toDataFiles(job.test));
  const other = await readOther(job.compareWith);
  /** The labels that the other version predicts for the training texts. */
  const otherCorrect: boolean[] = [];
  const actual: string[] = [];
  const add = ({ text, label }: Example) => {
    trainer.add(text, label);
    if (other === undefined || heldOut !== undefined) return;
    otherCorrect.push(labelOf(other.classifier, text) === label);
    actual.push(label);
  };
  const { data, sha256, labels } = await readTrainingData(
    files,
    heldOut,
    job.maxTextCharacters ?? DEFAULT_MAX_TEXT_CHARACTERS,
    (example) => {
      if (!feedbackExamples?.withhold(example)) add(example);
    },
    (done) => onProgress({ phase: 'read', done, total }),
  );
  onData(data);
  const feedback = feedbackExamples?.addTo(add, labels);
  const trained = trainer.finish();
  const { candidates } = trained;
  const classifier = createLinearClassifier(trained.model);
  const tested = heldOut && predictAll(classifier, heldOut.examples);
  const robustness = job.robust && heldOut ? measureRobustness(classifier, heldOut.examples) : undefined;
  const privacy = job.test === undefined ? undefined : await privacyOf(trained.model, files, toDataFiles(job.test));
  const comparison: VersionComparison | undefined =
    other &&
    (tested
      ? compareHeldOut(other, heldOut.examples, tested.correct)
      : {
          version: other.version,
          method: 'cross-validation',
          ...comparePairs(
            otherCorrect,
            trained.outOfFoldLabels.map((label, at) => label === actual[at]),
          ),
        });
  const packed = packLinear(trained.model, {
    name: job.name,
    version: job.version,
    training: {
      sha256,
      documents: trained.documents,
      documentsByLabel: { ...trained.documentsByLabel },
      seed: job.seed,
      ...(trained.testShare > 0 && { testShare: trained.testShare }),
      candidates: [...candidates],
      ...(feedback && { feedback }),
    },
    evaluation: tested
      ? summariseEvaluation(tested.evaluation, 'held-out')
      : summariseEvaluation(trained.evaluation, trained.evaluationMethod),
    ...(privacy && { privacy }),
    robustness,
    ...(tested && tested.observations.length >= MIN_REFERENCE_TEXTS
      ? {
          reference: buildReference(tested.observations, trained.model.labels),
          referenceDocuments: tested.observations.length,
        }
      : { reference: trained.reference }),
    thresholds: trained.thresholds,
  });
  return { ...packed, candidates, ...(comparison && { comparison }) };
}

/** Measures the privacy of a model. The figure is missing if a file cannot be read twice, or if all texts are in the training data. */
async function privacyOf(model: LinearModel, training: DataFiles, test: DataFiles): Promise<Manifest['privacy']> {
  if ([...training.paths, ...test.paths].includes('-')) return undefined;
  return measurePrivacy(createLinearClassifier(model), training, test).catch((error: unknown) => {
    if (!(error instanceof DataFileError)) throw error;
    return undefined;
  });
}
