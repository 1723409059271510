import type { Manifest } from '../artefacts/manifest.ts';
import { packLinear } from '../artefacts/pack.ts';
import { createTrainer, type TrainedModel } from '../classifier/learning/trainer.ts';
import type { TrainingProgress } from '../classifier/learning/training-options.ts';
import { createLinearClassifier } from '../classifier/scoring/linear-classifier.ts';
import { comparePairs } from '../classifier/statistics/paired-difference.ts';
import { buildReference } from '../classifier/statistics/training-reference.ts';
import { measureSources } from '../datasets/byte-source.ts';
import { DataFileError } from '../datasets/data-file-error.ts';
import { createEngines } from '../runtimes/onnx/engines.ts';
import { isDeferred, type ModelClassifier } from '../runtimes/runtime.ts';
import { collectFeedbackExamples } from './feedback-examples.ts';
import { importNatural } from './import-natural.ts';
import { importOnnx } from './import-onnx.ts';
import { measurePrivacy } from './measure-privacy.ts';
import { compareHeldOut, findCorrect, labelOf, readOther } from './other-version.ts';
import { predictAll, summariseEvaluation } from './predict-examples.ts';
import { type DataFiles, type Example, toDataFiles } from './read-examples.ts';
import { measureRobustness } from './robustness.ts';
import { type FittedModel, openEncoder, trainEncoder } from './train-encoder.ts';
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
 * @throws {EncoderError} if a folder has no encoder that can be used
 * @throws {MissingRuntimeError} if an encoder needs ONNX Runtime, and it is not installed
 */
export function runTraining(
  job: TrainingJob,
  onProgress: (progress: TrainingProgress) => void,
  onData: (data: TrainingData) => void = () => {},
): Promise<TrainingResult> {
  if ('onnx' in job.source) return importOnnx(job, job.source, onData);
  return 'natural' in job.source
    ? importNatural(job, job.source.natural, onData)
    : trainFromExamples(job, toDataFiles(job.source.examples), onProgress, onData);
}

async function trainFromExamples(
  job: TrainingJob,
  files: DataFiles,
  onProgress: (progress: TrainingProgress) => void,
  onData: (data: TrainingData) => void,
): Promise<TrainingResult> {
  const { storedBytes: total, contentBytes } = await measureSources(files.paths);
  const feedbackExamples =
    job.feedback === undefined ? undefined : await collectFeedbackExamples(job.feedback, job.name, job.feedbackKeyFile);
  const trainer = createTrainer({
    algorithm: job.algorithm,
    tokenizer: job.tokenizer,
    seed: job.seed,
    // The head of an encoder is evaluated by cross-validation of all texts, as is the linear model beside it.
    testShare: job.test === undefined && job.encoder === undefined ? job.testShare : 0,
    dataBytes: contentBytes + (feedbackExamples?.characters ?? 0),
    keepsProbabilities: job.encoder !== undefined,
    onProgress,
  });
  const engines = createEngines(job.runtimesFolder);
  const encoder = job.encoder && (await openEncoder(job.encoder.folder, 'embedding', engines));
  const heldOut = job.test === undefined ? undefined : await readHeldOut(toDataFiles(job.test));
  const other = await readOther(job.compareWith, engines);
  /** The training texts, if an encoder needs them. */
  const examples: Example[] = [];
  const keepsExamples = job.encoder !== undefined || (other !== undefined && isDeferred(other.classifier));
  /** For each training text, whether the other version predicts its label. */
  const otherCorrect: boolean[] = [];
  const actual: string[] = [];
  const add = (example: Example) => {
    const { text, label } = example;
    trainer.add(text, label);
    if (keepsExamples) examples.push(example);
    if (other === undefined || heldOut !== undefined) return;
    if (!isDeferred(other.classifier)) otherCorrect.push(labelOf(other.classifier, text) === label);
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
  const feedback = await feedbackExamples?.addTo(add, labels);
  const trained = trainer.finish();
  const fitted =
    job.encoder && encoder
      ? await trainEncoder(encoder, job.encoder, trained, examples, job, onProgress)
      : fitLinear(trained);
  const { classifier, candidates } = fitted;
  const tested = heldOut && (await predictAll(classifier, heldOut.examples));
  const robustness = job.robust && heldOut ? await measureRobustness(classifier, heldOut.examples) : undefined;
  const privacy = job.test === undefined ? undefined : await privacyOf(classifier, files, toDataFiles(job.test));
  let comparison: VersionComparison | undefined;
  if (other && tested) comparison = await compareHeldOut(other, heldOut.examples, tested.correct);
  else if (other) {
    const ownCorrect = fitted.outOfFoldLabels.map((label, at) => label === actual[at]);
    const correct = isDeferred(other.classifier) ? await findCorrect(other, examples) : otherCorrect;
    comparison = { version: other.version, method: 'cross-validation', ...comparePairs(correct, ownCorrect) };
  }
  await engines.end();
  const packed = fitted.pack({
    name: job.name,
    version: job.version,
    training: {
      sha256,
      documents: trained.documents,
      documentsByLabel: { ...trained.documentsByLabel },
      seed: job.seed,
      ...(fitted.testShare > 0 && { testShare: fitted.testShare }),
      candidates: [...candidates],
      ...(feedback && { feedback }),
    },
    evaluation: tested
      ? summariseEvaluation(tested.evaluation, 'held-out')
      : summariseEvaluation(fitted.evaluation, fitted.evaluationMethod),
    ...(privacy && { privacy }),
    robustness,
    ...(tested && tested.observations.length >= MIN_REFERENCE_TEXTS
      ? {
          reference: buildReference(tested.observations, trained.model.labels),
          referenceDocuments: tested.observations.length,
        }
      : { reference: fitted.reference }),
    thresholds: fitted.thresholds,
  });
  return { ...packed, candidates, ...(comparison && { comparison }) };
}

/** Returns a trained linear model as a version without an encoder. */
function fitLinear(trained: TrainedModel): FittedModel {
  return {
    ...trained,
    classifier: createLinearClassifier(trained.model),
    pack: (details) => packLinear(trained.model, details),
  };
}

/** Measures the privacy of a model. The figure is missing if a file cannot be read twice, or if all texts are in the training data. */
async function privacyOf(
  classifier: ModelClassifier,
  training: DataFiles,
  test: DataFiles,
): Promise<Manifest['privacy']> {
  if ([...training.paths, ...test.paths].includes('-')) return undefined;
  return measurePrivacy(classifier, training, test).catch((error: unknown) => {
    if (!(error instanceof DataFileError)) throw error;
    return undefined;
  });
}
