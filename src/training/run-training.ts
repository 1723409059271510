import { readFile, stat } from 'node:fs/promises';
import { compileNatural, NaturalFileError } from '../artefacts/natural-file.ts';
import { packLinear, packNatural, sha256 } from '../artefacts/pack.ts';
import { createTrainer } from '../classifier/learning/trainer.ts';
import type { TrainingProgress } from '../classifier/learning/training-options.ts';
import { createLinearClassifier } from '../classifier/scoring/linear-classifier.ts';
import { createNaturalClassifier } from '../classifier/scoring/natural-classifier.ts';
import { computeThresholds } from '../classifier/statistics/anomalies.ts';
import { buildReference } from '../classifier/statistics/training-reference.ts';
import { DataFileError } from '../platform/json-lines.ts';
import { collectFeedbackExamples } from './feedback-examples.ts';
import { predictAll, predictFile, summariseEvaluation } from './predict-examples.ts';
import { type Example, readExamples } from './read-examples.ts';
import type { TrainingJob, TrainingResult } from './training-job.ts';

/**
 * Runs a training job on this thread, from its files to the bytes of an artefact.
 *
 * @throws {DataFileError} if a file cannot be used
 * @throws {TrainingDataError} if no classifier can be trained on the data
 * @throws {NaturalFileError} if the file is not a trained classifier of natural
 */
export function runTraining(
  job: TrainingJob,
  onProgress: (progress: TrainingProgress) => void,
): Promise<TrainingResult> {
  return 'natural' in job.source
    ? importNatural(job, job.source.natural)
    : trainLinear(job, job.source.examples, onProgress);
}

async function trainLinear(
  job: TrainingJob,
  path: string,
  onProgress: (progress: TrainingProgress) => void,
): Promise<TrainingResult> {
  const total = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  const feedbackExamples = job.feedback === undefined ? undefined : collectFeedbackExamples(job.feedback, job.name);
  const trainer = createTrainer({
    algorithm: job.algorithm,
    tokenizer: job.tokenizer,
    seed: job.seed,
    testShare: job.test === undefined ? job.testShare : 0,
    dataBytes: total + (feedbackExamples?.characters ?? 0),
    onProgress,
  });
  const labels = new Set<string>();
  const add = ({ text, label }: Example) => trainer.add(text, label);
  const digest = await readExamples(
    path,
    (example) => {
      labels.add(example.label);
      if (!feedbackExamples?.withhold(example)) add(example);
    },
    (done) => onProgress({ phase: 'read', done, total }),
  );
  const feedback = feedbackExamples?.addTo(add, labels);
  const trained = trainer.finish();
  const { candidates } = trained;
  const evaluation =
    job.test === undefined
      ? summariseEvaluation(trained.evaluation, trained.evaluationMethod)
      : summariseEvaluation(
          (await predictFile(createLinearClassifier(trained.model), job.test)).evaluation,
          'held-out',
        );
  const packed = packLinear(trained.model, {
    name: job.name,
    version: job.version,
    training: {
      sha256: digest,
      documents: trained.documents,
      documentsByLabel: { ...trained.documentsByLabel },
      seed: job.seed,
      ...(trained.testShare > 0 && { testShare: trained.testShare }),
      candidates: [...candidates],
      ...(feedback && { feedback }),
    },
    evaluation,
    reference: trained.reference,
    thresholds: trained.thresholds,
  });
  return { ...packed, candidates };
}

async function importNatural(job: TrainingJob, path: string): Promise<TrainingResult> {
  const file = await readFile(path).catch((error: Error) => {
    throw new DataFileError({ file: path, reason: `cannot be read: ${error.message}` }, { cause: error });
  });
  const { model, documents } = compileNatural(parseJson(file.toString(), path));
  const classifier = createNaturalClassifier(model);
  const inTraining = predictAll(classifier, documents);
  const heldOut = job.test === undefined ? undefined : await predictFile(classifier, job.test);
  const { observations } = heldOut ?? inTraining;
  const counts = new Map<string, number>();
  for (const { label } of documents) counts.set(label, (counts.get(label) ?? 0) + 1);
  const documentsByLabel = Object.fromEntries(counts);
  const packed = packNatural(model, {
    name: job.name,
    version: job.version,
    training: { sha256: sha256(file), documents: documents.length, documentsByLabel, seed: job.seed, candidates: [] },
    evaluation: heldOut
      ? summariseEvaluation(heldOut.evaluation, 'held-out')
      : summariseEvaluation(inTraining.evaluation, 'training'),
    reference: buildReference(observations, model.labels),
    thresholds: computeThresholds(observations),
  });
  return { ...packed, candidates: [] };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NaturalFileError(`${path} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}
